import type { TaskEvent } from '../core/events.ts';
import type { Conversation, ConversationSetup, Message, SendOptions, ToolCall } from '../core/provider.ts';
import type { Steer } from '../core/result.ts';
import type { Route, Wire } from '../core/route.ts';
import type { JournalEntry, TaskPlan, Until } from '../core/store.ts';
import type { Json } from '../core/task.ts';
import type { ChildTools, Tool, Toolset } from '../core/tool.ts';
import type { Transcript } from '../core/transcript.ts';
import type { EngineDeps } from './deps.ts';
import type { Ledger } from './limits/ledger.ts';
import type { Tally, Used } from './limits/tally.ts';

/** What an agent is told while it runs, oldest first. */
export interface Steering {
  readonly steers: Steer[];
  /** So many are in the conversation … */
  shown: number;
  /** … and so many were read by a model: an answer came after them. */
  delivered: number;
}

/** Where the steps of an agent are written, and read back from. */
export interface Steps {
  /** Throws when nothing was written; `LOST` when another process goes on with it. */
  append(entries: readonly JournalEntry[], until?: Until): Promise<void>;
  read(): Promise<readonly JournalEntry[]>;
}

/** A model that answered in a conversation. */
export interface Author {
  readonly provider: string;
  readonly model: string;
  /** Absent = not known any more. */
  readonly wire?: Wire;
}

/** What the loop runs: a child from its start to its end, or the parent of a session for one reply. */
export interface Agent {
  readonly deps: EngineDeps;
  readonly plan: TaskPlan;
  /** Its delegation, or its session: the governor is fair between those. */
  readonly batch: string;
  readonly steps: Steps;
  readonly own: ChildTools;
  /** Its own and, if it may delegate, `delegate_task`. */
  readonly tools: Toolset;
  readonly setup: ConversationSetup;
  /** The budgets that each of its requests counts in: none where nothing is limited. */
  readonly ledgers: readonly Ledger[];
  /** Limits and listeners of every request. The signal aborts with a `StopCause`. */
  readonly sending: SendOptions;
  /** Whole limit and the moment it ends, by the clock; absent = none. */
  readonly timeout?: { readonly seconds: number; readonly at: number };
  readonly first: Message;
  readonly transcript?: Transcript;
  readonly tally: Tally;
  /** Absent when nobody listens. Written `agent.tell?.(…)`, so that its argument is not even built then. */
  readonly tell?: (event: TaskEvent) => void;
  /** Tells what of a text is still held back. */
  readonly endDeltas?: () => void;
  /** What it was told since it started; undefined = nothing. */
  readonly steering?: () => Steering | undefined;
  /** Hears what each of its requests used. */
  readonly onUsed?: (used: Used) => void;
  /** Asked before a call runs, one call after the other. Gives why it may not, for the model to read. Absent: all may. */
  readonly permit?: (
    call: ToolCall,
    tool: Tool,
    args: { readonly [key: string]: Json },
  ) => Promise<string | undefined> | undefined;
  /** Every model that may have answered in this conversation. */
  readonly authors: Author[];
  /** The route in force: the plan's, or the entry of its chain that was hopped to. */
  route: Route;
  conversation: Conversation;
  /** Tokens the next request sends, at most. */
  context: number;
  /** … of which prompt, tools and first message. */
  readonly base: number;
  /** Its older tool results were shortened once. */
  compacted: boolean;
  /** Steps not yet written; they go with the next append or with the result. */
  unwritten: JournalEntry[];
}

/** Writes the unwritten steps. Throws as `Steps.append` does; what could not be written stays unwritten. */
export async function journal(agent: Agent, until?: Until): Promise<void> {
  const entries = agent.unwritten;
  agent.unwritten = [];
  try {
    await agent.steps.append(entries, until);
  } catch (error) {
    agent.unwritten = [...entries, ...agent.unwritten];
    throw error;
  }
}
