// The events of a call as they happen. A slow reader holds nothing up, and leaving the loop stops nothing.
import { createYardmaster } from 'yardmaster';
import { simulated } from './simulated.mjs';

const { options, close } = await simulated();
const yard = await createYardmaster(options);

const run = yard.stream({ goal: 'Say what README.md promises', model: 'signal-3' });
let text = '';
for await (const event of run) {
  switch (event.type) {
    case 'task-start':
      console.log(`starts on ${event.route.provider}/${event.route.model}`);
      break;
    case 'tool-start':
      console.log(`calls ${event.tool}: ${event.about}`);
      break;
    case 'text-delta':
      text += event.text; // print it as it comes
      break;
    case 'task-end':
      console.log(`ends ${event.result.status} after ${event.result.turns} turns`);
      break;
  }
}
const { results } = await run.result;
console.log(`heard all of its text: ${text === results[0].summary}; events missed: ${run.missed}`);

await yard[Symbol.asyncDispose]();
await close();

/* Prints
starts on junction/signal-3
calls read_file: README.md
ends completed after 2 turns
heard all of its text: true; events missed: 0
*/
