import { compacted, historyOf } from '../core/history.ts';
import type { Message } from '../core/provider.ts';
import { type Agent, journal } from './agent.ts';
import { tokensAtMost } from './limits/budget.ts';
import { reopen } from './reopen.ts';

/** What may be kept, mildest first: so many of the newest turns whole, and so many characters of each older result. */
const STEPS = [
  { keep: 2, chars: 1_000 },
  { keep: 1, chars: 1_000 },
  { keep: 0, chars: 4_000 },
  { keep: 0, chars: 500 },
];
/** Of its window, or of what it was where that is unknown, the conversation shall take up at most this much. */
const ROOM = 0.6;

/** Part of the window that is kept for the answer. */
const ANSWER = 1 / 16;

/** Whether the next request leaves, by what is known, too little of its own route's window for an answer. */
export function isOverlong({ route, context, compacted }: Agent): boolean {
  return route.context !== undefined && context > route.context * (1 - ANSWER) && !compacted;
}

/** Tokens the window has left for the answer; undefined: more than the model may write, or not known. */
export function roomLeft({
  route: { context: window, max_output },
  context,
}: Pick<Agent, 'route' | 'context'>): number | undefined {
  if (window === undefined || context + (max_output ?? 0) <= window) return undefined;
  return Math.max(Math.floor(window * ANSWER), window - context);
}

/**
 * Shortens what older tool calls gave, once in a child's life: written down, so that the journal stays the
 * conversation. Resolves false when that was done before, or there is nothing to shorten.
 */
export async function compact(agent: Agent): Promise<boolean> {
  const { route, base, tally } = agent;
  if (agent.compacted) return false;
  await journal(agent);
  const [, ...whole] = historyOf(await agent.steps.read(), { portable: false });
  const turns = whole.filter(({ role }) => role === 'assistant').length;
  const before = tokensOf(whole);
  const room = ROOM * (route.context ?? base + before) - base;
  const shortened = STEPS.filter(({ keep }) => keep < turns || keep === 0).map(({ keep, chars }) => {
    const cut = { turns: turns - keep, chars };
    return { cut, tokens: tokensOf(compacted(whole, cut)) };
  });
  const { cut, tokens } = shortened.find((step) => step.tokens <= room) ?? shortened.at(-1)!;
  if (tokens >= before) return false;
  agent.compacted = true;
  agent.unwritten.push({ kind: 'compaction', ...cut });
  await journal(agent);
  const note = `compacted: what tools gave in the first ${cut.turns} turns was shortened to ${cut.chars} characters each, because the conversation had outgrown the window`;
  tally.notes.push(note);
  agent.transcript?.write('note', note);
  await reopen(agent);
  agent.context = base + tokens;
  return true;
}

/** At most; images are not counted. */
export function tokensOf(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + tokensIn(message), 0);
}

function tokensIn(message: Message): number {
  if (message.role === 'user') return tokensAtMost(message.text);
  if (message.role === 'tool') return message.results.reduce((sum, { content }) => sum + tokensAtMost(content), 0);
  const { text, reasoning, tool_calls } = message.answer;
  return tool_calls.reduce(
    (sum, call) => sum + tokensAtMost(call.arguments),
    tokensAtMost(text) + tokensAtMost(reasoning),
  );
}
