import { describe, expect, expectTypeOf, test } from 'vitest';
import type { DelegationResult, TaskResult } from '../result.ts';
import type { Json, TaskInput } from '../task.ts';
import type { DelegateArgs, Exactly, OutputOf, ResultOf } from './delegate-args.ts';
import { DELEGATE_FIELDS, type DelegateField } from './delegate-fields.ts';

/** Compiles only when each type has exactly these fields. */
const TASK: Readonly<Record<keyof TaskInput, true>> = {
  goal: true,
  context: true,
  model: true,
  provider: true,
  reasoning_effort: true,
  route: true,
  output_schema: true,
  images: true,
  toolsets: true,
  worktree: true,
  budget: true,
  timeout_seconds: true,
};
const { images: _, toolsets: __, ...onTop } = TASK;
const CALL: Readonly<Record<keyof DelegateArgs, true>> = { tasks: true, ...onTop };

/** Those of a call that is not waited for; they belong to `call`. */
const ELSEWHERE = ['action', 'background', 'dry_run'];

test('typed arguments have the fields that the parser knows', () => {
  const fields = Object.entries(DELEGATE_FIELDS) as [string, DelegateField][];
  const names = (fits: (field: DelegateField) => boolean) =>
    fields.filter(([, one]) => fits(one)).map(([name]) => name);
  expect(Object.keys(TASK).sort()).toEqual(names(({ inTask }) => inTask).sort());
  expect([...Object.keys(CALL), ...ELSEWHERE].sort()).toEqual(
    ['tasks', ...names(({ onTop }) => onTop.includes('spawn'))].sort(),
  );
});

// The rest is checked by the compiler (`npm run check`); at run time it does nothing.
describe('the type of a result', () => {
  const ask = <const Args extends DelegateArgs>(_: Args & Exactly<Args>): ResultOf<Args> =>
    ({ results: [{}, {}] }) as never;

  test('says of each task what its own schema says', () => {
    const { results } = ask({
      tasks: [
        {
          goal: 'Count.',
          output_schema: {
            type: 'object',
            properties: { lines: { type: 'integer' }, names: { type: 'array', items: { type: 'string' } } },
            required: ['lines'],
          },
        },
        { goal: 'Say.' },
      ],
    });
    expectTypeOf(results[0].output).toEqualTypeOf<
      ({ readonly lines: number } & { readonly names?: readonly string[] }) | undefined
    >();
    expectTypeOf(results[1].output).toEqualTypeOf<Json | undefined>();
    // @ts-expect-error: two were asked for.
    expectTypeOf(results[2]);
    expectTypeOf<ResultOf<{ tasks: readonly TaskInput[] }>>().toExtend<DelegationResult>();
  });

  test('says of tasks without a schema what the call says, unless they could have one', () => {
    const plain: { goal: string }[] = [];
    const any: TaskInput[] = [];
    expectTypeOf(ask({ tasks: plain, output_schema: { type: 'boolean' } }).results).items.toEqualTypeOf<
      TaskResult<boolean>
    >();
    expectTypeOf(ask({ tasks: any, output_schema: { type: 'boolean' } }).results).items.toEqualTypeOf<TaskResult>();
    expectTypeOf(ask({ goal: 'One.', output_schema: { type: 'boolean' } }).results[0].output).toEqualTypeOf<
      boolean | undefined
    >();
    expectTypeOf<ResultOf<DelegateArgs>>().toEqualTypeOf<DelegationResult>();
  });

  test('a schema of a library whose types are no plain JSON may be anything', () => {
    interface LibrarySchema {
      type?: 'object' | 'string' | undefined;
      properties?: Record<string, LibrarySchema> | undefined;
      [extra: `x-${string}`]: unknown;
    }
    const schema: LibrarySchema = { type: 'object' };
    expectTypeOf(ask({ tasks: [{ goal: 'One.', output_schema: schema }] }).results[0].output).toEqualTypeOf<
      Json | undefined
    >();
  });

  test('a field that nobody knows does not compile', () => {
    // @ts-expect-error
    ask({ goal: 'One.', modle: 'x' });
    // @ts-expect-error
    ask({ tasks: [{ goal: 'One.', modle: 'x' }] });
    // @ts-expect-error: belongs to `call`.
    ask({ goal: 'One.', background: true });
  });

  test('of a schema is what types can repeat of it, and never more', () => {
    expectTypeOf<OutputOf<{ type: readonly ['string', 'null'] }>>().toEqualTypeOf<string | null>();
    expectTypeOf<OutputOf<{ type: 'string'; nullable: true }>>().toEqualTypeOf<string | null>();
    expectTypeOf<OutputOf<{ enum: readonly ['a', 3] }>>().toEqualTypeOf<'a' | 3>();
    expectTypeOf<OutputOf<{ const: true }>>().toEqualTypeOf<true>();
    expectTypeOf<OutputOf<{ type: 'array' }>>().toEqualTypeOf<readonly Json[]>();
    expectTypeOf<OutputOf<{ type: 'object' }>>().toEqualTypeOf<{ readonly [key: string]: Json }>();
    expectTypeOf<OutputOf<{ anyOf: readonly [{ type: 'string' }] }>>().toEqualTypeOf<Json>();
    expectTypeOf<OutputOf<{ properties: { a: { type: 'string' } } }>>().toEqualTypeOf<Json>();
    expectTypeOf<OutputOf<{ type: 'array'; items: readonly [{ type: 'string' }] }>>().toEqualTypeOf<readonly Json[]>();
    expectTypeOf<OutputOf<{ type: 'array'; prefixItems: readonly []; items: { type: 'string' } }>>().toEqualTypeOf<
      readonly Json[]
    >();
    expectTypeOf<OutputOf<{ type: string }>>().toEqualTypeOf<Json>();
    expectTypeOf<OutputOf<{ readonly [key: string]: Json }>>().toEqualTypeOf<Json>();
    expectTypeOf<OutputOf<unknown>>().toEqualTypeOf<Json>();
  });
});
