// A budget is set aside before a request leaves, so it is kept. What a child has by then is kept too.
import { createYardmaster } from 'yardmaster';
import { simulated } from './simulated.mjs';

const { options, close } = await simulated();
const yard = await createYardmaster(options);

// Enough for a first turn, which reads the files; too little for a second.
const { results } = await yard.delegate({
  goal: 'Say what README.md and docs/routing.md promise',
  model: 'signal-3',
  budget: { tokens: 12_000 },
});
const [{ status, exit_reason, error, turns }] = results;
console.log(`${status} (${exit_reason}) after ${turns} turn: ${error.message}`);

// A model without a known price cannot keep a budget in USD: unknown is not zero, so nothing starts.
await yard
  .delegate({ goal: 'Say what README.md promises', model: 'scout-2-preview', budget: { usd: 1 } })
  .catch(({ code, message }) => console.log(`${code}: ${message}`));

await yard[Symbol.asyncDispose]();
await close();

/* Prints
partial (budget) after 1 turn: The next request could pass the task's budget: of 12000 tokens, … are used and 0 set aside, and it needs at least …
BUDGET_EXCEEDED: tasks[0].budget: "northside/scout-2-preview" has no known price, so a budget of "1" USD cannot be kept.
*/
