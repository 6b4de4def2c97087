import { DelegateError } from '../core/errors.ts';
import type { SessionSummary } from '../core/session.ts';
import type { SessionEntry, SessionLog, SessionLogs } from '../core/session-log.ts';

interface Kept {
  readonly about: Omit<SessionSummary, 'updated_at'>;
  readonly steps: { readonly at: number; readonly entries: readonly SessionEntry[] }[];
  held: boolean;
}

const TITLE_CHARS = 120;

/** Sessions that are gone with the process. */
export function createMemorySessions(options: {
  readonly newId: () => string;
  readonly now: () => number;
}): SessionLogs {
  const { newId, now } = options;
  const kept = new Map<string, Kept>();

  const usedAt = ({ steps, about }: Kept): number => steps.at(-1)?.at ?? about.created_at;
  const list = (cwd: string | undefined): SessionSummary[] =>
    [...kept.values()]
      .filter(({ about }) => cwd === undefined || about.cwd === cwd)
      .map((each) => ({ ...each.about, updated_at: usedAt(each) }))
      .reverse()
      .sort((a, b) => b.updated_at - a.updated_at);

  const logOf = (id: string, cwd: string): SessionLog => ({
    id,
    saved: kept.get(id)?.steps.flatMap(({ entries }) => entries) ?? [],
    crashed: false,
    async append(entries) {
      let session = kept.get(id);
      if (session === undefined) {
        session = { about: { id, cwd, created_at: now(), title: titleOf(entries) }, steps: [], held: true };
        kept.set(id, session);
      }
      session.steps.push({ at: now(), entries });
    },
    async [Symbol.asyncDispose]() {
      const session = kept.get(id);
      if (session !== undefined) session.held = false;
    },
  });

  return {
    create: ({ cwd }) => logOf(newId(), cwd),
    async open(asked, { cwd }) {
      const id = asked === 'last' ? (list(cwd)[0]?.id ?? asked) : asked;
      const session = kept.get(id);
      if (session === undefined) {
        throw new DelegateError('NOT_FOUND', `There is no session "${id.slice(0, 100)}".`, {
          hint: 'Give the id of a saved session, or "last" where there is one in this folder.',
        });
      }
      if (session.held) {
        throw new DelegateError('REQUEST_INVALID', `The session "${id}" is open already.`, {
          hint: 'Leave it there, or begin another one.',
        });
      }
      session.held = true;
      return logOf(id, cwd);
    },
    list: async ({ cwd } = {}) => list(cwd),
    spent: async (since) =>
      [...kept].flatMap(([session_id, { steps }]) =>
        steps
          .filter(({ at }) => at >= since)
          .flatMap(({ at, entries }) =>
            entries.flatMap((entry) =>
              entry.kind === 'reply-end' ? entry.own.map((own) => ({ ...own, session_id, at })) : [],
            ),
          ),
      ),
  };
}

function titleOf(entries: readonly SessionEntry[]): string {
  for (const entry of entries) {
    if (entry.kind === 'message' && entry.message.role === 'user') return entry.message.text.slice(0, TITLE_CHARS);
  }
  return '';
}
