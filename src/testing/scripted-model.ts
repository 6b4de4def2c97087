import type { Reply, ReplyFor } from './reply.ts';
import type { SeenRequest } from './seen-request.ts';

/** What a scripted model says in one turn; a function reads the request first. */
export type ScriptedTurn = Reply | ((request: SeenRequest) => Reply);

/**
 * A model that says fixed turns: the n-th request of a conversation gets the n-th turn, further ones the last.
 * It keeps no state (the turn is read from the request), so any number of children can share one.
 *
 * With an object, the first key that stands in a user's text of the conversation picks the turns; `''` fits all.
 * A conversation that no key fits gets a 500 that says so.
 */
export function scriptedModel(
  turns: readonly ScriptedTurn[] | { readonly [marker: string]: readonly ScriptedTurn[] },
): ReplyFor {
  const scripts = Array.isArray(turns) ? [['', turns] as const] : Object.entries(turns);
  return (request) => {
    const script = scripts.find(([marker]) => request.texts.some((text) => text.includes(marker)))?.[1];
    const turn: ScriptedTurn | undefined = script?.[Math.min(request.turn, script.length - 1)];
    if (turn === undefined) return { status: 500, error: { message: 'The script has no turn for this conversation.' } };
    return typeof turn === 'function' ? turn(request) : turn;
  };
}
