import type { Answer } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import type { Json } from '../core/task.ts';

/**
 * What `Answer.replay` holds: the output items that the same wire, provider and model must see again
 * (signed thinking, encrypted reasoning). Nobody else may see them: a conversation carried over to another
 * route is rebuilt from text and calls alone.
 */
export function tagReplay(route: Route, items: readonly Json[]): Json {
  return { by: author(route), items };
}

/** The items of an answer that this very route gave; undefined when there are none or another route gave them. */
export function ownReplay(route: Route, answer: Answer): readonly Json[] | undefined {
  const replay = answer.replay as { by?: unknown; items?: unknown } | null | undefined;
  if (typeof replay !== 'object' || replay === null || replay.by !== author(route)) return undefined;
  return Array.isArray(replay.items) ? (replay.items as readonly Json[]) : undefined;
}

function author(route: Route): string {
  return `${route.wire} ${route.provider}/${route.model}`;
}
