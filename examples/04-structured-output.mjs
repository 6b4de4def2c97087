// An answer that has to fulfil a JSON Schema. A child that gets it wrong is told how, once; `output` is typed by the schema.
import { createYardmaster } from 'yardmaster';
import { scriptedModel } from 'yardmaster/testing';
import { simulated } from './simulated.mjs';

const reply = scriptedModel([
  { text: 'It is fine, I think.' }, // no JSON: it is shown the problem, and answers again
  { text: '{ "verdict": "ship", "risks": ["no rollback plan"] }' },
]);
const { options, close } = await simulated({ reply });
const yard = await createYardmaster(options);

const { results } = await yard.delegate({
  goal: 'Review the release plan in docs/errors.md',
  output_schema: {
    type: 'object',
    properties: {
      verdict: { enum: ['ship', 'hold'] },
      risks: { type: 'array', items: { type: 'string' } },
    },
    required: ['verdict', 'risks'],
    additionalProperties: false,
  },
});
const [{ status, output, turns }] = results;
console.log(`${status} after ${turns} turns: ${output.verdict}, ${output.risks.length} risk (${output.risks[0]})`);

await yard[Symbol.asyncDispose]();
await close();

/* Prints
completed after 2 turns: ship, 1 risk (no rollback plan)
*/
