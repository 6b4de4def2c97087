import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ProviderServer, type ReplyFor, scriptedModel, startProvider } from '../../src/testing.ts';
import { type Sandbox, sandbox, until } from '../sandbox.ts';

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

  test('takes the message from stdin, and goes on with the last session of the folder', async () => {
    const { box } = await world((seen) => ({ text: seen.texts.join(' | ') }));
    const first = await box.run(['run', '-'], { stdin: 'one\ntwo' });
    expect(first.stdout).toBe('one\ntwo\n');
    const second = await box.run(['run', 'three', '--resume']);
    expect(second.stdout).toBe('one\ntwo | three\n');
  });

  test('with --json stdout is one document: replies, children, and what all of it used', async () => {
    const { box } = await world(delegating({ tasks: [{ goal: 'Count the files.', model: 'small' }] }));
    const { code, stdout } = await box.run(['run', 'How many?', '--json', '-m', 'big', '--reasoning-effort', 'low']);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      session_id: expect.stringMatching(/^s_/),
      status: 'completed',
      text: expect.stringContaining('There are 3.'),
      replies: [{ status: 'completed', turns: 2, route: { resolved: { model: 'big', reasoning_effort: 'low' } } }],
      children: [{ status: 'completed', summary: 'There are 3.', route: { resolved: { model: 'small' } } }],
    });
    expect(document.spend.by_route).toHaveLength(2);
    expect(code).toBe(0);
    // What the parent used counts like everything else.
    const { groups } = JSON.parse((await box.run(['cost', '--json'])).stdout);
    expect(groups).toMatchObject([
      { name: 'lab/big (simulated)', tasks: 0, usage: { output: expect.any(Number) } },
      { name: 'lab/small (simulated)', tasks: 1 },
    ]);
  });

  test('waits for children in the background, and gives the parent their results before it ends', async () => {
    const { box, server } = await world(
      scriptedModel({
        'Count slowly.': [{ text: 'There are 3.', first_token_delay_ms: 300 }],
        '': [
          {
            tool_calls: [
              { name: 'delegate_task', arguments: { goal: 'Count slowly.', model: 'small', background: true } },
            ],
          },
          { text: 'I wait.' },
          (seen) => ({ text: `It says: ${seen.texts.at(-1)}` }),
        ],
      }),
    );
    const { code, stdout } = await box.run(['run', 'How many?']);
    expect(stdout).toMatch(/^I wait\.\nIt says: .*There are 3\./s);
    expect(server.requests).toHaveLength(4);
    expect(code).toBe(0);
  });

  test('asks nobody: what needs permission is denied, and the model goes on', async () => {
    const write = { name: 'write_file', arguments: { path: 'a.txt', content: 'a' } };
    const { box } = await world(
      scriptedModel([{ tool_calls: [write] }, (seen) => ({ text: `${seen.tool_results[0]?.content}` })]),
      { toolsets: ['read', 'write'] },
    );
    const { code, stdout } = await box.run(['run', 'Write it.']);
    expect(stdout).toMatch(/^PERMISSION_DENIED: write_file \(a\.txt\) needs a person's permission/);
    expect(existsSync(join(box.cwd, 'a.txt'))).toBe(false);
    expect(code).toBe(0);
  });

  test.each([
    ['an unknown model', ['run', 'Hi.', '-m', 'nobody-has-it'], 2],
    ['a session that is not there', ['run', 'Hi.', '--resume', 's_none'], 2],
    ['a toolset it may not have', ['run', 'Hi.', '--toolsets', 'terminal'], 2],
    ['a blank message', ['run', ' '], 2],
  ])('refuses %s with exit code %i, and sends nothing', async (_, args, exit) => {
    const { box, server } = await world(() => ({ text: 'ok' }));
    const { code, stdout } = await box.run(args);
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    expect(server.requests).toEqual([]);
  });

  test('a reply that failed is exit code 1, with the error on stderr', async () => {
    const { box } = await world(() => ({ status: 401 }));
    const { code, stderr } = await box.run(['run', 'Hi.']);
    expect(stderr).toContain('PROVIDER_FAILED');
    expect(code).toBe(1);
  });

  test('an interrupt prints what there is and leaves with 130', async () => {
    const { box, server } = await world(() => ({ text: 'half a thought', hang: 'after-first' }));
    const running = box.start(['run', 'Hi.']);
    await until(() => running.stdout !== '', 'the first words are printed');
    running.process.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(stdout).toMatch(/^half/);
    expect(code).toBe(130);
    expect(server.requests).toHaveLength(1);
  });

  test('a session survives kill -9: it goes on from what was said, and does nothing again', async () => {
    const { box, server } = await world((seen) => {
      if (seen.texts[0]?.includes('Count the')) return { hang: true };
      if (seen.texts[0]?.includes('Look for')) return { text: 'There is one.' };
      const tasks = [{ goal: 'Look for a test.' }, { goal: 'Count the files.' }];
      if (seen.turn === 0) return { tool_calls: [{ name: 'delegate_task', arguments: { tasks, model: 'small' } }] };
      return { text: `It came to: ${seen.tool_results[0]?.content} | ${seen.texts.join(' | ')}` };
    });
    const running = box.start(['run', 'How many?']);
    await until(() => running.stderr.includes('completed in'), 'one of two children has ended');
    await until(() => server.requests.length === 3, 'the other has asked its model');
    running.process.kill('SIGKILL');
    await running.ended;
    const { code, stdout } = await box.run(['run', 'What happened?', '--resume']);
    expect(stdout).toMatch(/may or may not have happened.*How many\?.*cut short.*What happened\?/s);
    // The call was not made again; what its children had is told.
    expect(stdout).toMatch(/The delegation d_\w+ has ended.*· completed ·.*There is one\..*· lost ·/s);
    expect(server.requests).toHaveLength(5);
    expect(code).toBe(0);
  });
});
