import { visibleWidth as screenWidth } from '@earendil-works/pi-tui';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DelegationEvent } from '../../core/events.ts';
import type { SessionEvent } from '../../core/session.ts';
import { createTaskRows } from '../render/task-rows.ts';
import { createConversation } from './conversation.ts';
import { RAW, receipt, reply, route, theme } from './test-session.ts';

function conversation(...events: readonly SessionEvent[]) {
  let time = 0;
  const now = () => time;
  const children = createTaskRows(theme.paint, now);
  const view = createConversation({ theme, now, children });
  const on = (event: SessionEvent): void => {
    time += 1000;
    if (event.type === 'child') children.on(event.event);
    view.on(event);
  };
  for (const event of events) on(event);
  return { ...view, on, shown: (width = 80) => plainLines(view.render(width)) };
}

/** Without weight and dimness. */
function plainLines(lines: readonly string[]): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how they are written.
  return lines.map((line) => line.replace(/\u001b\[[\d;]*m/g, '').trimEnd());
}

const said = (text: string): SessionEvent => ({ type: 'reply-start', cause: 'user', text, results: [] });
const turn = (n = 1): SessionEvent => ({ type: 'turn-start', turn: n });
const text = (delta: string): SessionEvent => ({ type: 'text-delta', text: delta });
const end: SessionEvent = { type: 'reply-end', reply };

describe('the conversation on screen', () => {
  test('shows what was said, what tools did, the answer and its receipt', () => {
    const { shown } = conversation(
      said('Read it.'),
      turn(),
      { type: 'reasoning-delta', text: 'I should read.' },
      { type: 'tool-start', tool: 'read_file', call_id: 'c1', about: 'README.md' },
      { type: 'tool-start', tool: 'read_file', call_id: 'c2', about: 'nope.md' },
      { type: 'tool-end', tool: 'read_file', call_id: 'c1', is_error: false, ms: 12 },
      { type: 'tool-end', tool: 'read_file', call_id: 'c2', is_error: true, ms: 3 },
      turn(2),
      text('It says **much**.'),
      end,
    );
    expect(shown()).toEqual([
      '❯ Read it.',
      '',
      '▸ thought for 1.0 s',
      '',
      '✔ read_file 12 ms README.md',
      '✘ read_file 3 ms nope.md failed',
      '',
      'It says much.',
      '',
      'served small-1 ✔ match simulated · 2 turns · 1.2k in, 300 out · $0.0012 · 3.1 s',
    ]);
  });

  test('unfolds what was thought, and folds it again', () => {
    const { shown, fold } = conversation(said('x'), { type: 'reasoning-delta', text: 'First this.' }, end);
    expect(shown()).not.toContain('  First this.');
    fold();
    expect(shown()).toContain('  First this.');
    fold();
    expect(shown()).not.toContain('  First this.');
  });

  test('says of an interrupted reply that it was, and of its open calls', () => {
    const { shown } = conversation(
      said('x'),
      text('Half of'),
      { type: 'tool-start', tool: 'run_command', call_id: 'c', about: 'sleep 9' },
      {
        type: 'reply-end',
        reply: { ...reply, status: 'partial', error: { code: 'CANCELLED', message: '', hint: '' } },
      },
    );
    expect(shown()).toContain('◐ run_command sleep 9 interrupted');
    expect(shown()).toContain('Half of');
    expect(shown()).toContain('Interrupted. What was said until then is kept.');
  });

  test('shows an error with what to do about it', () => {
    const error = {
      code: 'SERVED_MISMATCH',
      message: '"a" was asked and "b" served.',
      hint: 'Ask your provider.',
    } as const;
    const { shown } = conversation(said('x'), { type: 'reply-end', reply: { ...reply, status: 'failed', error } });
    expect(shown().join('\n')).toContain('error SERVED_MISMATCH "a" was asked and "b" served.\n  → Ask your provider.');
  });

  test('shows a delegation that ended with every child, and that results arrived', () => {
    const of = { delegation_id: 'd_1', task_id: 't_1', depth: 1, index: 0, route };
    const source = { provider: 'call', model: 'task' } as const;
    const result = {
      index: 0,
      id: 't_1',
      status: 'completed',
      summary: 'Seen.',
      route: receipt,
      usage: reply.usage,
      cost: reply.cost,
      turns: 1,
      tool_calls: 0,
      timing: { queued_ms: 0, total_ms: 10 },
      exit_reason: 'answered',
      artifacts: [],
    } as const;
    const events: DelegationEvent[] = [
      { ...of, type: 'task-queued', goal: 'Look around', source, notes: [] },
      { ...of, type: 'task-start' },
      { ...of, type: 'task-end', result },
      { type: 'delegation-end', delegation_id: 'd_1', depth: 1, duration_ms: 1200 },
    ];
    const results = [{ delegation_id: 'd_1', results: [result], usage: reply.usage, cost: reply.cost, duration_ms: 1 }];
    const { shown } = conversation(...events.map((event): SessionEvent => ({ type: 'child', event })), {
      type: 'reply-start',
      cause: 'results',
      text: '',
      results,
    });
    expect(shown(120).join('\n')).toMatch(
      /children of d_1, 1\.2 s\n.*\n✔ Look around +lab\/small-1 simulated.*served small-1 ✔/,
    );
    expect(shown(120).at(-1)).toBe(
      '◆ Results of a background child arrived 1 completed · d_1 · the model reads them now',
    );
  });

  test('shows a resumed conversation, and how much of it is left out', () => {
    const view = conversation();
    const answer = {
      text: 'It is there.',
      reasoning: '',
      tool_calls: [{ id: 'c', name: 'read_file', arguments: '{"path":"a"}' }],
      stop: 'end',
      sent: { model: 'small-1', reasoning: null },
      first_token_ms: 1,
      notes: [],
    } as const;
    const results = [{ id: 'c', name: 'read_file', content: '', is_error: false }];
    const round = [
      { role: 'user', text: 'Where?' },
      { role: 'assistant', answer },
      { role: 'tool', results },
    ] as const;
    view.replay(Array.from({ length: 30 }, () => round).flat());
    expect(view.shown().slice(0, 7)).toEqual([
      '… 30 earlier messages',
      '',
      '❯ Where?',
      '',
      'It is there.',
      '',
      '✔ read_file {"path":"a"}',
    ]);
  });

  test('a pasted megabyte takes a few lines, and says that all was sent', () => {
    const { shown } = conversation(said('word '.repeat(200_000)));
    expect(shown().length).toBeLessThan(20);
    expect(shown().at(-1)).toMatch(/… 99\d,\d+ more characters of 1 line, all sent/);
  });

  test('no control character of a model, a tool or a provider reaches the terminal, however it is cut', () => {
    const evil = fc.array(
      fc.oneof(
        fc.string(),
        fc.constantFrom(
          '\u001b[2J',
          '\u001b]0;x\u0007',
          '\u009b31m',
          '\u202e',
          '\r',
          '\u0008',
          '&#27;[31m',
          '`',
          '\n',
          '[a](\u001b)',
        ),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(evil, evil, (parts, others) => {
        const about = others.join('');
        const { render, fold } = conversation(
          said(parts.join('')),
          ...parts.map((part): SessionEvent => ({ type: 'reasoning-delta', text: part })),
          ...parts.map(text),
          { type: 'tool-start', tool: about, call_id: 'c', about },
          { type: 'reply-end', reply: { ...reply, error: { code: 'INTERNAL', message: about, hint: about } } },
        );
        fold();
        for (const line of render(60)) expect(line).not.toMatch(RAW);
      }),
      { numRuns: 60 },
    );
  });

  test('no line is wider than the screen', () => {
    const wide = fc.string({ unit: fc.constantFrom('a', ' ', '你', '🎉', 'é', '|', '-', '\n', '`', '#', '>', '\t') });
    fc.assert(
      fc.property(wide, fc.integer({ min: 8, max: 50 }), (words, width) => {
        const { render } = conversation(said(words), { type: 'reasoning-delta', text: words }, text(words), end);
        for (const line of render(width)) expect(screenWidth(line)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 60 },
    );
  });
});
