// The main job on a machine with no key and no network: one batch, three models, proven.
// The providers are scripted servers on loopback, one a wire; everything else is the real command.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { readerModel, startProvider } from '../../dist/testing.js';

const root = join(import.meta.dirname, '../..');
const home = mkdtempSync(join(tmpdir(), 'yardmaster-demo-'));
const bold = process.stdout.isTTY && !process.env.NO_COLOR ? (text) => `\u001b[1m${text}\u001b[22m` : (text) => text;
// Slow enough to be watched.
const reply = readerModel({ first_token_delay_ms: 400, deltas: 8, delta_delay_ms: 40 });

const providers = {
  northside: await startProvider({
    wire: 'openai-chat',
    key: 'demo-key-northside',
    models: ['scout-1', 'scout-1-mini'],
    reply,
  }),
  harbour: await startProvider({ wire: 'openai-responses', key: 'demo-key-harbour', models: ['pilot-2'], reply }),
  junction: await startProvider({ wire: 'anthropic-messages', key: 'demo-key-junction', models: ['signal-3'], reply }),
};

try {
  const config = join(home, 'config.yaml');
  writeFileSync(config, configuration());

  say('1. Three tasks, three providers, one call');
  await yardmaster(['delegate', file('batch.yaml')], config);

  say('2. The same call with a typo in one task and a conflict in another: refused before anything starts');
  await yardmaster(['delegate', file('refused.yaml')], config);

  say('3. What each provider saw (its own record, not ours)');
  for (const [name, server] of Object.entries(providers)) {
    const [first] = server.requests;
    const keys = [...new Set(server.requests.map((request) => request.key))];
    console.log(
      `   ${name.padEnd(10)} ${server.requests.length} requests · ${first?.model} · effort ${JSON.stringify(first?.effort ?? null)} · key ${keys.join(', ')}`,
    );
  }

  say('4. With real models');
  await realKeys();
} finally {
  await Promise.all(Object.values(providers).map((server) => server.close()));
  rmSync(home, { recursive: true, force: true });
}

function configuration() {
  const entries = Object.entries(providers).map(([name, server]) => {
    const models = {
      northside:
        '[{ id: scout-1, price: { in: 0.2, out: 0.6 }, reasoning: [low, medium, high] }, { id: scout-1-mini, price: { in: 0.05, out: 0.1 }, reasoning: [] }]',
      harbour: '[{ id: pilot-2, price: { in: 1.25, out: 10 }, reasoning: [low, medium, high, xhigh] }]',
      junction:
        '[{ id: signal-3, price: { in: 3, out: 15 }, reasoning: [low, medium, high], effort_dialect: output_config }]',
    }[name];
    return `  ${name}: { simulated: true, wire: ${server.wire}, base_url: "${server.base_url}", key_env: DEMO_${name.toUpperCase()}_KEY, models: ${models} }`;
  });
  return `model: { provider: northside, model: scout-1, reasoning_effort: low }\nproviders:\n${entries.join('\n')}\n`;
}

/** The command as anybody would run it, with nothing of this machine's own keys in its environment. */
function yardmaster(args, config) {
  const env = {
    PATH: process.env.PATH,
    TERM: process.env.TERM,
    LANG: process.env.LANG,
    ...(process.env.NO_COLOR && { NO_COLOR: process.env.NO_COLOR }),
    HOME: home,
    YARDMASTER_HOME: join(home, 'data'),
    DEMO_NORTHSIDE_KEY: 'demo-key-northside',
    DEMO_HARBOUR_KEY: 'demo-key-harbour',
    DEMO_JUNCTION_KEY: 'demo-key-junction',
  };
  console.log(`   $ yardmaster ${args.map((arg) => relative(root, arg) || arg).join(' ')}\n`);
  return run([...args, '--config', config], { env, stdio: 'inherit' });
}

/** The same batch with the names of real models: what `explain` says when keys are there. Nothing is sent. */
async function realKeys() {
  const imagined = Object.fromEntries(
    ['ANTHROPIC', 'OPENAI', 'GEMINI'].map((vendor) => [`${vendor}_API_KEY`, 'imagined-by-the-demo']),
  );
  const config = join(home, 'real.yaml');
  writeFileSync(config, 'model: { provider: anthropic, model: haiku }\n');
  console.log(
    '   $ yardmaster explain examples/demo/with-keys.yaml     (as if three keys were set; nothing is sent)\n',
  );
  const { text } = await run(['explain', file('with-keys.yaml'), '--json', '--config', config], {
    env: { PATH: process.env.PATH, HOME: home, ...imagined },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const { goal, route, source, price } of JSON.parse(text).tasks) {
    const from = `${source.provider}/${source.model}${source.reasoning_effort ? `/${source.reasoning_effort}` : ''}`;
    const effort = route.reasoning_effort ?? '–';
    console.log(
      `   ${`${route.provider}/${route.model}`.padEnd(30)} effort ${effort.padEnd(6)} from ${from.padEnd(18)} $${price.low_usd.toFixed(3)}–${price.high_usd.toFixed(2)}  ${goal}`,
    );
  }
  const env = { ...process.env, YARDMASTER_HOME: join(home, 'data') };
  const doctor = await run(['doctor', '--json'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const found = JSON.parse(doctor.text).checks.filter(
    ({ what, state }) => state === 'ok' && (what === 'key' || what === 'local server'),
  );
  console.log(
    found.length > 0
      ? `\n   Found on this machine: ${found.map(({ says }) => says).join('; ')}. Nothing was sent there. Next:`
      : '\n   No key and no local server was found on this machine. Set ANTHROPIC_API_KEY, OPENAI_API_KEY, … or start Ollama. Then:',
  );
  const name = found[0]?.says.split(/[ :]/)[0] ?? 'anthropic';
  console.log(`   npx yardmaster init                                                writes a configuration from what is here
   npx yardmaster delegate -g "Summarise README.md" --provider ${name.padEnd(12)}  runs a task there`);
}

function run(args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { cwd: root, ...options });
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
  });
}

function file(name) {
  return join(root, 'examples/demo', name);
}

function say(title) {
  console.log(`\n${bold(title)}`);
}
