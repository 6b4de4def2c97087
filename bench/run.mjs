#!/usr/bin/env node
// npm run bench -- [--quick] [--only yardmaster,raw] [--rows cpu,over] [--rounds N] [--json] [--write] [--no-build]
//
// The same work on Yardmaster and on its peers: children of two model turns and one tool call, streamed from two
// loopback providers. Every measurement has a process of its own; in each round all contestants do a scenario one
// after the other before the next scenario begins, in an order that rotates, so that they share whatever else the
// machine is doing. Reported are medians over the rounds; a ratio is the median of the ratios within each round.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MODEL } from './answers.mjs';
import { contestants } from './contestants.mjs';
import { importCosts, resolution, startup, store } from './own.mjs';
import { buildLibrary, chooseNode, installPeers } from './prepare.mjs';
import { endProcesses, measure, startServers } from './processes.mjs';
import { createReport, renderReport, writeReport } from './report.mjs';
import { rows } from './rows.mjs';
import { createWorkspace } from './work.mjs';

/** Scenarios that have processes of their own kind; all others run inside measure.mjs. */
const SPECIAL = { startup, imports: importCosts, resolution, store };
const ONLY_YARDMASTER = ['imports', 'resolution', 'store'];
const LONGEST_MINUTES = 20;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rows: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
});
const say = (text) => process.stderr.write(`${text}\n`);
const plan = planOf(flags);

const scratch = mkdtempSync(join(tmpdir(), 'yardmaster-bench-'));
process.on('exit', () => {
  endProcesses();
  rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

installPeers(say);
if (!flags['no-build'] && plan.names.includes('yardmaster')) buildLibrary(say);
const node = chooseNode(say);
const servers = await startServers(node);
const workspace = join(scratch, 'workspace');
createWorkspace(workspace);

const started = performance.now();
const minutes = () => (performance.now() - started) / 60_000;
const failures = [];
/** One entry a round: contestant → scenario → numbers. */
const rounds = [];
while (rounds.length < plan.rounds && timeForAnother()) {
  rounds.push(await playRound(rounds.length));
  say(`Round ${rounds.length} of ${plan.rounds} done after ${minutes().toFixed(1)} min.`);
}

const report = createReport({
  rows: plan.rows,
  names: plan.names,
  rounds,
  node: versionOf(node),
  quick: flags.quick,
  failures,
});
console.log(flags.json ? JSON.stringify(report, null, 2) : renderReport(report));
if (flags.write) writeReport(report);
process.exit(failures.length > 0 ? 1 : 0);

async function playRound(round) {
  const results = Object.fromEntries(plan.names.map((name) => [name, {}]));
  for (const scenario of plan.scenarios)
    for (const name of rotated(plan.names, round)) {
      if (ONLY_YARDMASTER.includes(scenario) && name !== 'yardmaster') continue;
      results[name][scenario] = await play(name, scenario, round);
    }
  return results;
}

/** A contestant that fails is reported as failed; the others go on. */
async function play(contestant, scenario, round) {
  const home = join(scratch, `${round}-${scenario}-${contestant}`);
  mkdirSync(home);
  const providers = providersOf(scenario);
  const crowd = plan.crowd(contestant);
  const job = {
    contestant,
    scenario,
    providers,
    workspace,
    home,
    crowd,
    windows: plan.windows,
    control: servers.controlPort,
  };
  try {
    return await (SPECIAL[scenario] ? SPECIAL[scenario]({ node, job, servers }) : measure(node, job));
  } catch (error) {
    failures.push({ contestant, scenario, message: error.message });
    say(`${contestant}, ${scenario}: ${error.message}`);
    return {};
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function providersOf(scenario) {
  const wires = scenario === 'mixed' ? ['chat', 'responses', 'messages'] : ['chat', 'chat'];
  return wires.map((wire, index) => ({
    id: `lab-${index + 1}`,
    wire,
    base_url: `http://127.0.0.1:${servers.ports[index % servers.ports.length]}/v1`,
    key: `key-of-lab-${index + 1}`,
    model: MODEL,
  }));
}

function planOf({ quick, only, rows: wanted, rounds }) {
  const names = only?.split(',') ?? Object.keys(contestants);
  for (const name of names)
    if (!contestants[name])
      refuse(`--only "${name}" is no contestant; there are ${Object.keys(contestants).join(', ')}.`);
  const words = wanted?.split(',') ?? [''];
  const chosen = rows.filter((row) => words.some((word) => row.id.includes(word)));
  if (chosen.length === 0) refuse(`--rows "${wanted}" fits no row; there are ${rows.map((row) => row.id).join(', ')}.`);
  return {
    names,
    rows: chosen,
    scenarios: [...new Set(chosen.map((row) => row.scenario))],
    rounds: Number(rounds ?? (quick ? 1 : 3)),
    windows: quick ? { warm: 0.4, settle: 1, measure: 0.5 } : { warm: 1, settle: 8, measure: 1.5 },
    /** 1,000 children of a slow peer take longer than a quick run may. */
    crowd: (name) => !quick || ['yardmaster', 'raw', 'raw-incremental'].includes(name),
  };
}

function timeForAnother() {
  const done = rounds.length;
  if (done === 0 || (minutes() * (done + 1)) / done <= LONGEST_MINUTES) return true;
  say(`${done} rounds took ${minutes().toFixed(1)} min: no other fits into ${LONGEST_MINUTES}.`);
  return false;
}

function rotated(names, by) {
  const at = by % names.length;
  return [...names.slice(at), ...names.slice(0, at)];
}

function versionOf(executable) {
  return execFileSync(executable, ['--version'], { encoding: 'utf8' }).trim();
}

function refuse(message) {
  say(message);
  process.exit(2);
}
