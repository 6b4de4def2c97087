import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DelegateError, type Issue } from '../errors.ts';
import { DEFAULT_LIMITS } from '../settings.ts';
import { DELEGATE_FIELDS, FIELD_NAMES } from './delegate-fields.ts';
import { delegateTool, type SchemaInput } from './delegate-schema.ts';
import { parseDelegateCall, readDelegateCall } from './parse-delegate-call.ts';

const GOAL = 'Read the parser and say what it refuses.';

function issuesOf(args: unknown): readonly Issue[] {
  try {
    parseDelegateCall(args);
    return [];
  } catch (error) {
    if (!(error instanceof DelegateError)) throw error;
    return error.issues;
  }
}
const pathsOf = (args: unknown): string[] => issuesOf(args).map(({ path }) => path);

describe('accepted shapes', () => {
  const nothing = { route: {}, background: false, dry_run: false };

  test.each([
    ['tasks[]', { tasks: [{ goal: GOAL }] }, [{ goal: GOAL }]],
    ['tasks as a JSON string', { tasks: JSON.stringify([{ goal: GOAL }]) }, [{ goal: GOAL }]],
    ['one task at the top level', { goal: GOAL }, [{ goal: GOAL }]],
    ['action in any letter case', { action: ' Spawn ', goal: GOAL }, [{ goal: GOAL }]],
    ['a blank goal beside tasks', { goal: '', tasks: [{ goal: GOAL }] }, [{ goal: GOAL }]],
    ['context for all tasks', { context: 'all', tasks: [{ goal: GOAL }] }, [{ context: 'all', goal: GOAL }]],
    [
      'a task says its own',
      { context: 'all', tasks: [{ goal: GOAL, context: 'own' }] },
      [{ context: 'own', goal: GOAL }],
    ],
    [
      'model as an object',
      { tasks: [{ goal: GOAL, model: { provider: 'p', model: 'm' } }] },
      [{ goal: GOAL, model: 'm', provider: 'p' }],
    ],
    ['effort false', { tasks: [{ goal: GOAL, reasoning_effort: false }] }, [{ goal: GOAL, reasoning_effort: 'none' }]],
    [
      'a toolset twice',
      { tasks: [{ goal: GOAL, toolsets: ['read', ' read '] }] },
      [{ goal: GOAL, toolsets: ['read'] }],
    ],
  ])('%s', (_name, args, tasks) => {
    expect(parseDelegateCall(args)).toEqual({ action: 'spawn', tasks, ...nothing });
  });

  test('null counts as absent in every field, as hosts with strict schemas send it (F33)', () => {
    const all = Object.fromEntries(FIELD_NAMES.map((name) => [name, null]));
    const inTask = Object.fromEntries(
      FIELD_NAMES.filter((name) => DELEGATE_FIELDS[name].inTask).map((name) => [name, null]),
    );
    expect(parseDelegateCall({ ...all, tasks: [{ ...inTask, goal: GOAL }] })).toEqual({
      action: 'spawn',
      tasks: [{ goal: GOAL }],
      ...nothing,
    });
  });

  test('the model object and another provider stay apart until aliases are folded', () => {
    const args = { tasks: [{ goal: GOAL, provider: 'google', model: { provider: 'gemini', model: 'm' } }] };
    expect(parseDelegateCall(args)).toMatchObject({ tasks: [{ provider: 'google', model: 'm --provider gemini' }] });
  });

  test('tasks keep their order and their number, however many there are (F43)', () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) => ({ goal: `Describe the file number ${index}.` }));
    expect(parseDelegateCall({ tasks })).toMatchObject({ tasks });
  });

  test.each([
    [{ action: 'list' }],
    [{ action: 'status', id: 'd_1' }],
    [{ action: 'wait', id: 'd_1', wait_seconds: 0 }],
    [{ action: 'steer', id: 't_1', message: 'look at the tests too' }],
    [{ action: 'stop', id: 't_1' }],
  ])('control action %j', (args) => {
    expect(parseDelegateCall(args)).toEqual(args);
  });
});

describe('refusals name every issue with its path', () => {
  test.each<[string, unknown, string[]]>([
    ['no object', 'go', ['']],
    ['a list', [], ['']],
    ['nothing', {}, ['tasks']],
    ['0 tasks', { tasks: [] }, ['tasks']],
    ['a blank list', { tasks: '' }, ['tasks']],
    ['broken JSON', { tasks: '[{"goal":' }, ['tasks']],
    ['JSON of no list', { tasks: '{"goal":"x"}' }, ['tasks']],
    ['tasks as a number', { tasks: 3 }, ['tasks']],
    ['tasks and goal', { tasks: [{ goal: GOAL }], goal: GOAL }, ['goal']],
    ['a task that is text', { tasks: [GOAL] }, ['tasks[0]']],
    ['a task that is null', { tasks: [null] }, ['tasks[0]']],
    ['a hole in the list', { tasks: new Array(1) }, ['tasks[0]']],
    ['no goal', { tasks: [{}] }, ['tasks[0].goal']],
    ['a goal of another type', { tasks: [{ goal: 5 }] }, ['tasks[0].goal']],
    ['unknown fields', { tasks: [{ goal: GOAL, modle: 'x' }], efort: 'low' }, ['efort', 'tasks[0].modle']],
    ['task fields on top', { goal: GOAL, images: ['a.png'], toolsets: ['read'] }, ['images', 'toolsets']],
    ['top fields in a task', { tasks: [{ goal: GOAL, background: true }] }, ['tasks[0].background']],
    ['endpoint and key', { goal: GOAL, base_url: 'http://x', api_key: 'k' }, ['base_url', 'api_key']],
    ['unknown model keys', { goal: GOAL, model: { id: 'm' } }, ['model.id']],
    ['model of another type', { goal: GOAL, model: 5, provider: ['x'] }, ['model', 'provider']],
    ['effort true', { goal: GOAL, reasoning_effort: true }, ['reasoning_effort']],
    ['budget of another type', { goal: GOAL, budget: 5 }, ['budget']],
    [
      'budget not positive',
      { goal: GOAL, budget: { usd: 0, tokens: -1, turns: 1.5, eur: 1 } },
      ['budget.usd', 'budget.tokens', 'budget.turns', 'budget.eur'],
    ],
    ['budget not a number', { goal: GOAL, budget: { usd: Number.NaN, tokens: '9' } }, ['budget.usd', 'budget.tokens']],
    ['time limits', { goal: GOAL, timeout_seconds: 0 }, ['timeout_seconds']],
    ['time limit beyond timers', { goal: GOAL, timeout_seconds: 1e9 }, ['timeout_seconds']],
    ['images', { tasks: [{ goal: GOAL, images: ['a', 5, ''] }] }, ['tasks[0].images[1]', 'tasks[0].images[2]']],
    ['9 images', { tasks: [{ goal: GOAL, images: Array(9).fill('a.png') }] }, ['tasks[0].images']],
    ['toolsets as text', { tasks: [{ goal: GOAL, toolsets: 'read' }] }, ['tasks[0].toolsets']],
    ['schema as text', { goal: GOAL, output_schema: '{}' }, ['output_schema']],
    ['schema that is no JSON', { goal: GOAL, output_schema: { type: () => 'object' } }, ['output_schema']],
    ['flags as text', { goal: GOAL, background: 'yes', dry_run: 1 }, ['background', 'dry_run']],
    ['unknown action', { action: 'pause' }, ['action']],
    ['control without id', { action: 'stop' }, ['id']],
    ['steer without message', { action: 'steer', id: 't_1', message: ' ' }, ['message']],
    ['control with tasks', { action: 'list', tasks: [{ goal: GOAL }] }, ['tasks']],
    ['spawn with control fields', { goal: GOAL, id: 't_1', wait_seconds: 5 }, ['id', 'wait_seconds']],
    ['wait with a message', { action: 'wait', id: 't_1', message: 'x' }, ['message']],
  ])('%s', (_name, args, paths) => {
    expect(pathsOf(args)).toEqual(paths);
  });

  test.each([
    '',
    ' \n',
    'todo',
    'TODO.',
    'TBD',
    'task 1',
    'Task #12',
    'goal 3',
    '<insert goal here>',
    '{{goal}}',
    '[your goal]',
    '…',
    'insert task here',
  ])('a goal that says nothing: %j', (goal) => {
    expect(pathsOf({ tasks: [{ goal }] })).toEqual(['tasks[0].goal']);
    expect(pathsOf({ goal: goal === '' || goal.trim() === '' ? undefined : goal })).toHaveLength(1);
  });

  test.each(['Fix Array<string> in parse.ts', 'Review task 12', 'Say what <div> does', 'Test the parser'])(
    'a goal that says something: %j',
    (goal) => {
      expect(issuesOf({ tasks: [{ goal }] })).toEqual([]);
    },
  );

  test('short goals are refused only in a batch', () => {
    expect(issuesOf({ tasks: [{ goal: 'Count it' }] })).toEqual([]);
    expect(pathsOf({ tasks: [{ goal: 'Count it' }, { goal: GOAL }] })).toEqual(['tasks[0].goal']);
  });

  test('the nearest known field is suggested, at the level where it would be right', () => {
    const [issue] = issuesOf({ tasks: [{ goal: GOAL, reasoning: 'low' }] });
    expect(issue).toMatchObject({ suggestions: ['reasoning_effort'], message: 'There is no field "reasoning" here.' });
    expect(issuesOf({ tasks: [{ goal: GOAL, max_iterations: 9 }] })[0]?.hint).toContain('Known here: goal, context');
    expect(issuesOf({ goal: GOAL, images: [] })[0]?.hint).toBe('"images" stands inside tasks[].');
    expect(issuesOf({ tasks: [{ goal: GOAL, dry_run: true }] })[0]?.hint).toContain('at the top level');
  });

  test('thousands of issues are counted, not listed', () => {
    const { issues } = readDelegateCall({ tasks: Array.from({ length: 5_000 }, () => ({})) });
    expect(issues).toHaveLength(201);
    expect(issues.at(-1)?.message).toBe('4800 more problems are not listed.');
  });
});

describe('hostile values', () => {
  const long = 'x'.repeat(1_048_576);
  const texts = ['goal', 'context'] as const;

  test.each(FIELD_NAMES)('1 MB in "%s" is refused or passed on, and the error stays short', (name) => {
    const args =
      DELEGATE_FIELDS[name].onTop.length > 0 ? { goal: GOAL, [name]: long } : { tasks: [{ goal: GOAL, [name]: long }] };
    const issues = issuesOf(args);
    expect(JSON.stringify(issues).length).toBeLessThan(2_000);
    // Names that are looked up are judged by whoever looks them up.
    if (!['model', 'provider', 'reasoning_effort', 'route'].includes(name)) expect(issues).not.toEqual([]);
  });

  test.each(['\u0000', '\u001b[31m', '\u0007', '\ud800', '\u007f'])(
    'the character %j is refused in texts and ids',
    (character) => {
      for (const name of texts) expect(pathsOf({ goal: GOAL, [name]: `a${character}b and more text` })).toEqual([name]);
      expect(pathsOf({ action: 'stop', id: `t${character}` })).toContain('id');
      expect(pathsOf({ tasks: [{ goal: GOAL, toolsets: [`re${character}ad`] }] })).toHaveLength(1);
      expect(pathsOf({ action: 'steer', id: 't_1', message: `x${character}` })).toEqual(['message']);
    },
  );

  test('errors show no raw control character and no endless name', () => {
    const key = `\u001b[2J${long}`;
    const text = JSON.stringify(issuesOf({ goal: GOAL, [key]: 1, action: `\u001b]0;x\u0007` }));
    expect(text.length).toBeLessThan(1_000);
    const messages = issuesOf({ goal: GOAL, [key]: 1 })
      .map(({ path, message, hint }) => path + message + hint)
      .join('');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point.
    expect(messages).not.toMatch(/[\u0000-\u001f]/);
  });

  test('line breaks, tabs and every script may stand in a goal', () => {
    const goal = 'Zusammenfassen:\r\n\t- 第一章 🙂';
    expect(parseDelegateCall({ goal })).toMatchObject({ tasks: [{ goal }] });
  });

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'the key "%s" is an unknown field and touches nothing',
    (key) => {
      const args = JSON.parse(`{"goal": ${JSON.stringify(GOAL)}, "${key}": {"polluted": true}}`) as unknown;
      expect(pathsOf(args)).toEqual([key]);
      const task = JSON.parse(
        `{"tasks": [{"goal": ${JSON.stringify(GOAL)}, "${key}": {"polluted": true}}]}`,
      ) as unknown;
      expect(pathsOf(task)).toEqual([`tasks[0].${key}`]);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    },
  );

  test('tens of thousands of unknown fields are refused, briefly', () => {
    const flood = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`field_${index}`, index]));
    for (const args of [{ goal: GOAL, ...flood }, { tasks: [{ goal: GOAL, ...flood }] }]) {
      const { issues } = readDelegateCall(args);
      expect(issues).toHaveLength(201);
      expect(issues.at(-1)?.message).toBe('49800 more problems are not listed.');
    }
  });

  test('inherited values are no arguments', () => {
    expect(pathsOf(Object.create({ goal: GOAL, tasks: [{ goal: GOAL }], action: 'list' }))).toEqual(['tasks']);
  });

  test('a schema may not be endless, circular or a trap', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    const trap = JSON.parse('{"properties": {"__proto__": {"type": "object"}}}') as unknown;
    for (const output_schema of [circular, { deep }, trap, { enum: [long] }]) {
      expect(pathsOf({ goal: GOAL, output_schema })).toEqual(['output_schema']);
    }
    expect(pathsOf({ goal: GOAL, output_schema: { properties: { constructor: { type: 'string' } } } })).toEqual([]);
  });

  test('whatever is sent, the answer is a call or a refusal with issues', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }), (args) => {
        try {
          parseDelegateCall(args);
        } catch (error) {
          expect(error).toBeInstanceOf(DelegateError);
          expect((error as DelegateError).issues.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  test('whatever stands in a known field, the answer is a call or a refusal with issues', () => {
    const field = fc.constantFrom('tasks', ...FIELD_NAMES);
    fc.assert(
      fc.property(fc.dictionary(field, fc.anything()), fc.dictionary(field, fc.anything()), (top, task) => {
        const { call, issues } = readDelegateCall({ tasks: [{ goal: GOAL, ...task }], ...top });
        expect(call !== undefined || issues.length > 0).toBe(true);
      }),
    );
  });
});

describe('the schema that calling models see', () => {
  const input: SchemaInput = {
    policy: { selection: 'open' },
    routes: new Map([
      ['reviewer', { provider: 'p', model: 'm', description: 'deep review' }],
      ['cheap', { provider: 'p', model: 'n' }],
    ]),
    limits: DEFAULT_LIMITS,
    toolsets: ['read'],
  };
  interface Shown {
    readonly properties: Record<string, Record<string, unknown>> & {
      tasks: { items: { properties: Record<string, Record<string, unknown>> } };
    };
  }
  const shown = (over: Partial<SchemaInput> = {}): Shown['properties'] =>
    (delegateTool({ ...input, ...over }).parameters as unknown as Shown).properties;

  /** A value each field takes. */
  const VALUES: Record<string, unknown> = {
    goal: GOAL,
    context: 'c',
    model: 'm',
    provider: 'p',
    reasoning_effort: 'low',
    route: 'cheap',
    output_schema: { type: 'object' },
    images: ['a.png'],
    toolsets: ['read'],
    worktree: true,
    budget: { usd: 1 },
    timeout_seconds: 5,
    background: true,
    dry_run: true,
    id: 't_1',
    message: 'm',
    wait_seconds: 5,
  };

  test('it leads with tasks', () => {
    expect(Object.keys(shown())[0]).toBe('tasks');
  });

  test('every field it shows is read, and every field that is read is shown (F1)', () => {
    const properties = shown();
    const inTask = Object.keys(properties.tasks.items.properties);
    const onTop = Object.keys(properties).filter((name) => name !== 'tasks');
    expect(new Set([...inTask, ...onTop])).toEqual(new Set(FIELD_NAMES));
    for (const name of inTask) {
      expect(readDelegateCall({ tasks: [{ goal: GOAL, [name]: VALUES[name] }] }), name).toMatchObject({
        issues: [],
        call: { tasks: [{ [name]: VALUES[name] }] },
      });
    }
    for (const name of FIELD_NAMES) {
      expect(pathsOf({ tasks: [{ goal: GOAL, [name]: VALUES[name] ?? 'list' }] }).length === 0).toBe(
        inTask.includes(name),
      );
    }
  });

  test('every top-level field reaches the call or its tasks (F1)', () => {
    const read = readDelegateCall({
      ...VALUES,
      images: null,
      toolsets: null,
      id: null,
      message: null,
      wait_seconds: null,
      goal: GOAL,
    });
    expect(read).toEqual({
      issues: [],
      call: {
        action: 'spawn',
        tasks: [{ goal: GOAL, context: 'c', output_schema: { type: 'object' }, worktree: true, timeout_seconds: 5 }],
        route: { model: 'm', provider: 'p', reasoning_effort: 'low', route: 'cheap' },
        budget: { usd: 1 },
        background: true,
        dry_run: true,
      },
    });
  });

  test('with selection "routes" it shows the names and nothing else to choose', () => {
    const properties = shown({ policy: { selection: 'routes' } }).tasks.items.properties;
    expect(properties.route).toMatchObject({ enum: ['cheap', 'reviewer'] });
    expect(properties.route?.description).toContain('reviewer: deep review');
    expect(Object.keys(properties)).not.toEqual(expect.arrayContaining(['model']));
    expect(properties.provider ?? properties.reasoning_effort ?? properties.model).toBeUndefined();
  });

  test('with selection "off" it shows nothing to choose', () => {
    const properties = shown({ policy: { selection: 'off' } }).tasks.items.properties;
    for (const name of ['model', 'provider', 'reasoning_effort', 'route']) expect(properties[name]).toBeUndefined();
  });

  test('without routes there is no route to choose', () => {
    expect(shown({ routes: new Map() }).tasks.items.properties.route).toBeUndefined();
  });

  test('all of 50 routes are listed (F13)', () => {
    const routes = new Map(Array.from({ length: 50 }, (_, index) => [`r${index}`, { provider: 'p', model: 'm' }]));
    expect(shown({ routes }).tasks.items.properties.route?.enum).toHaveLength(50);
  });

  test('the same configuration in another order gives the same bytes (F9)', () => {
    const reversed = { ...input, routes: new Map([...input.routes].reverse()) };
    expect(JSON.stringify(delegateTool(reversed))).toBe(JSON.stringify(delegateTool(input)));
  });
});
