import type { DelegationEvent, TaskEvent } from './events.ts';
import type { Explanation } from './explain.ts';
import type { Message, Usage } from './provider.ts';
import type { Cost, DelegationResult, RouteSpend, TaskResult } from './result.ts';
import type { Receipt, Route, RouteRequest, RouteSource } from './route.ts';
import type { Json } from './task.ts';

/** What the parent agent runs on now. */
export interface SessionRoute {
  readonly route: Route;
  /** Verbatim, one entry a layer that spoke. */
  readonly requested: Receipt['requested'];
  /** `task` = asked for in this session (a flag, a switch), `parent` = `model` of the configuration. */
  readonly source: RouteSource;
  /** What was clamped, left out or could not be verified, for the person to read. */
  readonly notes: readonly string[];
}

/** The end of one reply: of everything from a user message to the answer that calls no more tools. */
export interface Reply
  extends Pick<
    TaskResult,
    'status' | 'error' | 'route' | 'usage' | 'cost' | 'by_route' | 'turns' | 'tool_calls' | 'timing' | 'exit_reason'
  > {
  /** The parent's last text, whole; what it had said by then when it was interrupted; empty when there was none. */
  readonly text: string;
}

/** What a session has used, its parent's own and that of all children, of earlier processes too when it was resumed. */
export interface SessionSpend {
  readonly usage: Usage;
  readonly cost: Cost;
  /** By route, in the order they first ran. Parent's and children's together. */
  readonly by_route: readonly RouteSpend[];
  /** Of the children: what they used, and what the same tokens would have cost on the parent's route; absent = not known. */
  readonly children: { readonly usage: Usage; readonly cost: Cost; readonly cost_on_parent_route?: Cost };
}

/**
 * What a session tells, in order. The words of the parent's own turns are those of a child's (core/events.ts).
 * Events tell; the record is the saved session.
 */
export type SessionEvent =
  /** `results`: nobody typed it; it brings `results`, and the parent answers to them. `text` is what the person said. */
  | {
      readonly type: 'reply-start';
      readonly cause: 'user' | 'results';
      readonly text: string;
      /** Of background delegations that have ended: the parent reads them before `text`. */
      readonly results: readonly DelegationResult[];
    }
  | TurnEvent
  /** What its children do, grandchildren too; outside of replies as well when they run in the background. */
  | { readonly type: 'child'; readonly event: DelegationEvent }
  | { readonly type: 'reply-end'; readonly reply: Reply };

/** Of the parent's own turns. */
export type TurnEvent = Extract<
  TaskEvent,
  {
    type:
      | 'turn-start'
      | 'text-delta'
      | 'reasoning-delta'
      | 'tool-start'
      | 'tool-end'
      | 'retry'
      | 'waiting'
      | 'fallback'
      | 'usage';
  }
>;

/** What a person is asked before the parent goes on. */
export type PermissionQuestion =
  /** A tool call of the parent that writes, runs, fetches or leaves to an MCP server. */
  | {
      readonly kind: 'tool';
      /** Its toolset: `write`, `terminal`, `web`, `mcp:<server>`. */
      readonly toolset: string;
      readonly tool: string;
      readonly call_id: string;
      readonly args: { readonly [key: string]: Json };
      /** In a few words: the path, the command, the address. */
      readonly about: string;
      /** What `always` would allow in this folder from now on, for the person to read. */
      readonly always: string;
    }
  /** Routes of a batch that the operator's policy refuses (too dear, denied). Nothing of the batch has started. */
  | {
      readonly kind: 'routes';
      readonly call_id: string;
      readonly tasks: readonly {
        readonly index: number;
        /** The first 120 characters. */
        readonly goal: string;
        readonly route: Route;
        /** The rules that refuse it, or a fallback of it, as sentences; empty = none does. */
        readonly refused: readonly string[];
      }[];
      readonly always: string;
    };

/** `always`: also from now on, in this folder, in other sessions too. */
export type PermissionAnswer = 'once' | 'always' | 'deny';

/** How a conversation is held. Everything left out comes from the configuration. */
export interface SessionOptions {
  /** Goes on with a saved session: its id, or `last` for the newest of this folder. Throws `NOT_FOUND`. */
  readonly resume?: string;
  /** What the person asked for; wins over `model` of the configuration, and over the route of a resumed session. */
  readonly request?: RouteRequest;
  /** Narrows the configured `toolsets`; never widens them (`TOOLSET_DENIED`). */
  readonly toolsets?: readonly string[];
  /** Contract: synchronous, must not throw. */
  readonly on?: (event: SessionEvent) => void;
  /**
   * Asks the person. One question at a time; when `signal` aborts the answer is not waited for any more. Absent:
   * nobody is there, and what would ask is denied with a result that the model reads.
   */
  readonly ask?: (question: PermissionQuestion, signal: AbortSignal) => Promise<PermissionAnswer>;
  /** Which surface asks; default `library`. */
  readonly origin?: string;
}

/**
 * A conversation with the parent agent. Saved as it goes. Disposing stops the reply and every child of the session
 * that still runs; what they have by then is kept.
 */
export interface Session extends AsyncDisposable {
  /** `s_…`, for `resume`. */
  readonly id: string;
  /** What it runs on now; another object after a switch. */
  readonly route: SessionRoute;
  readonly toolsets: readonly string[];
  /** The conversation so far, with that of earlier processes when it was resumed. */
  readonly messages: readonly Message[];
  /** Tokens that the conversation takes of the route's window, by the usage of its last answer; undefined = not known. */
  readonly context: number | undefined;
  /** A reply is being made. */
  readonly busy: boolean;
  /**
   * Says something to the parent and resolves with the end of its reply, whatever that is. While another reply is
   * being made it waits its turn. `images`: paths in the workspace, URLs or data URLs, as a task's; one that cannot
   * be sent throws a `DelegateError` and nothing was said. An abort of `signal` ends the reply as `interrupt` does.
   */
  send(text: string, options?: { readonly images?: readonly string[]; readonly signal?: AbortSignal }): Promise<Reply>;
  /** Ends the reply that is being made, its running tools and its foreground children; background ones go on. */
  interrupt(): void;
  /**
   * Changes the parent's route, from its next reply on. Read and resolved as a task's fields are, under the route
   * in force as the parent layer; throws the same `DelegateError`, and nothing has changed then.
   */
  switch(request: RouteRequest): Promise<SessionRoute>;
  /** Why the last delegation of this session got its routes; undefined = there was none. */
  explain(): Explanation | undefined;
  spend(): SessionSpend;
  /** Resolves when no reply is being made, no background child runs and all their results were answered to. */
  idle(): Promise<void>;
}

/** What the parent of a session used itself for one reply over one route. */
export interface ReplySpend extends RouteSpend {
  readonly session_id: string;
  /** When the reply ended. Milliseconds since the epoch. */
  readonly at: number;
}

/** A saved session, for lists. */
export interface SessionSummary {
  readonly id: string;
  readonly cwd: string;
  readonly created_at: number;
  readonly updated_at: number;
  /** The first 120 characters of what was said first. */
  readonly title: string;
}
