import { DelegateError } from '../core/errors.ts';
import type { SessionSummary } from '../core/session.ts';
import type { SessionEntry, SessionLog, SessionLogs } from '../core/session-log.ts';

/** Sessions that are gone with the process. */
export function createMemorySessions(options: {
  readonly newId: () => string;
  readonly now: () => number;
}): SessionLogs {
  const { newId, now } = options;
  const kept = new Map<string, { readonly about: SessionSummary; readonly entries: SessionEntry[] }>();
  const newestFirst = (cwd: string | undefined): SessionSummary[] =>
    [...kept.values()]
      .map(({ about }) => about)
      .filter((about) => cwd === undefined || about.cwd === cwd)
      .sort((a, b) => b.updated_at - a.updated_at);
  const logOf = (id: string, cwd: string, saved: readonly SessionEntry[]): SessionLog => ({
    id,
    saved,
    crashed: false,
    async append(entries) {
      const before = kept.get(id);
      const all = [...(before?.entries ?? []), ...entries];
      const first = all.find((entry) => entry.kind === 'message' && entry.message.role === 'user');
      const title = first?.kind === 'message' && first.message.role === 'user' ? first.message.text.slice(0, 120) : '';
      const created_at = before?.about.created_at ?? now();
      kept.set(id, { about: { id, cwd, created_at, updated_at: now(), title }, entries: all });
    },
    async [Symbol.asyncDispose]() {},
  });
  return {
    create: ({ cwd }) => logOf(newId(), cwd, []),
    async open(asked, { cwd }) {
      const id = asked === 'last' ? newestFirst(cwd)[0]?.id : asked;
      const found = id === undefined ? undefined : kept.get(id);
      if (found !== undefined) return logOf(found.about.id, cwd, found.entries);
      throw new DelegateError('NOT_FOUND', `There is no session "${asked.slice(0, 100)}".`, {
        hint: 'Give the id of a saved session, or "last".',
      });
    },
    list: async ({ cwd } = {}) => newestFirst(cwd),
  };
}
