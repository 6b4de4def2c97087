import { randomUUID } from 'node:crypto';

export interface CallIds {
  /** The id to send for a call of an assistant turn that is rebuilt; later results follow it. */
  rename(id: string): string;
  /** The id to send with the result of a call. */
  of(id: string): string;
}

/** The narrowest rule among the wires (Anthropic's): letters, digits, `_`, `-`, at most 64. */
const ACCEPTED = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Ids of tool calls that another wire gave may be refused here. They are replaced for the
 * length of the conversation; ids that are replayed with their provider's own items stay as they are.
 */
export function createCallIds(): CallIds {
  const renamed = new Map<string, string>();
  return {
    rename(id) {
      if (ACCEPTED.test(id)) return id;
      let safe = renamed.get(id);
      if (safe === undefined) {
        safe = `call_${renamed.size + 1}_${id.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 48)}`;
        renamed.set(id, safe);
      }
      return safe;
    },
    of(id) {
      return renamed.get(id) ?? id;
    },
  };
}

/**
 * The id a provider gave a call; or one of our own where it gave none, or one that another call has already.
 * `seen` holds the ids of this answer and takes the new one.
 */
export function uniqueCallId(given: string, taken: ReadonlySet<string>, seen: Set<string>): string {
  const id = given === '' || taken.has(given) || seen.has(given) ? `call_${randomUUID().replaceAll('-', '')}` : given;
  seen.add(id);
  return id;
}
