import { expect, test } from 'vitest';
import type { Json } from '../core/task.ts';
import { validateOutput } from './validate-output.ts';

const schema = {
  type: 'object',
  properties: { n: { type: 'number' }, kind: { enum: ['a', 'b'] }, list: { type: 'array', items: { type: 'string' } } },
  required: ['n'],
  additionalProperties: false,
};

test.each<[Json, string[]]>([
  [{ n: 1, kind: 'a', list: ['x'] }, []],
  [{}, ["$ must have required property 'n'."]],
  [{ n: '1' }, ['$.n must be number.']],
  [{ n: 1, kind: 'c' }, ['$.kind must be equal to one of the allowed values: "a", "b".']],
  [{ n: 1, list: ['x', 2] }, ['$.list.1 must be string.']],
  [{ n: 1, m: 2 }, ['$ must NOT have additional properties ("m").']],
  [null, ['$ must be object.']],
])('%j', async (value, problems) => {
  expect(await validateOutput(schema, value)).toEqual(problems);
});

test('keywords of 2020-12 hold when the schema names it', async () => {
  const tuple = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    prefixItems: [{ type: 'number' }],
  };
  expect(await validateOutput(tuple, [1])).toEqual([]);
  expect(await validateOutput(tuple, ['x'])).toEqual(['$.0 must be number.']);
});

test.each([{ type: 'strnig' }, { $ref: 'https://example.com/schema.json' }, { $async: true }])(
  'what is no schema, or is in another document, is refused: %j',
  async (wrong) => {
    await expect(validateOutput(wrong, null)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  },
);

test.each<[string, { [key: string]: Json }, Json]>([
  ['a pattern that backtracks', { type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(60)}!`],
  ['references that branch', { anyOf: [{ items: { $ref: '#' } }, { items: { $ref: '#' } }], not: {} }, nested(40)],
])('%s holds nobody up', async (_, slow, value) => {
  expect(await validateOutput(slow, value)).toEqual(['$ takes too long to check against the schema.']);
});

function nested(levels: number): Json {
  return levels === 0 ? 'x' : [nested(levels - 1)];
}
