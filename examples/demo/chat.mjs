// A chat on a machine with no key and no network: the real command, and scripted servers in place of models.
// Everything that a script answers is marked `simulated`. Nothing of this machine's keys or settings is read.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readerModel, startProvider } from '../../dist/testing.js';

const root = join(import.meta.dirname, '../..');
const home = mkdtempSync(join(tmpdir(), 'yardmaster-demo-'));
// Slow enough to be watched.
const pace = { first_token_delay_ms: 300, deltas: 40, delta_delay_ms: 25 };
const child = readerModel({ first_token_delay_ms: 700, deltas: 8, delta_delay_ms: 150 });

/** The parent and the children share providers: whoever has `delegate_task` is the parent. */
const reply = (request) =>
  request.tools.some(({ name }) => name === 'delegate_task') ? { ...pace, ...parent(request) } : child(request);

const WELCOME = `[simulated] **A script answers here, no model does.** It knows a few words:

- \`delegate\`: three children on three providers, each with its receipt; \`/agents\` looks at them
- \`delegate in the background\`: the same, and the talk goes on meanwhile
- \`write\` and \`run\`: what you are asked before a file is written or a command is run

Then try \`/model\`, \`/effort high\`, \`/cost\` and \`/explain\`.
`;

const providers = {
  northside: await startProvider({ wire: 'openai-chat', key: 'demo-key-northside', reply }),
  harbour: await startProvider({ wire: 'openai-responses', key: 'demo-key-harbour', reply }),
  junction: await startProvider({ wire: 'anthropic-messages', key: 'demo-key-junction', reply }),
};

try {
  const work = join(home, 'work');
  mkdirSync(work);
  for (const name of ['README.md', 'package.json', 'docs'])
    cpSync(join(root, name), join(work, name), { recursive: true });
  const config = join(home, 'config.yaml');
  writeFileSync(config, configuration());
  process.exitCode = await yardmaster(['chat', '--config', config, '--cwd', work, ...process.argv.slice(2)]);
} finally {
  await Promise.all(Object.values(providers).map((server) => server.close()));
  rmSync(home, { recursive: true, force: true });
}

/** A parent that does one thing for each of a few words. */
function parent({ texts, tool_results, effort }) {
  const said = texts.at(-1) ?? '';
  const think =
    effort === null ? {} : { reasoning: `Somebody says “${said.slice(0, 60)}”. I look for a word that I know.` };
  if (tool_results.length > 0)
    return { text: `[simulated] That is what came back:\n\n${tool_results.map(quoted).join('\n\n')}` };
  if (/results of .* background|subagents? ha(s|ve) ended/i.test(said))
    return { text: '[simulated] The children in the background are back. Their receipts are above.' };
  if (/background/i.test(said)) return { ...think, ...delegate({ background: true }) };
  if (/delegate/i.test(said)) return { ...think, ...delegate({}) };
  if (/write/i.test(said))
    return {
      ...think,
      tool_calls: [
        { name: 'write_file', arguments: { path: 'notes.md', content: '# Notes\n\nWritten by a script.\n' } },
      ],
    };
  if (/run/i.test(said))
    return { ...think, tool_calls: [{ name: 'run_command', arguments: { command: 'ls -la && uname -a' } }] };
  return { ...think, text: WELCOME };
}

function delegate(more) {
  const tasks = [
    {
      goal: 'Summarise docs/routing.md for somebody new to the project',
      provider: 'harbour',
      reasoning_effort: 'high',
    },
    { goal: 'Say what README.md promises and what it leaves open', model: 'signal-3' },
    { goal: 'List what package.json depends on' },
  ];
  return {
    text: '[simulated] I give that to three children.\n\n',
    tool_calls: [{ name: 'delegate_task', arguments: { tasks, ...more } }],
  };
}

function quoted({ content }) {
  const lines = content.split('\n');
  const rest = lines.length > 12 ? `\n… ${lines.length - 12} more lines` : '';
  return `\`\`\`text\n${lines.slice(0, 12).join('\n')}${rest}\n\`\`\``;
}

function configuration() {
  const models = {
    northside:
      '[{ id: scout-1, context: 128000, price: { in: 0.2, out: 0.6 }, reasoning: [low, medium, high], tools: true }, { id: scout-1-mini, context: 64000, price: { in: 0.05, out: 0.1 }, reasoning: [] }]',
    harbour:
      '[{ id: pilot-2, context: 200000, price: { in: 1.25, out: 10 }, reasoning: [low, medium, high, xhigh], tools: true }]',
    junction:
      '[{ id: signal-3, context: 200000, price: { in: 3, out: 15 }, reasoning: [low, medium, high], effort_dialect: output_config, tools: true, vision: true }]',
  };
  const entries = Object.entries(providers).map(
    ([name, server]) =>
      `  ${name}: { simulated: true, wire: ${server.wire}, base_url: "${server.base_url}", key_env: DEMO_${name.toUpperCase()}_KEY, models: ${models[name]} }`,
  );
  return `model: { provider: northside, model: scout-1, reasoning_effort: low }
toolsets: [read, write, terminal]
routes:
  reviewer: { provider: junction, model: signal-3, reasoning_effort: high, description: deep review }
providers:
${entries.join('\n')}
`;
}

function yardmaster(args) {
  const { PATH, TERM, LANG, COLORTERM, NO_COLOR } = process.env;
  const env = {
    PATH,
    TERM,
    ...(LANG && { LANG }),
    ...(COLORTERM && { COLORTERM }),
    ...(NO_COLOR && { NO_COLOR }),
    HOME: home,
    YARDMASTER_HOME: join(home, 'data'),
    DEMO_NORTHSIDE_KEY: 'demo-key-northside',
    DEMO_HARBOUR_KEY: 'demo-key-harbour',
    DEMO_JUNCTION_KEY: 'demo-key-junction',
  };
  const main = join(root, 'dist/cli/main.js');
  return new Promise((resolve, reject) => {
    // The terminal's signals are the chat's; the servers end after it.
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM']) process.on(signal, () => {});
    const command = spawn(process.execPath, [main, ...args], { env, stdio: 'inherit' });
    command.on('error', reject);
    command.on('close', (code) => resolve(code ?? 1));
  });
}
