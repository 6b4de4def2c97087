import { type Ending, endingOfError } from '../../core/ending.ts';
import type { TaskEvent } from '../../core/events.ts';
import { HANDED_BACK_CHARS, handBack } from '../../core/hand-back.ts';
import { historyOf } from '../../core/history.ts';
import type { Message } from '../../core/provider.ts';
import type { DelegationResult, TaskResult } from '../../core/result.ts';
import type { Reply, SessionEvent, SessionRoute } from '../../core/session.ts';
import type { SessionEntry } from '../../core/session-log.ts';
import type { TaskPlan } from '../../core/store.ts';
import type { Agent } from '../agent.ts';
import { runTurns } from '../agent-loop.ts';
import { tokensOf } from '../compact.ts';
import { resultOf } from '../finish.ts';
import { createTally, type Tally } from '../limits/tally.ts';
import { reopen } from '../reopen.ts';
import { tellDeltas } from '../tell-deltas.ts';
import { type Parent, type Said, said, stepsIn } from './parent.ts';
import { spentIn } from './spend.ts';

/** What a reply answers to. */
export interface Prompt {
  /** Absent: nobody said anything, only results have come. */
  readonly message?: Said;
  /** Of background delegations. */
  readonly results: readonly DelegationResult[];
  /** What is to be written down before. */
  readonly before: readonly SessionEntry[];
}

/**
 * Has the parent answer and gives the end of its reply, whatever it is. Rejects only when what was said could not be
 * saved: then nothing was sent. The controller aborts with a `StopCause`.
 */
export async function makeReply(
  parent: Parent,
  { message, results, before }: Prompt,
  { on, controller }: { readonly on: SessionRoute; readonly controller: AbortController },
): Promise<Reply> {
  const { deps, record, emit } = parent;
  const started_at = deps.clock.now();
  const messages = [...results.map((result) => said(resultsText(result))), ...(message === undefined ? [] : [message])];
  await record.append([
    ...before,
    ...messages.map((each) => ({ kind: 'message', message: each }) as const),
    ...results.map(({ delegation_id }) => ({ kind: 'delivered', delegation_id }) as const),
  ]);
  for (const { delegation_id } of results) await deps.store.acknowledge(delegation_id).catch(() => {});
  const text = message?.text ?? '';
  emit?.({ type: 'reply-start', cause: message === undefined ? 'results' : 'user', text, results });

  const { route, requested, source, notes } = on;
  const plan: TaskPlan = { id: parent.id, index: 0, input: { goal: text }, requested, route, source, notes };
  const tally = createTally();
  const { signal } = controller;
  let agent: Agent | undefined;
  let ending: Ending;
  try {
    agent = await openAgent(parent, plan, { messages, tally, signal, on });
    ending = await runTurns(agent);
  } catch (error) {
    ending = endingOfError(error, 1);
  }
  const unwritten: SessionEntry[] = agent?.unwritten ?? [];
  if (signal.aborted) {
    ending = { ...ending, error: { code: 'CANCELLED', message: 'The reply was interrupted.', hint: '' } };
    unwritten.push(...(await whatIsThere(parent, unwritten)), interruption(tally.text));
  }
  keep(parent, agent, { on, whole: ending.status === 'completed' });

  const { redact, filter, settings, clock } = deps;
  const total_ms = clock.now() - started_at;
  const end = { ending, tally, transcript: undefined, queued_ms: 0, total_ms };
  let reply = replyOf(await resultOf({ redact, filter, settings }, plan, end), filter(tally.text));
  parent.spending.addReply(reply);
  try {
    await record.append([...unwritten, { kind: 'reply-end', own: spentIn(reply), spend: parent.spending.total }]);
  } catch (error) {
    // What a later reply would be made from is not what was said.
    const { error: unsaved = reply.error } = endingOfError(error, 1);
    reply = { ...reply, status: 'partial', exit_reason: 'error', ...(unsaved && { error: unsaved }) };
  }
  emit?.({ type: 'reply-end', reply });
  return reply;
}

/** The parent for one reply: in the conversation as it stands, or, where that is not on this route, in one read back. */
async function openAgent(
  parent: Parent,
  plan: TaskPlan,
  {
    messages,
    tally,
    signal,
    on,
  }: {
    readonly messages: readonly Message[];
    readonly tally: Tally;
    readonly signal: AbortSignal;
    readonly on: SessionRoute;
  },
): Promise<Agent> {
  const { id, deps, own, tools, setup, tokens, authors, record, emit, conversation: open } = parent;
  const { route } = plan;
  const { limits } = deps.settings;
  const tell = emit && ((event: TaskEvent) => emit(event as SessionEvent));
  const deltas = tell && tellDeltas(tell, deps.filterDeltas);
  const history = historyOf(stepsIn(record.entries), { portable: false });
  const [first = said('')] = history;
  const goesOn = open !== undefined && parent.spoken === on;
  if (!authors.includes(route)) authors.push(route);
  const agent: Agent = {
    deps,
    plan,
    batch: id,
    steps: { append: record.append, read: async () => stepsIn(record.entries) },
    own,
    tools,
    setup,
    ledgers: deps.daily === undefined ? [] : [deps.daily],
    sending: {
      signal,
      first_token_timeout_ms: limits.first_token_timeout_seconds * 1000,
      idle_timeout_ms: limits.idle_timeout_seconds * 1000,
      ...deltas?.listener,
    },
    first,
    tally,
    ...(tell && { tell }),
    ...(deltas && { endDeltas: deltas.end }),
    permit: parent.permit(signal),
    authors,
    route,
    conversation: goesOn ? open : (await deps.providerFor(route)).open(route, setup),
    context: goesOn ? parent.context + tokensOf(messages) : tokens + tokensOf(history),
    base: tokens + tokensOf([first]),
    compacted: false,
    unwritten: [],
  };
  if (goesOn) for (const message of messages) agent.conversation.append(message);
  else await reopen(agent);
  return agent;
}

/** The conversation stays open for the next reply when it holds all that was said, on the session's own route. */
function keep(
  parent: Parent,
  agent: Agent | undefined,
  { on, whole }: { readonly on: SessionRoute; readonly whole: boolean },
): void {
  delete parent.conversation;
  const last = agent?.unwritten.findLast((entry) => entry.kind === 'answer');
  if (agent === undefined || last === undefined) return;
  const { usage } = last.answer;
  parent.filled = usage && usage.input > 0 ? usage.input + usage.output : undefined;
  if (!whole || agent.route !== on.route) return;
  agent.conversation.append({ role: 'assistant', answer: last.answer });
  parent.conversation = agent.conversation;
  parent.spoken = on;
  parent.context = parent.filled ?? agent.context + tokensOf([{ role: 'assistant', answer: last.answer }]);
}

/** What the calls gave that the interruption ended and that are waited for: what their children had by then. */
async function whatIsThere(parent: Parent, unwritten: readonly SessionEntry[]): Promise<readonly SessionEntry[]> {
  const entries: SessionEntry[] = [];
  for (const [id, { name, outcome }] of parent.foreground) {
    const { content, is_error } = await outcome;
    if (unwritten.some((entry) => entry.kind === 'tool-end' && entry.result.id === id)) continue;
    const result = { id, name, content: parent.deps.filter(content), is_error };
    entries.push({ kind: 'tool-end', result, ms: 0 });
    parent.emit?.({ type: 'tool-end', tool: name, call_id: id, is_error, ms: 0 });
  }
  parent.foreground.clear();
  return entries;
}

function interruption(text: string): SessionEntry {
  const so_far = text.trim() === '' ? '' : ` You had written so far:\n\n${text}`;
  return { kind: 'message', message: said(`[The person interrupted you here.]${so_far}`) };
}

/** With a frame of its own, so that no word of a child passes for the person's. */
function resultsText(result: DelegationResult): string {
  return `[The delegation ${result.delegation_id} has ended. This message is not from the person.]\n\n${handBack(result, HANDED_BACK_CHARS)}`;
}

function replyOf(result: TaskResult, text: string): Reply {
  const { status, error, route, usage, cost, by_route, turns, tool_calls, timing, exit_reason } = result;
  return {
    text,
    status,
    ...(error && { error }),
    route,
    usage,
    cost,
    ...(by_route && { by_route }),
    turns,
    tool_calls,
    timing,
    exit_reason,
  };
}
