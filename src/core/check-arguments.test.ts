import { expect, test } from 'vitest';
import { checkArguments } from './check-arguments.ts';
import type { Json } from './task.ts';

const schema = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    limit: { type: 'integer', minimum: 1, maximum: 10 },
    mode: { enum: ['a', 'b'] },
    names: { type: 'array' },
  },
  required: ['path'],
  additionalProperties: false,
};

test.each<[{ [key: string]: Json }, string[]]>([
  [{ path: 'x', limit: 3, mode: 'a', names: [] }, []],
  [{}, ['"path" is missing.']],
  [{ path: null }, ['"path" must be of type string, not null.']],
  [{ path: 'x', limit: '3' }, ['"limit" must be of type integer, not string.']],
  [{ path: 'x', limit: 1.5 }, ['"limit" must be of type integer, not number.']],
  [{ path: 'x', limit: 0 }, ['"limit" must be at least 1.']],
  [{ path: 'x', limit: 11 }, ['"limit" must be at most 10.']],
  [{ path: 'x', mode: 'c' }, ['"mode" must be one of "a", "b".']],
  [{ path: 'x', names: {} }, ['"names" must be of type array, not object.']],
  [{ path: 'x', pth: 1 }, ['"pth" is not an argument; the arguments are path, limit, mode, names.']],
])('%j', (args, problems) => {
  expect(checkArguments(schema, args)).toEqual(problems);
});
