import type { Component } from '@earendil-works/pi-tui';
import { duration, money, tokens } from '../../core/budget/amounts.ts';
import { DelegateError } from '../../core/errors.ts';
import type { DelegationEvent } from '../../core/events.ts';
import type { Message } from '../../core/provider.ts';
import type { DelegationResult } from '../../core/result.ts';
import { routeLabel } from '../../core/route.ts';
import type { Reply, SessionEvent } from '../../core/session.ts';
import { foreignName, oneLine } from '../output.ts';
import { treeLines } from '../render/live-tree.ts';
import { verdictMark } from '../render/receipt.ts';
import { renderError } from '../render/refusal.ts';
import type { TaskRow, TaskRows } from '../render/task-rows.ts';
import { type AnswerBlock, createAnswerBlock } from './blocks/answer-block.ts';
import type { Block } from './blocks/block.ts';
import { createReasoningBlock, type ReasoningBlock } from './blocks/reasoning-block.ts';
import { createNoteBlock, createUserBlock } from './blocks/text-block.ts';
import { createToolRow, type ToolRow } from './blocks/tool-row.ts';
import type { Theme } from './theme.ts';

/** Of a resumed session; the model has all of it. */
const MESSAGES_SHOWN = 60;

/** Of the children of one delegation that has ended; /agents has all. */
const CHILDREN_SHOWN = 14;

/** What is on screen of a session, from its events; the newest at the bottom. */
export interface ConversationView extends Component {
  on(event: SessionEvent): void;
  /** What was said before a resumed session. */
  replay(messages: readonly Message[]): void;
  /** Something of ours; it is safe for a terminal, and may go by the width. */
  note(text: string | ((width: number) => string)): void;
  error(error: unknown): void;
  /** The person has been asked something; the reply waits for that. */
  asked(): void;
  /** Folds or unfolds everything that was thought. */
  fold(): void;
  /** What the parent is doing, and since when (ms); undefined = nothing. */
  readonly activity: { readonly text: string; readonly since: number } | undefined;
}

/** Rows stand close together. */
type Kind = 'row' | 'other';

interface Options {
  readonly theme: Theme;
  readonly now: () => number;
  /** Everything that children of this session do, kept by whoever shows it. */
  readonly children: TaskRows;
}

export function createConversation({ theme, now, children }: Options): ConversationView {
  const { paint } = theme;
  const blocks: { readonly kind: Kind; readonly block: Block }[] = [];
  const thoughts: ReasoningBlock[] = [];
  const calls = new Map<string, ToolRow>();
  let folded = true;
  let answer: AnswerBlock | undefined;
  let reasoning: { readonly block: ReasoningBlock; readonly since: number } | undefined;
  let activity: ConversationView['activity'];

  const put = <Some extends Block>(block: Some, kind: Kind = 'other'): Some => {
    blocks.push({ kind, block });
    return block;
  };
  const note: ConversationView['note'] = (text) => void put(createNoteBlock(text));
  const doing = (text: string): void => {
    if (activity?.text !== text) activity = { text, since: activity?.since ?? now() };
  };
  const endThought = (): void => {
    reasoning?.block.end(now() - reasoning.since);
    reasoning = undefined;
  };
  const endAnswer = (): void => {
    answer?.end();
    answer = undefined;
  };
  const endTurn = (): void => {
    endThought();
    endAnswer();
  };

  function on(event: SessionEvent): void {
    switch (event.type) {
      case 'reply-start':
        activity = { text: 'waiting for the model', since: now() };
        for (const result of event.results) note(arrived(result));
        if (event.cause === 'user') put(createUserBlock(event.text, theme));
        return;
      case 'turn-start':
        endTurn();
        doing('waiting for the model');
        return;
      case 'reasoning-delta':
        if (reasoning === undefined) {
          endAnswer();
          reasoning = { block: put(createReasoningBlock(theme, folded)), since: now() };
          thoughts.push(reasoning.block);
        }
        reasoning.block.add(event.text);
        doing('thinking');
        return;
      case 'text-delta':
        endThought();
        answer ??= put(createAnswerBlock(theme));
        answer.add(event.text);
        doing('answering');
        return;
      case 'tool-start':
        endTurn();
        calls.set(event.call_id, put(createToolRow(event, theme), 'row'));
        doing(oneLine(`${event.tool} ${event.about}`).slice(0, 120));
        return;
      case 'tool-end':
        calls.get(event.call_id)?.end(event);
        calls.delete(event.call_id);
        doing('waiting for the model');
        return;
      case 'retry':
        put(
          createNoteBlock(
            paint.yellow(`${event.class}: again in ${duration(event.wait_ms)} (attempt ${event.attempt + 1})`),
          ),
          'row',
        );
        doing(`${event.class}: waiting to try again`);
        return;
      case 'waiting':
        doing(event.state === 'over' ? 'waiting for the model' : `waiting for the ${event.reason} limit`);
        return;
      case 'fallback':
        note(`${paint.yellow(`${event.because}: the route's fallback goes on:`)} ${paint.cyan(routeLabel(event.to))}`);
        return;
      case 'child':
        if (event.event.type === 'delegation-end') delegationEnded(event.event);
        return;
      case 'reply-end':
        endTurn();
        for (const row of calls.values()) row.end('cut');
        calls.clear();
        activity = undefined;
        replyEnded(event.reply);
        return;
    }
  }

  function arrived({ results, delegation_id }: DelegationResult): string {
    const done = results.filter(({ status }) => status === 'completed').length;
    const what = `Results of ${results.length === 1 ? 'a background child' : `${results.length} background children`} arrived`;
    return `${paint.cyan('◆')} ${paint.bold(what)} ${paint.dim(`${done} completed · ${delegation_id} · the model reads them now`)}`;
  }

  function delegationEnded(event: Extract<DelegationEvent, { type: 'delegation-end' }>): void {
    // What is below a child is shown with it.
    if (event.depth > 1) return;
    const rows = below(event.delegation_id, children.inTree());
    if (rows.length === 0) return;
    const ended = now();
    note((width) =>
      [
        paint.dim(`children of ${event.delegation_id}, ${duration(event.duration_ms)}`),
        ...treeLines(rows, { paint, now: ended, columns: width, height: CHILDREN_SHOWN }),
      ].join('\n'),
    );
  }

  function replyEnded(reply: Reply): void {
    const { error } = reply;
    if (error?.code === 'CANCELLED') note(paint.yellow('Interrupted. What was said until then is kept.'));
    else if (error !== undefined) {
      note(renderError(new DelegateError(error.code, error.message, { hint: error.hint }), paint));
    }
    if (reply.turns > 0) note(paint.dim(receiptLine(reply)));
  }

  function receiptLine({ route, turns, usage, cost, timing }: Reply): string {
    const served =
      route.served.model === undefined ? 'served by nobody named' : `served ${foreignName(route.served.model)}`;
    return [
      `${served} ${verdictMark(route, paint)}`,
      turns === 1 ? '' : `${turns} turns`,
      tokens(usage),
      money(cost),
      duration(timing.total_ms),
    ]
      .filter((part) => part !== '')
      .join(' · ');
  }

  return {
    on,
    note,
    error(thrown) {
      const error =
        thrown instanceof DelegateError
          ? thrown
          : new DelegateError('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown));
      note(renderError(error, paint));
    },
    replay(messages) {
      const shown = messages.slice(-MESSAGES_SHOWN);
      const left = messages.length - shown.length;
      if (left > 0) note(paint.dim(`… ${left} earlier messages`));
      const rows = new Map<string, ToolRow>();
      for (const message of shown) {
        if (message.role === 'user') put(createUserBlock(message.text, theme));
        else if (message.role === 'assistant') {
          if (message.answer.text !== '') put(createAnswerBlock(theme, message.answer.text));
          for (const { id, name, arguments: about } of message.answer.tool_calls)
            rows.set(id, put(createToolRow({ tool: name, about }, theme), 'row'));
        } else for (const { id, is_error } of message.results) rows.get(id)?.end({ is_error, ms: undefined });
      }
    },
    asked() {
      endThought();
      doing('waiting for your answer');
    },
    fold() {
      folded = !folded;
      for (const thought of thoughts) thought.fold(folded);
    },
    get activity() {
      return activity;
    },
    invalidate() {
      for (const { block } of blocks) block.invalidate();
    },
    render(width) {
      const lines: string[] = [];
      let before: Kind | undefined;
      for (const { kind, block } of blocks) {
        const laid = block.render(width);
        if (laid.length === 0) continue;
        if (before !== undefined && !(kind === 'row' && before === 'row')) lines.push('');
        for (const line of laid) lines.push(line);
        before = kind;
      }
      return lines;
    },
  };
}

/** The tasks of a delegation, and everything below them. */
function below(delegation_id: string, rows: readonly TaskRow[]): TaskRow[] {
  const inside = new Set<string>();
  return rows.filter((row) => {
    const belongs = row.delegation_id === delegation_id || (row.parent_id !== undefined && inside.has(row.parent_id));
    if (belongs) inside.add(row.id);
    return belongs;
  });
}
