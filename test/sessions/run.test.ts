import { describe, expect, onTestFinished, test } from 'vitest';
import { type ProviderServer, type ReplyFor, scriptedModel, startProvider } from '../../src/testing.ts';
import { type Sandbox, sandbox } from '../sandbox.ts';

async function world(reply: ReplyFor, more: object = {}): Promise<{ server: ProviderServer; box: Sandbox }> {
  const server = await startProvider({ wire: 'openai-chat', reply });
  const { base_url } = server;
  const lab = { base_url, wire: 'openai-chat', auth: 'none', models: ['big', 'small'], simulated: true };
  const box = sandbox({ model: { provider: 'lab', model: 'big' }, providers: { lab }, ...more });
  onTestFinished(async () => {
    box[Symbol.dispose]();
    await server.close();
  });
  return { server, box };
}

const delegating = (args: object): ReplyFor =>
  scriptedModel({
    'Count the files.': [{ text: 'There are 3.' }],
    '': [
      { text: 'I ask around.', tool_calls: [{ name: 'delegate_task', arguments: args as never }] },
      (seen) => ({ text: `Seen: ${seen.tool_results[0]?.content ?? seen.texts.at(-1)}` }),
    ],
  });

describe('yardmaster run', () => {
  test('prints the answer on stdout and the rest on stderr', async () => {
    const { box } = await world(delegating({ tasks: [{ goal: 'Count the files.', model: 'small' }] }));
    const { code, stdout, stderr } = await box.run(['run', 'How many?']);
    expect(stderr).toContain('delegate_task');
    expect(stdout).toMatch(/^I ask around\.\nSeen: One subagent has ended/);
    expect(stdout).toContain('There are 3.');
    expect(stderr).toMatch(/served big \(match\).*--resume s_/);
    expect(code).toBe(0);
  });
});
