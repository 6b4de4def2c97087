// One call, three tasks, each on its own model; a receipt says which model served it.
import { createYardmaster } from 'yardmaster';
import { simulated } from './simulated.mjs';

const { options, close } = await simulated();
const yard = await createYardmaster(options); // with your own keys: createYardmaster()

const { results, cost } = await yard.delegate({
  tasks: [
    { goal: 'Say what README.md promises', provider: 'harbour', reasoning_effort: 'high' },
    { goal: 'Say what docs/routing.md decides', model: 'signal-3' },
    { goal: 'List what package.json depends on' }, // what the task leaves open comes from the call, config, parent
  ],
});

for (const { status, summary, route } of results) {
  const { provider, model } = route.resolved;
  console.log(`${status}: ${provider}/${model} because of the ${route.source.provider}, served ${route.served.model}`);
  console.log(`  proof: ${route.served.verified}; the child wrote ${summary.length > 0 ? 'an answer' : 'nothing'}`);
}
console.log(`cost: $${cost.usd.toFixed(4)}, ${cost.complete ? 'all of it' : 'at least'}`);

await yard[Symbol.asyncDispose]();
await close();

/* Prints
completed: harbour/pilot-2 because of the task, served pilot-2
  proof: match; the child wrote an answer
completed: junction/signal-3 because of the catalog, served signal-3
  proof: match; the child wrote an answer
completed: northside/scout-1 because of the parent, served scout-1
  proof: match; the child wrote an answer
cost: $…, all of it
*/
