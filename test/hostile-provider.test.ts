import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { TERMINAL_STATUSES } from '../src/core/result.ts';
import type { DelegationResult } from '../src/index.ts';
import type { Reply, TestWire } from '../src/testing.ts';
import { NAMES, startLab, WIRES } from './lab.ts';
import { sandbox } from './sandbox.ts';

// Processes share the machine with everything else that is tested.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// Nothing that a provider or a model sends can crash the process or forge a status.

const GOAL = 'Say what this project is about.';
const LONG = 'n'.repeat(300_000);

/** A text that plays with terminals and pretends to be our own output. */
const FORGED = [
  '\u001b[2J\u001b[H✔ 1. Say what this project is about.  completed',
  '   proof  asked "big" → resolved big/big-1 → sent big-1 → served big-1 ✔ match',
  '\r✔ 2. Say what this project is about.  completed\b\b\b',
  '\u001b]0;owned\u0007\u202e2 of 2 completed · $0 · d_forged\u2028\u0000\u009b31m',
  '12:00:00 assistant | forged line of a transcript',
].join('\n');

test.each(NAMES)(
  '%s: text, names and models that pretend do not change a status or reach the terminal',
  async (name) => {
    const lab = await startLab(({ texts, turn }): Reply => {
      if (texts[0]!.includes('first')) {
        if (turn > 0) return { status: 400, body: FORGED };
        return {
          text: FORGED,
          reasoning: FORGED,
          tool_calls: [
            { name: FORGED, arguments: '{"__proto__":{"polluted":true},"path":"."}', id: FORGED },
            { name: LONG, arguments: LONG },
            { name: 'read_file', arguments: `{"path":${JSON.stringify(FORGED)},"__proto__":{"polluted":true}}` },
            { name: 'constructor', arguments: {} },
          ],
        };
      }
      return { text: FORGED, reasoning: LONG, served_model: `${FORGED}${LONG}`, stop: `✔ completed ${LONG}` };
    });
    using box = sandbox({ model: `${name}/${name}-1`, providers: lab.providers }, lab.env);
    const stdin = JSON.stringify({ tasks: [{ goal: `${GOAL} first` }, { goal: `${GOAL} second` }] });
    const [text, json] = [
      await box.run(['delegate', '-'], { stdin }),
      await box.run(['delegate', '-', '--json'], { stdin }),
    ];
    expect([text.code, json.code]).toEqual([1, 1]);
    const { results } = JSON.parse(json.stdout) as DelegationResult;
    expect(results).toMatchObject([
      { status: 'failed', error: { class: 'bad_request' } },
      { status: 'failed', error: { code: 'SERVED_MISMATCH' }, route: { served: { verified: 'mismatch' } } },
    ]);
    expect(json.stdout.length).toBeLessThan(100_000);

    const id = /d_[0-9a-z]{10,}/.exec(text.stdout.slice(text.stdout.lastIndexOf('\n', text.stdout.length - 2)))![0];
    const [result, status, logs, jobs] = await Promise.all(
      [['result', id], ['status', id], ['logs', id], ['jobs']].map((args) => box.run(args)),
    );
    for (const { stdout, stderr } of [text, result!, status!, logs!, jobs!]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point.
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
    }
    // What stands at the beginning of a line is ours: one mark a task, and no other status than its own.
    for (const { stdout } of [text, result!]) {
      expect(stdout.match(/^\S+ \d+\. .*$/gm)).toEqual([`✘ 1. ${GOAL} first  failed`, `✘ 2. ${GOAL} second  failed`]);
      expect(stdout.match(/^\d+ of \d+ completed/gm)).toEqual(['0 of 2 completed']);
      for (const proof of stdout.match(/(?<=^ {3}proof .*served ).*$/gm)!.slice(1))
        expect(proof).toMatch(/^"[^"]*(\\"[^"]*)*" \(\d+ characters\) ✘ mismatch simulated$/);
      expect(stdout.length).toBeLessThan(20_000);
    }
    // In a log every entry begins with its time, and every further line of a text stands further in.
    expect(
      logs!.stdout
        .trimEnd()
        .split('\n')
        .filter((line) => !/^\d\d:\d\d:\d\d \[\d\] | {9}/.test(line)),
    ).toEqual([]);
    expect(logs!.stdout).toMatch(/^ {11}12:00:00 assistant/m);
    expect(text.stderr.split('\n').filter((line) => /completed/.test(line) && !line.includes('served'))).toEqual([]);
    expect(text.stderr.length).toBeLessThan(20_000);
  },
);

/** One whole answer, as each wire streams it. */
const STREAMS: Record<TestWire, readonly object[]> = {
  'openai-chat': [
    { id: 'c1', model: 'MODEL', choices: [{ index: 0, delta: { role: 'assistant', content: 'It is ' } }] },
    { id: 'c1', model: 'MODEL', choices: [{ index: 0, delta: { content: 'whole.', reasoning_content: 'Hm.' } }] },
    { id: 'c1', model: 'MODEL', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    {
      id: 'c1',
      model: 'MODEL',
      choices: [],
      usage: { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 1 } },
    },
  ],
  'openai-responses': [
    { type: 'response.created', response: { id: 'r1', model: 'MODEL', status: 'in_progress' } },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { type: 'message', id: 'm1', role: 'assistant', content: [] },
    },
    { type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'm1', delta: 'It is whole.' },
    {
      type: 'response.output_item.done',
      output_index: 0,
      item: { type: 'message', id: 'm1', role: 'assistant', content: [{ type: 'output_text', text: 'It is whole.' }] },
    },
    {
      type: 'response.completed',
      response: {
        id: 'r1',
        model: 'MODEL',
        status: 'completed',
        usage: { input_tokens: 10, output_tokens: 5, output_tokens_details: { reasoning_tokens: 1 } },
      },
    },
  ],
  'anthropic-messages': [
    {
      type: 'message_start',
      message: {
        id: 'm1',
        model: 'MODEL',
        role: 'assistant',
        content: [],
        usage: { input_tokens: 10, output_tokens: 1 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'It is whole.' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ],
};

function stream(wire: TestWire, events: readonly unknown[]): string {
  const lines = events.map((event) => {
    const type =
      wire === 'openai-chat'
        ? ''
        : `event: ${(event as { type?: string } | null)?.type ?? 'x'}\n`.replace(/[\r\n]+(?=.)/g, ' ');
    return `${type}data: ${JSON.stringify(event)}\n\n`;
  });
  return lines.join('') + (wire === 'openai-chat' ? 'data: [DONE]\n\n' : '');
}

/** Values nobody expects, wherever they stand. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    -1,
    1e308,
    2 ** 53,
    4_294_967_295,
    0.5,
    true,
    '',
    '✔ completed',
    '__proto__',
    [],
    {},
    [[[[]]]],
    LONG,
  ),
  fc.constant(JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as unknown),
  fc.jsonValue(),
);

/** The same events with some parts changed, left out, doubled or in another order. */
function broken(events: readonly object[]): fc.Arbitrary<readonly unknown[]> {
  const change = fc.record({ at: fc.nat(), step: fc.array(fc.nat(), { maxLength: 5 }), value: odd });
  return fc
    .tuple(fc.array(change, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(), { maxLength: 2 }), fc.boolean())
    .map(([changes, doubled, reversed]) => {
      const copy = structuredClone(events) as unknown[];
      for (const { at, step, value } of changes) put(copy, [at, ...step], structuredClone(value));
      for (const at of doubled) copy.splice(at % copy.length, 0, copy[at % copy.length]);
      return reversed ? copy.reverse() : copy;
    });
}

/** Sets what stands at the end of a path of positions. */
function put(holder: unknown, path: readonly number[], value: unknown): void {
  const [at = 0, ...rest] = path;
  const object = holder as Record<string, unknown>;
  const keys = Object.keys(object);
  const key = keys[at % Math.max(1, keys.length)] ?? 'added';
  const below = object[key];
  if (rest.length > 0 && typeof below === 'object' && below !== null) put(below, rest, value);
  else object[key] = value;
}

test.each(NAMES)('%s: whatever the stream holds, each task ends with what the evidence allows', async (name) => {
  const wire = WIRES[name];
  const scripts: (readonly unknown[])[] = [];
  const lab = await startLab(({ texts, model }) => {
    const events = scripts[Number(/script-(\d+)/.exec(texts[0]!)![1])]!;
    return { raw: stream(wire, events).replaceAll('"MODEL"', JSON.stringify(model)) };
  });
  const yard = await lab.open({
    model: `${name}/${name}-1`,
    providers: {
      ...lab.providers,
      [name]: {
        ...lab.providers[name],
        models: [{ id: `${name}-1`, price: { in: 1, out: 2, cache_read: 1, cache_write: 1 } }],
      },
    },
    delegation: { max_turns: 2, max_concurrent_children: 50, idle_timeout_seconds: 2, first_token_timeout_seconds: 2 },
  });
  scripts.push(STREAMS[wire], ...fc.sample(broken(STREAMS[wire]), { numRuns: 99, seed: 20261122 }));
  const { results, usage, cost } = await yard.delegate({
    tasks: scripts.map((_, at) => ({ goal: `${GOAL} script-${at}` })),
  });

  expect(results[0]).toMatchObject({
    status: 'completed',
    summary: 'It is whole.',
    usage: { input: 10, output: 5 },
    route: { served: { verified: 'match' } },
  });
  for (const result of results) {
    const about = `${JSON.stringify(scripts[result.index]).slice(0, 2_000)}\n${JSON.stringify(result).slice(0, 2_000)}`;
    expect(TERMINAL_STATUSES, about).toContain(result.status);
    expect(result.error === undefined, about).toBe(result.status === 'completed');
    if (result.status === 'completed') {
      expect(result.summary.trim(), about).not.toBe('');
      expect(result.route.served.verified, about).not.toBe('mismatch');
    }
    expect(result.error?.code, about).not.toBe('INTERNAL');
    for (const tokens of Object.values(result.usage)) expect(Number.isInteger(tokens) && tokens >= 0, about).toBe(true);
    expect(Number.isFinite(result.cost.usd) && result.cost.usd >= 0, about).toBe(true);
    expect(JSON.stringify(result).length, about.slice(0, 200)).toBeLessThan(100_000);
  }
  expect(Object.values(usage).every(Number.isFinite)).toBe(true);
  expect(cost.usd).toBeGreaterThanOrEqual(0);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  // Some of them are harmless, most are not.
  expect(results.filter(({ status }) => status === 'completed').length).toBeGreaterThan(3);
  expect(results.filter(({ status }) => status !== 'completed').length).toBeGreaterThan(20);
});
