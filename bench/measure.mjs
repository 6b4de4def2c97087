// One measurement, in a process of its own: a contestant, a scenario, and numbers sent back to run.mjs.
import { controlOf } from './control.mjs';
import { scenarios } from './scenarios.mjs';
import { fileReader, tasksFor } from './work.mjs';

process.on('disconnect', () => process.exit(1));
const job = JSON.parse(process.argv[2]);
const { providers, workspace, home, windows, crowd } = job;
const control = controlOf(job.control);

const { create, wires } = await import(`./contestants/${job.contestant}.mjs`);
const able = providers.every(({ wire }) => wires.includes(wire));
process.send(able ? await play() : {}, () => process.exit(0));

async function play() {
  const agent = await create({ providers, workspace, home, readFile: fileReader(workspace) });
  const batch = (count, script, meanwhile) => runBatch(agent, count, script, meanwhile);
  const numbers = await scenarios[job.scenario]({ batch, control, windows, crowd });
  await agent.close?.();
  return numbers;
}

/** Runs `count` children and makes sure that each one really ended with the whole answer, and that nothing was sent twice. */
async function runBatch(agent, count, script = {}, meanwhile) {
  const tasks = tasksFor(count, providers);
  const { text } = await control('/script', { turns: 2, ...script });
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const running = agent.run(tasks);
  await Promise.all([running, meanwhile?.()]);
  const end = process.hrtime.bigint();
  const { user, system } = process.cpuUsage(cpu);
  const { requests, first_ns } = await control('/stats');
  for (const answer of await running)
    if (answer.trim() !== text.trim()) throw new Error(`A child ended with ${JSON.stringify(answer)}.`);
  if (requests !== count * (script.turns ?? 2)) throw new Error(`${count} children sent ${requests} requests.`);
  return {
    count,
    wall_ms: Number(end - start) / 1e6,
    cpu_ms: (user + system) / 1e3,
    first_ms: Number(BigInt(first_ns) - start) / 1e6,
  };
}
