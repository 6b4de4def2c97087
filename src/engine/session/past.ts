import type { PreflightContext } from '../../core/call/preflight.ts';
import { requestOfRoute, resolveParent } from '../../core/call/resolve-parent.ts';
import type { RouteRequest } from '../../core/route.ts';
import type { SessionRoute, SessionSpend } from '../../core/session.ts';
import type { SessionEntry } from '../../core/session-log.ts';
import type { Author } from '../agent.ts';
import { said } from './parent.ts';

/** What a saved session was when it was left. */
export interface Past {
  /** Absent: nothing was used by then. */
  readonly spend?: SessionSpend;
  /** False: it was left in the middle of a reply, by a crash. */
  readonly whole: boolean;
  /** Delegations whose results were not told, with the owner of their leases. */
  readonly untold: ReadonlyMap<string, string>;
  /** Every model that may have answered. */
  readonly authors: Author[];
}

/** In the order of the entries; a new session has no past. */
export function pastOf(saved: readonly SessionEntry[]): Past {
  let spend: SessionSpend | undefined;
  let whole = true;
  const untold = new Map<string, string>();
  const authors: Author[] = [];
  for (const entry of saved) {
    if (entry.kind === 'reply-end') {
      spend = entry.spend;
      whole = true;
    } else if (entry.kind === 'delegated') untold.set(entry.delegation_id, entry.owner);
    else if (entry.kind === 'delivered') untold.delete(entry.delegation_id);
    else if (entry.kind === 'route') authors.push(entry.author);
    else whole = false;
    if (entry.kind === 'hop') authors.push(authorOf(entry.hop.to));
  }
  return { ...(spend && { spend }), whole, untold, authors };
}

/**
 * What a session runs on at first: what is asked for now; else what it ran on last; else the configured model. What
 * cannot be had is thrown as a refusal, never replaced.
 */
export function firstRoute(
  saved: readonly SessionEntry[],
  asked: RouteRequest | undefined,
  context: PreflightContext,
): SessionRoute {
  const last = saved.findLast((entry) => entry.kind === 'route')?.request;
  if (last === undefined) return resolveParent(asked ?? {}, context);
  if (asked === undefined) return resolveParent(last, context);
  let before: SessionRoute;
  try {
    before = resolveParent(last, context);
  } catch {
    return resolveParent(asked, context);
  }
  return resolveParent(asked, context, before);
}

export function routeEntry({ route }: SessionRoute): SessionEntry {
  const { provider, model, wire } = route;
  return { kind: 'route', request: requestOfRoute(route), author: { provider, model, wire } };
}

/** For the parent to read: calls that have no end are answered apart, "it may or may not have happened". */
export const CUT_SHORT: SessionEntry = {
  kind: 'message',
  message: said(
    '[The session was cut short here, before your reply ended. What was started may or may not have happened; look before you repeat it.]',
  ),
};

/** A hop tells only names. */
function authorOf(label: string): Author {
  const slash = label.indexOf('/');
  return { provider: label.slice(0, slash), model: label.slice(slash + 1) };
}
