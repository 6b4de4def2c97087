// What would run, why, and what it may cost: nothing is sent. A call that cannot be fulfilled exactly is refused whole.
import { createYardmaster } from 'yardmaster';
import { simulated } from './simulated.mjs';

const { options, close } = await simulated();
const yard = await createYardmaster(options);

const { tasks, price } = yard.explain({
  tasks: [
    { goal: 'Summarise docs/routing.md', provider: 'harbour', reasoning_effort: 'high' },
    { goal: 'Review docs/errors.md', model: 'signal-3' },
  ],
});
for (const { goal, route, source } of tasks) {
  const effort = route.reasoning_effort ?? 'its own';
  console.log(`${goal}: ${route.provider}/${route.model} (${source.provider}, ${source.model}), effort ${effort}`);
}
console.log(`together $${price.low_usd.toFixed(4)} to $${price.high_usd.toFixed(2)}`);

try {
  yard.explain({
    tasks: [
      { goal: 'Summarise docs/routing.md', model: 'pilto-2' },
      { goal: 'Review docs/errors.md', provider: 'harbour', model: 'signal-3 --provider junction' },
    ],
  });
} catch (error) {
  for (const { path, code, message, hint } of error.issues) console.log(`${path} ${code}: ${message} ${hint}`);
}

await yard[Symbol.asyncDispose]();
await close();

/* Prints
Summarise docs/routing.md: harbour/pilot-2 (task, provider), effort high
Review docs/errors.md: junction/signal-3 (catalog, task), effort its own
together $… to $…
tasks[0].model MODEL_UNKNOWN: northside does not offer the model "pilto-2". Did you mean "harbour/pilot-2"?
tasks[1].provider ROUTE_CONFLICT: The provider is "harbour", but the model text says "--provider junction". Give the provider once.
*/
