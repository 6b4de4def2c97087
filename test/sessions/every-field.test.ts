import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createYardmaster } from '../../src/index.ts';
import { type ProviderServer, type SeenRequest, startProvider } from '../../src/testing.ts';
import { sandbox } from '../sandbox.ts';

/**
 * From the parent model's raw tool call to the bytes at each child's provider, for every field that the parent's own
 * request shows in the schema of `delegate_task`. A field that is added there and not tried here fails.
 */

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

type Args = Record<string, unknown>;

/** What the world shows of one call. */
interface Evidence {
  /** What the parent read as the call's result. */
  readonly result: string;
  /** Requests of the children whose goal has the step's mark, at their providers. */
  readonly seen: readonly (SeenRequest & { readonly at_provider: string })[];
}

/** One call of the parent. `tries`: the fields it tries, as `top.x` or `task.x`. */
interface Step {
  readonly tries: readonly string[];
  /** `before`: what the call before gave. */
  readonly call: (before: string) => Args;
  readonly mark?: string;
  readonly check: (evidence: Evidence) => void;
}

const only = ({ seen }: Evidence): Evidence['seen'][number] => {
  expect(seen).toHaveLength(1);
  return seen[0]!;
};
const body = (request: SeenRequest): Args => request.json as Args;

/** Fields that shape a child's request: tried inside `tasks[]`, and beside it where they may stand there. */
const SHAPING: Record<string, { readonly value: unknown; readonly check: (evidence: Evidence) => void }> = {
  context: {
    value: 'the canary fact',
    check: (evidence) => expect(only(evidence).texts[0]).toContain('the canary fact'),
  },
  model: { value: 'second', check: (evidence) => expect(only(evidence).model).toBe('second') },
  provider: { value: 'other', check: (evidence) => expect(only(evidence).at_provider).toBe('other') },
  reasoning_effort: {
    value: 'high',
    check: (evidence) => expect(only(evidence).effort).toEqual({ reasoning_effort: 'high' }),
  },
  route: {
    value: 'special',
    check: (evidence) => expect(only(evidence)).toMatchObject({ at_provider: 'other', model: 'special-model' }),
  },
  output_schema: {
    value: { type: 'object', properties: { canary_property: { type: 'string' } } },
    check: (evidence) => expect(only(evidence).texts[0]).toContain('canary_property'),
  },
  images: {
    value: [`data:image/png;base64,${PIXEL}`],
    check: (evidence) => expect(only(evidence).body).toContain(PIXEL),
  },
  toolsets: {
    value: ['write'],
    check: (evidence) =>
      expect(
        only(evidence)
          .tools.map(({ name }) => name)
          .sort(),
      ).toEqual(['edit_file', 'write_file']),
  },
  worktree: { value: true, check: (evidence) => expect(only(evidence).texts[0]).toContain('git worktree') },
  budget: {
    value: { tokens: 9_000 },
    check: (evidence) =>
      expect(body(only(evidence)).max_tokens ?? body(only(evidence)).max_completion_tokens).toBeLessThan(9_000),
  },
  timeout_seconds: { value: 0.2, check: ({ result }) => expect(result).toContain('· timeout ·') },
};
const INSIDE_ONLY = ['images', 'toolsets'];

const idIn = (text: string): string => /\b[dt]_\w+/.exec(text)?.[0] ?? 'd_none';

function steps(): Step[] {
  const shaping = Object.entries(SHAPING).flatMap(([field, { value, check }]): Step[] => {
    const hangs = field === 'timeout_seconds' ? ' HANG' : '';
    const goal = (place: string): string => `Try ${field} at the ${place}.${hangs}`;
    const inside: Step = {
      tries: ['top.tasks', 'task.goal', `task.${field}`],
      mark: goal('task'),
      call: () => ({ tasks: [{ goal: goal('task'), [field]: value }] }),
      check,
    };
    if (INSIDE_ONLY.includes(field)) return [inside];
    return [
      inside,
      {
        tries: [`top.${field}`],
        mark: goal('top'),
        call: () => ({ tasks: [{ goal: goal('top') }], [field]: value }),
        check,
      },
    ];
  });
  let steered = '';
  let stopped = '';
  return [
    ...shaping,
    {
      tries: ['top.goal'],
      mark: 'Try a goal at the top.',
      call: () => ({ goal: 'Try a goal at the top.' }),
      check: (evidence) => expect(only(evidence).texts[0]).toContain('Try a goal at the top.'),
    },
    {
      tries: ['top.dry_run'],
      mark: 'Try to be explained.',
      call: () => ({ goal: 'Try to be explained.', dry_run: true }),
      check: ({ result, seen }) => {
        expect(seen).toEqual([]);
        expect(JSON.parse(result)).toMatchObject({ kind: 'explanation', tasks: [{ route: { provider: 'lab' } }] });
      },
    },
    {
      tries: ['top.background'],
      call: () => ({ goal: 'Try to be steered. GATE', background: true }),
      check: ({ result }) => expect(result).toMatch(/in the background: delegation d_/),
    },
    {
      tries: ['top.action', 'top.action:status', 'top.id'],
      call: (before) => {
        steered = idIn(before);
        return { action: 'status', id: steered };
      },
      check: ({ result }) => expect(result).toMatch(/"status":"(queued|running)"/),
    },
    {
      tries: ['top.action:steer', 'top.message'],
      call: () => ({ action: 'steer', id: steered, message: 'the canary word' }),
      check: ({ result }) => expect(result).toContain('"state":"queued"'),
    },
    {
      tries: ['top.action:wait'],
      mark: 'Try to be steered.',
      call: () => ({ action: 'wait', id: steered }),
      check: ({ result, seen }) => {
        expect(result).toContain('· completed ·');
        expect(seen.at(-1)?.texts.at(-1)).toBe('the canary word');
      },
    },
    {
      tries: ['top.action:spawn', 'top.background'],
      call: () => ({ action: 'spawn', goal: 'Try to be stopped. HANG', background: true }),
      check: ({ result }) => expect(result).toMatch(/in the background: delegation d_/),
    },
    {
      tries: ['top.wait_seconds'],
      call: (before) => {
        stopped = idIn(before);
        return { action: 'wait', id: stopped, wait_seconds: 0 };
      },
      check: ({ result }) => expect(result).toMatch(/"status":"(queued|running)"/),
    },
    {
      tries: ['top.action:list'],
      call: () => ({ action: 'list' }),
      check: ({ result }) => expect(result).toContain(stopped),
    },
    {
      tries: ['top.action:stop'],
      call: () => ({ action: 'stop', id: stopped }),
      check: ({ result }) => expect(result).toContain('"status":"cancelled"'),
    },
  ];
}

interface World {
  readonly script: readonly Step[];
  readonly config: object;
  readonly parent: ProviderServer;
  evidence(index: number): Evidence;
}

/** A parent whose model makes the calls of the script, one a turn, and children at two other providers. */
async function world(script: readonly Step[]): Promise<World> {
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const child = async (seen: SeenRequest): Promise<object> => {
    const [goal = ''] = seen.texts;
    if (goal.includes('HANG')) return { hang: true };
    if (!goal.includes('GATE') || seen.turn > 0) return { text: '{}' };
    await gate;
    return { tool_calls: [{ name: 'list_files', arguments: { path: '.' } }] };
  };
  const lab = await startProvider({ wire: 'openai-chat', reply: child });
  const other = await startProvider({ wire: 'openai-responses', reply: child });
  const results: string[] = [];
  const parent = await startProvider({
    wire: 'anthropic-messages',
    key: 'sk-parent-0123456789',
    reply(seen) {
      const before = seen.tool_results[0]?.content ?? '';
      // The answers so far are the calls so far: what came back last is the result of the one before.
      if (seen.turn > 0 && seen.turn <= script.length) results[seen.turn - 1] ??= before;
      const step = script[seen.turn];
      if (step === undefined) return { text: 'All tried.' };
      const args = step.call(before) as never;
      if (script[seen.turn - 1]?.tries.includes('top.message')) open();
      return { tool_calls: [{ name: 'delegate_task', arguments: args }] };
    },
  });
  onTestFinished(async () => {
    open();
    await Promise.all([lab.close(), other.close(), parent.close()]);
  });
  const facts = { max_output: 32_000, reasoning: ['low', 'medium', 'high'], vision: true, tools: true };
  return {
    script,
    parent,
    config: {
      model: { provider: 'boss', model: 'thinker' },
      providers: {
        boss: {
          base_url: parent.base_url,
          wire: parent.wire,
          key_env: 'BOSS_KEY',
          models: ['thinker'],
          simulated: true,
        },
        lab: {
          base_url: lab.base_url,
          wire: lab.wire,
          auth: 'none',
          models: [
            { id: 'first', ...facts },
            { id: 'second', ...facts },
          ],
          simulated: true,
        },
        other: {
          base_url: other.base_url,
          wire: other.wire,
          auth: 'none',
          models: ['only', 'special-model'],
          default_model: 'only',
          simulated: true,
        },
      },
      routes: { special: { provider: 'other', model: 'special-model', description: 'for the canary' } },
      delegation: { provider: 'lab', model: 'first', toolsets: ['read', 'write'] },
      toolsets: ['read', 'write'],
    },
    evidence(index) {
      const { mark } = script[index]!;
      const seen = [lab, other].flatMap((server) =>
        server.requests
          .filter(({ texts }) => mark !== undefined && texts[0]?.includes(mark) === true)
          .map((request) => ({ ...request, at_provider: server === lab ? 'lab' : 'other' })),
      );
      return { result: results[index] ?? '', seen };
    },
  };
}

/** A folder with a commit, so that worktrees can be had. */
function repository(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.txt'), 'a');
  const git = (...args: string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: folder, stdio: 'ignore' });
  git('init');
  git('add', '.');
  git('commit', '-m', 'first');
  return folder;
}

function temporary(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-')));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return repository(join(root, 'work'));
}

const FORMS: Record<string, (at: World) => Promise<void>> = {
  async library({ config }) {
    const cwd = temporary();
    await using yard = await createYardmaster({
      cwd,
      config,
      store: 'memory',
      env: { ...process.env, BOSS_KEY: 'sk-parent-0123456789', YARDMASTER_HOME: join(cwd, '../home') },
    });
    const session = await yard.session();
    expect(await session.send('Try everything.')).toMatchObject({ status: 'completed', text: 'All tried.' });
    await session.idle();
  },
  async chat({ config }) {
    const cwd = temporary();
    await using yard = await createYardmaster({
      cwd,
      config,
      env: { ...process.env, BOSS_KEY: 'sk-parent-0123456789', YARDMASTER_HOME: join(cwd, '../home') },
    });
    const heard: string[] = [];
    const session = await yard.session({
      origin: 'chat',
      on: ({ type }) => heard.push(type),
      ask: async () => 'deny',
    });
    expect(await session.send('Try everything.')).toMatchObject({ status: 'completed', text: 'All tried.' });
    await session.idle();
    // What was stopped in the background came back as a message of its own.
    expect(heard.filter((type) => type === 'reply-start')).toHaveLength(2);
  },
  async run({ config }) {
    using box = sandbox(config, { BOSS_KEY: 'sk-parent-0123456789' });
    repository(box.cwd);
    const { code, stdout, stderr } = await box.run(['run', 'Try everything.']);
    expect(stderr).not.toContain('REQUEST_INVALID');
    expect(stdout).toContain('All tried.');
    expect(code).toBe(0);
  },
};

// Some forty calls in a row, in one session: on a busy machine that takes its time.
test.each(Object.keys(FORMS))(
  'every field of the schema arrives, in the form "%s"',
  { timeout: 60_000 },
  async (form) => {
    const at = await world(steps());
    await FORMS[form]!(at);

    const [first] = at.parent.requests;
    const shown = first?.tools.find(({ name }) => name === 'delegate_task')?.parameters.properties as Record<
      string,
      Args
    >;
    const inTask = ((shown.tasks as Args).items as Args).properties as Args;
    const fields = [
      ...Object.keys(shown).map((name) => `top.${name}`),
      ...Object.keys(inTask).map((name) => `task.${name}`),
      ...((shown.action as Args).enum as string[]).map((name) => `top.action:${name}`),
    ];
    const tried = new Set(at.script.flatMap(({ tries }) => tries));
    expect([...tried].sort()).toEqual(fields.sort());

    for (const [index, step] of at.script.entries()) {
      const evidence = at.evidence(index);
      expect(evidence.result, `${step.tries.join(', ')} has a result`).not.toBe('');
      step.check(evidence);
    }
  },
);

const text = fc
  .string({ unit: 'grapheme', minLength: 12, maxLength: 60 })
  .map((value) => `Do: ${value.replace(/[\p{Cc}\p{Cs}]/gu, ' ')}`);
const request = fc.record(
  {
    context: text,
    model: fc.constantFrom('first', 'second'),
    reasoning_effort: fc.constantFrom('low', 'medium', 'high'),
    toolsets: fc.constantFrom([], ['read'], ['write'], ['read', 'write']),
    budget: fc.record({ tokens: fc.integer({ min: 5_000, max: 9_000 }) }),
  },
  { requiredKeys: [] },
);

describe('any mixture of fields', () => {
  test('reaches the child it was meant for, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 4 }),
        fc.record(
          {
            context: text,
            model: fc.constantFrom('first', 'second'),
            reasoning_effort: fc.constantFrom('low', 'high'),
          },
          { requiredKeys: [] },
        ),
        async (given, top) => {
          const tasks = given.map((fields, index) => ({ ...fields, goal: `Task number ${index} of these.` }));
          const script: Step[] = [{ tries: [], mark: 'of these.', call: () => ({ tasks, ...top }), check: () => {} }];
          const at = await world(script);
          const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-')));
          try {
            await using yard = await createYardmaster({
              cwd,
              config: at.config,
              store: 'memory',
              env: { BOSS_KEY: 'sk-parent-0123456789' },
            });
            const session = await yard.session();
            expect(await session.send('Go.')).toMatchObject({ status: 'completed' });
          } finally {
            rmSync(cwd, { recursive: true, force: true });
          }
          const { seen } = at.evidence(0);
          expect(seen).toHaveLength(tasks.length);
          for (const [index, task] of tasks.entries()) {
            const wanted = { ...top, ...task };
            const request = seen.find(({ texts }) => texts[0]?.startsWith(`Task number ${index} `))!;
            expect(request.model).toBe(wanted.model ?? 'first');
            expect(request.effort).toEqual(
              wanted.reasoning_effort === undefined ? null : { reasoning_effort: wanted.reasoning_effort },
            );
            if (wanted.context === undefined) expect(request.texts[0]).not.toContain('# Context');
            else expect(request.texts[0]).toContain(wanted.context);
            const tools: readonly string[] = task.toolsets ?? ['read', 'write'];
            expect(request.tools.some(({ name }) => name === 'read_file')).toBe(tools.includes('read'));
            expect(request.tools.some(({ name }) => name === 'write_file')).toBe(tools.includes('write'));
            const { max_tokens, max_completion_tokens = max_tokens } = body(request);
            if (task.budget !== undefined) expect(max_completion_tokens).toBeLessThan(task.budget.tokens);
          }
        },
      ),
      { numRuns: 8 },
    );
  });
});
