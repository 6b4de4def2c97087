// A program that does nothing but one child on a contestant: what stands between spawning it and its first request.
import { fileReader, tasksFor } from './work.mjs';

const job = JSON.parse(process.argv[2]);
const { create } = await import(`./contestants/${job.contestant}.mjs`);
const agent = await create({ ...job, readFile: fileReader(job.workspace) });
await agent.run(tasksFor(1, job.providers));
process.exit(0);
