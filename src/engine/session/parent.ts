import type { Conversation, ConversationSetup, Message } from '../../core/provider.ts';
import type { SessionEvent, SessionRoute } from '../../core/session.ts';
import type { SessionEntry } from '../../core/session-log.ts';
import type { JournalEntry } from '../../core/store.ts';
import type { ChildTools, ToolOutcome, Toolset } from '../../core/tool.ts';
import type { Agent, Author } from '../agent.ts';
import type { EngineDeps } from '../deps.ts';
import type { Spending } from './spend.ts';

/** The parent agent of a session, from reply to reply. */
export interface Parent {
  readonly id: string;
  readonly deps: EngineDeps;
  readonly own: ChildTools;
  /** Its own and `delegate_task`. */
  readonly tools: Toolset;
  readonly setup: ConversationSetup;
  /** Of prompt and tools, at most. */
  readonly tokens: number;
  readonly permit: (signal: AbortSignal) => NonNullable<Agent['permit']>;
  /** Delegations that a call of the reply under way waits for, by the call's id. */
  readonly foreground: Map<string, { readonly name: string; readonly outcome: Promise<ToolOutcome> }>;
  readonly spending: Spending;
  readonly authors: Author[];
  readonly record: Saved;
  /** Absent when nobody listens. */
  readonly emit?: (event: SessionEvent) => void;
  /** With all that was said; absent: it is to be read back from the record. */
  conversation?: Conversation;
  /** The session's route that the conversation is on. */
  spoken?: SessionRoute;
  /** Tokens the conversation takes, at most. */
  context: number;
  /** … and as the provider of the last answer counted them; undefined = it did not. */
  filled: number | undefined;
}

/** What the person, or who starts the session again, tells the parent. */
export type Said = Extract<Message, { readonly role: 'user' }>;

/** What was said and done, in memory and saved. */
interface Saved {
  readonly entries: readonly SessionEntry[];
  append(entries: readonly SessionEntry[]): Promise<void>;
}

const OF_SESSION: ReadonlySet<SessionEntry['kind']> = new Set(['route', 'delegated', 'delivered', 'reply-end']);

/** What of a record is conversation. */
export function stepsIn(entries: readonly SessionEntry[]): JournalEntry[] {
  return entries.filter((entry): entry is JournalEntry => !OF_SESSION.has(entry.kind));
}

export function said(text: string): Said {
  return { role: 'user', text };
}
