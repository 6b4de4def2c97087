import { describe, expect, test } from 'vitest';
import { DelegateError, type Issue } from '../errors.ts';
import { explainCall } from '../explain.ts';
import { createResolver } from '../resolve-route.ts';
import { routeLabel } from '../route.ts';
import { DEFAULT_LIMITS, type DelegationSettings, type Limits } from '../settings.ts';
import type { SpawnCall } from '../task.ts';
import { testCatalog, testSettings } from '../test-catalog.ts';
import { parseDelegateCall } from './parse-delegate-call.ts';
import { planCall } from './plan-call.ts';
import { type PreflightContext, preflight } from './preflight.ts';

const GOAL = 'Read the parser and say what it refuses.';

function context(
  over: Partial<Pick<DelegationSettings, 'toolsets' | 'budget' | 'daily_usd'>> & {
    readonly limits?: Partial<Limits>;
    readonly available?: readonly string[];
    readonly routing?: Parameters<typeof testSettings>[0];
  } = {},
): PreflightContext {
  const routing = testSettings(over.routing ?? { parent: { provider: 'openai', model: 'gpt-5' } });
  const limits = { ...DEFAULT_LIMITS, ...over.limits };
  return {
    resolver: createResolver(testCatalog(), routing),
    limits,
    settings: {
      limits,
      on_mismatch: 'fail',
      toolsets: over.toolsets ?? ['read'],
      budget: over.budget ?? {},
      fallback_on: [],
      ...(over.daily_usd === undefined ? {} : { daily_usd: over.daily_usd }),
    },
    routing,
    toolsets: over.available ?? ['read'],
  };
}

function spawn(args: unknown): SpawnCall {
  const call = parseDelegateCall(args);
  if (call.action !== 'spawn') throw new Error('no spawn');
  return call;
}
function issuesOf(run: () => unknown): readonly Issue[] {
  try {
    run();
  } catch (error) {
    if (error instanceof DelegateError) return error.issues;
    throw error;
  }
  return [];
}
const refusals = (args: unknown, over?: Parameters<typeof context>[0]): string[] =>
  issuesOf(() => planCall(args, context(over))).map(({ path, code }) => `${path} ${code}`);

describe('a call is planned as a whole', () => {
  test('each task gets its own route, in the order asked (F12, F43)', () => {
    const models = ['claude-opus-4-5', 'gpt-5-mini', 'lab/qwen3-32b', 'llama-3.3-70b --provider groq'];
    const plans = preflight(spawn({ tasks: models.map((model) => ({ goal: GOAL, model })) }), context());
    expect(plans.map(({ index, route }) => `${index} ${routeLabel(route)}`)).toEqual([
      '0 anthropic/claude-opus-4-5',
      '1 openai/gpt-5-mini',
      '2 lab/qwen3-32b',
      '3 groq/llama-3.3-70b',
    ]);
  });

  test('every plan says what was asked, what was decided and where it came from', () => {
    const [plan] = preflight(
      spawn({ provider: 'anthropic', tasks: [{ goal: GOAL, reasoning_effort: 'max' }] }),
      context(),
    );
    expect(plan).toMatchObject({
      index: 0,
      input: { goal: GOAL, reasoning_effort: 'max' },
      requested: { task: { reasoning_effort: 'max' }, call: { provider: 'anthropic' } },
      source: { provider: 'call', model: 'provider', reasoning_effort: 'task' },
      notes: ['effort "max" became "high": anthropic/claude-sonnet-4-5 takes low, medium, high'],
    });
    expect(plan).not.toHaveProperty('budget');
    expect(plan).not.toHaveProperty('id');
  });

  test('one bad task refuses the call, and every issue of every task is named in order (F1, E23)', () => {
    const args = {
      reasoning_effort: 'lots',
      tasks: [
        { goal: GOAL },
        { goal: GOAL, model: 'sonet', provider: 'anthropic', toolsets: ['reed'] },
        { goal: 'todo' },
        { goal: GOAL, provider: 'moonshotai' },
        { goal: GOAL, route: 'nope', budgett: {} },
      ],
    };
    expect(refusals(args)).toEqual([
      'reasoning_effort EFFORT_INVALID',
      'tasks[1].model MODEL_UNKNOWN',
      'tasks[1].toolsets[0] TOOLSET_DENIED',
      'tasks[2].goal REQUEST_INVALID',
      'tasks[3].provider CREDENTIAL_MISSING',
      'tasks[4].budgett REQUEST_INVALID',
      'tasks[4].route ROUTE_UNKNOWN',
    ]);
  });

  test('what is wrong with call or config is said once, not once a task', () => {
    const tasks = Array.from({ length: 20 }, () => ({ goal: GOAL }));
    expect(refusals({ model: 'nope', tasks })).toEqual(['model MODEL_UNKNOWN']);
    const routing = { delegation: { provider: 'nobody' } };
    expect(refusals({ tasks }, { routing })).toEqual(['config.delegation.provider PROVIDER_UNKNOWN']);
  });

  test('tasks without any model are named one by one', () => {
    const tasks = [{ goal: GOAL }, { goal: GOAL, model: 'lab/x' }, { goal: GOAL }];
    expect(refusals({ tasks }, { routing: {} })).toEqual([
      'tasks[0].model MODEL_REQUIRED',
      'tasks[2].model MODEL_REQUIRED',
    ]);
  });

  test('a routing field that could not be read is not judged a second time', () => {
    expect(refusals({ tasks: [{ goal: GOAL, model: 7 }] }, { routing: {} })).toEqual([
      'tasks[0].model REQUEST_INVALID',
    ]);
  });

  test('the error names the problem, the place and the way out', () => {
    expect(() =>
      planCall({ tasks: [{ goal: GOAL, model: 'sonet', provider: 'anthropic' }] }, context()),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DelegateError: tasks[0].model: anthropic does not offer the model "sonet".]`,
    );
  });
});

describe('limits', () => {
  test('more tasks than a call may start is an error with both numbers, never a cut (F43)', () => {
    const tasks = Array.from({ length: 101 }, () => ({ goal: GOAL }));
    const [issue, ...more] = issuesOf(() => planCall({ tasks }, context()));
    expect(issue).toMatchObject({ code: 'LIMIT_EXCEEDED', path: 'tasks' });
    expect(issue?.message).toBe('"101" tasks are asked for, and one call may start 100.');
    expect(more).toEqual([]);
  });

  test('10,000 tasks are refused the same way', () => {
    const tasks = Array.from({ length: 10_000 }, () => ({ goal: GOAL }));
    expect(refusals({ tasks })).toEqual(['tasks LIMIT_EXCEEDED']);
  });

  test('more than run at once are planned all the same', () => {
    const tasks = Array.from({ length: 30 }, () => ({ goal: GOAL }));
    expect(preflight(spawn({ tasks }), context({ limits: { max_concurrent_children: 10 } }))).toHaveLength(30);
  });
});

describe('abilities', () => {
  const images = ['shot.png'];

  test.each<[string, Record<string, unknown>, string[]]>([
    ['images for a model with vision', { model: 'gpt-5', images }, []],
    [
      'images for a model known to have none',
      { model: 'meta-llama/llama-3.3-70b:free', provider: 'openrouter', images, toolsets: [] },
      ['tasks[0].images ABILITY_MISSING'],
    ],
    ['images for a model nobody knows', { provider: 'lab', images }, []],
    [
      'tools for a model known to call none',
      { model: 'meta-llama/llama-3.3-70b:free', provider: 'openrouter' },
      ['tasks[0].toolsets ABILITY_MISSING'],
    ],
    ['no tools for it', { model: 'meta-llama/llama-3.3-70b:free', provider: 'openrouter', toolsets: [] }, []],
  ])('%s (E28)', (_name, task, issues) => {
    expect(refusals({ tasks: [{ goal: GOAL, ...task }] })).toEqual(issues);
  });

  test('a fallback must have them too', () => {
    const routing = {
      parent: { provider: 'openai' },
      fallback: [{ provider: 'openrouter', model: 'meta-llama/llama-3.3-70b:free' }],
    };
    expect(refusals({ tasks: [{ goal: GOAL, toolsets: [], images }] }, { routing })).toEqual([
      'tasks[0].images ABILITY_MISSING',
    ]);
  });
});

describe('toolsets', () => {
  const over = { toolsets: ['read', 'write', 'mcp:docs'], available: ['read', 'write', 'terminal'] };

  test.each<[readonly string[] | undefined, string]>([
    [undefined, ''],
    [[], ''],
    [['read'], ''],
    [['read', 'write'], ''],
    [['terminal'], 'The toolset "terminal" is refused: delegation.toolsets does not allow it to children.'],
    [['mcp:docs'], 'The toolset "mcp:docs" is refused: it is not available here.'],
    [['files'], 'The toolset "files" is refused: there is no such toolset.'],
    [['mcp:'], 'The toolset "mcp:" is refused: there is no such toolset.'],
  ])('asking for %j: %s', (toolsets, message) => {
    const task = { goal: GOAL, ...(toolsets === undefined ? {} : { toolsets }) };
    expect(issuesOf(() => planCall({ tasks: [task] }, context(over)))[0]?.message ?? '').toBe(message);
  });

  test('the nearest toolset is suggested, and those that may be had are listed', () => {
    const [near, far] = issuesOf(() =>
      planCall({ tasks: [{ goal: GOAL, toolsets: ['reads', 'xyz'] }] }, context(over)),
    );
    expect(near?.hint).toBe('Did you mean "read"?');
    expect(far?.hint).toBe('Children may have read, write.');
  });

  test('so is the nearest MCP server', () => {
    const servers = { toolsets: ['read', 'mcp:docs'], available: ['read', 'mcp:docs'] };
    const tasks = [{ goal: GOAL, toolsets: ['mcp:dosc', 'mcp:calendar'] }];
    const [near, far] = issuesOf(() => planCall({ tasks }, context(servers)));
    expect(near).toMatchObject({ code: 'TOOLSET_DENIED', hint: 'Did you mean "mcp:docs"?', suggestions: ['mcp:docs'] });
    expect(far).toMatchObject({ code: 'TOOLSET_DENIED', hint: 'Children may have read, mcp:docs.' });
  });
});

describe('budgets', () => {
  test('of task, call and config the lowest of each kind holds', () => {
    const over = { budget: { usd: 5, tokens: 1_000 } };
    const args = {
      budget: { usd: 3, turns: 50 },
      tasks: [{ goal: GOAL, budget: { usd: 9, turns: 8 } }, { goal: GOAL }],
    };
    expect(preflight(spawn(args), context(over)).map(({ budget }) => budget)).toEqual([
      { usd: 3, tokens: 1_000, turns: 8 },
      { usd: 3, tokens: 1_000, turns: 50 },
    ]);
  });
});

describe('budgets in USD and prices', () => {
  test('a budget of a task that call or config allow less of is lowered, and the receipt says so', () => {
    const over = { budget: { tokens: 10 } };
    const [plan] = preflight(spawn({ tasks: [{ goal: GOAL, budget: { tokens: 99, turns: 3 } }] }), context(over));
    expect(plan).toMatchObject({ budget: { tokens: 10, turns: 3 }, notes: ['budget: 99 tokens lowered to 10'] });
  });

  test('a route without a known price cannot keep one, and neither can a fallback (F51, F52)', () => {
    const args = { tasks: [{ goal: GOAL, provider: 'lab', budget: { usd: 1 } }] };
    expect(refusals(args)).toEqual(['tasks[0].budget BUDGET_EXCEEDED']);
    const routing = { parent: { provider: 'openai' }, fallback: [{ provider: 'lab' }] };
    expect(refusals({ budget: { usd: 1 }, goal: GOAL }, { routing })).toEqual(['tasks[0].budget BUDGET_EXCEEDED']);
    expect(refusals({ tasks: [{ goal: GOAL, provider: 'lab', budget: { tokens: 5 } }] })).toEqual([]);
    const free = { provider: 'openrouter', model: 'meta-llama/llama-3.3-70b:free', toolsets: [], budget: { usd: 1 } };
    expect(refusals({ tasks: [{ goal: GOAL, ...free }] })).toEqual([]);
  });

  test('neither can it keep a daily budget; a price of zero is a price (F52)', () => {
    const over = { daily_usd: 20 };
    expect(refusals({ tasks: [{ goal: GOAL, provider: 'lab' }] }, over)).toEqual(['tasks[0] BUDGET_EXCEEDED']);
    const routing = { parent: { provider: 'openai' }, fallback: [{ provider: 'lab' }] };
    expect(refusals({ goal: GOAL }, { routing, ...over })).toEqual(['tasks[0] BUDGET_EXCEEDED']);
    const free = { provider: 'openrouter', model: 'meta-llama/llama-3.3-70b:free', toolsets: [] };
    expect(refusals({ tasks: [{ goal: GOAL, ...free }, { goal: GOAL }] }, over)).toEqual([]);
  });
});

describe('explain', () => {
  test('it tells layers, winners, steps, price and concurrency, and is plain JSON', () => {
    const call = spawn({
      model: 'claude-opus-4-5',
      tasks: [
        { goal: 'g'.repeat(500) },
        { goal: GOAL, provider: 'lab', reasoning_effort: 'low' },
        { goal: GOAL, model: 'gpt-5', budget: { usd: 0.01 } },
      ],
    });
    const explanation = explainCall(call, context({ limits: { max_concurrent_children: 2 } }));
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
    expect(explanation.concurrency).toEqual({
      tasks: 3,
      at_once: 2,
      queued: 1,
      max_concurrent_children: 2,
      providers: [],
    });
    const [first, second, third] = explanation.tasks;
    expect(first?.goal).toHaveLength(120);
    expect(first?.layers).toEqual([
      { layer: 'task', won: [] },
      { layer: 'call', said: { model: 'claude-opus-4-5' }, won: ['model'] },
      { layer: 'config', won: [] },
      { layer: 'parent', said: { provider: 'openai', model: 'gpt-5' }, won: [] },
    ]);
    expect(first?.source).toEqual({ provider: 'catalog', model: 'call' });
    expect(second?.layers[0]).toEqual({
      layer: 'task',
      said: { provider: 'lab', reasoning_effort: 'low' },
      won: ['provider', 'reasoning_effort'],
    });
    expect(second?.price).toEqual({ complete: false });
    expect(second?.toolsets).toEqual(['read']);
    expect(third?.price.high_usd).toBe(0.01);
    expect(explanation.price.complete).toBe(false);
    expect(first?.steps.length).toBeGreaterThan(2);
  });

  test('it refuses what delegate refuses', () => {
    expect(issuesOf(() => explainCall(spawn({ goal: GOAL, model: 'nope' }), context()))).toHaveLength(1);
  });
});

test('control actions are read and need no route', () => {
  expect(planCall({ action: 'stop', id: 't_1' }, context({ routing: {} }))).toEqual({
    call: { action: 'stop', id: 't_1' },
  });
  expect(refusals({ action: 'stop' })).toEqual(['id REQUEST_INVALID']);
});
