// Work in the background: a handle at once; then look, tell a child something, stop one, collect the results.
import { createYardmaster } from 'yardmaster';
import { simulated } from './simulated.mjs';

/** The model of these children looks at the folder again and again, until it is told something else. */
const reply = ({ texts }) =>
  texts.some((text) => text.includes('in German'))
    ? { text: 'Kurz gesagt: Das Modell, das verlangt war, hat geantwortet.' }
    : { tool_calls: [{ name: 'list_files', arguments: { path: 'docs' } }], first_token_delay_ms: 300 };
const { options, close } = await simulated({ reply });
const yard = await createYardmaster(options);

// `call` answers every action of delegate_task; what it gives says of which kind it is.
const { delegation_id, ids } = await yard.call({
  tasks: [{ goal: 'Summarise README.md in one sentence' }, { goal: 'Watch the folder for ever' }],
  background: true,
});
const { tasks } = await yard.call({ action: 'status', id: delegation_id });
console.log(`${tasks.length} children, none has ended: ${tasks.every(({ result }) => result === undefined)}`);

await yard.call({ action: 'steer', id: ids[0], message: 'Say it in German.' });
await yard.call({ action: 'stop', id: ids[1] });

const { done, results } = await yard.call({ action: 'wait', id: delegation_id });
console.log(`all have ended: ${done}`);
for (const { status, summary, steers = [] } of results) {
  console.log(`${status}${steers.map(({ state }) => `, steer ${state}`).join('')}: ${summary || 'nothing'}`);
}

// Results come again until they are acknowledged, to another process too when there is a store on disk.
console.log(`to collect: ${(await yard.collect()).length}`);
await yard.acknowledge(delegation_id);
console.log(`to collect: ${(await yard.collect()).length}`);

await yard[Symbol.asyncDispose]();
await close();

/* Prints
2 children, none has ended: true
all have ended: true
completed, steer delivered: Kurz gesagt: Das Modell, das verlangt war, hat geantwortet.
cancelled: nothing
to collect: 1
to collect: 0
*/
