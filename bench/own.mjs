// Scenarios whose measure is a whole process: starting, importing, and Yardmaster's own parts in isolation.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { time } from './processes.mjs';
import { median } from './scenarios.mjs';
import { tasksFor } from './work.mjs';
import { configOf } from './yardmaster-config.mjs';

const HERE = import.meta.dirname;
const DIST = join(HERE, '../dist');
const CLI = join(DIST, 'cli/main.js');

/**
 * From spawning a program (Yardmaster: its command) to its first request at the server. The first two runs of each are
 * not counted: one makes the store, one leaves what Node keeps compiled of a command that was used.
 */
export async function startup({ node, job, servers }) {
  const runs = [];
  for (let run = 0; run < 5; run++) {
    await servers.control('/script', { turns: 2 });
    const { start_ns } = await (job.contestant === 'yardmaster' ? delegateOnce(node, job) : time(node, startArgs(job)));
    const { first_ns } = await servers.control('/stats');
    runs.push(Number(BigInt(first_ns) - start_ns) / 1e6);
  }
  return { start_ms: median(runs.slice(2)) };
}

const startArgs = (job) => [join(HERE, 'start.mjs'), JSON.stringify(job)];

function delegateOnce(node, { providers, home, workspace }) {
  const config = join(home, 'config.yaml');
  writeFileSync(config, JSON.stringify(configOf(providers)));
  const [{ goal, provider }] = tasksFor(1, providers);
  return time(
    node,
    [
      CLI,
      'delegate',
      '--goal',
      goal,
      '--provider',
      provider,
      '--model',
      providers[0].model,
      '--config',
      config,
      '--json',
    ],
    { cwd: workspace, env: { ...process.env, YARDMASTER_HOME: home } },
  );
}

/** Importing the library over a bare node, and `--help` beside `node -e 0`. */
export async function importCosts({ node, job }) {
  const library = `import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)})`;
  const [bare, imported, help] = [[], [], []];
  for (let run = 0; run < 5; run++) {
    bare.push((await time(node, ['-e', '0'])).ms);
    imported.push((await time(node, ['-e', library])).ms);
    help.push((await time(node, [CLI, '--help'], { cwd: job.workspace })).ms);
  }
  return { import_ms: median(imported) - median(bare), help_times: median(help) / median(bare) };
}

/** Route resolution against the whole catalog (see resolution.mjs). */
export const resolution = ({ node, job }) => numbersOf(node, 'resolution.mjs', job);

/** The SQLite journal alone (see store.mjs). */
export const store = ({ node, job }) => numbersOf(node, 'store.mjs', job);

async function numbersOf(node, script, { home }) {
  const file = join(HERE, script);
  if (!existsSync(file)) return {};
  const { said } = await time(node, [file, '--json', home]);
  return JSON.parse(said.trim().split('\n').at(-1));
}
