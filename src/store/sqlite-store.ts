import type { DelegationRecord, JournalEntry, Store, TaskFilter, TaskPlan, TaskRecord } from '../core/store.ts';
import { createGroupCommit, createPace } from './group-commit.ts';
import { openSqliteFile, type SqliteFile, type SqlValue, type Statement } from './sqlite-file.ts';

/** The database's clock, in milliseconds; the same in all rows of a statement. */
const NOW = `CAST(round(unixepoch('subsec') * 1000) AS INTEGER)`;

const SQL = {
  createDelegation: 'INSERT INTO delegation (id, created_at, body) VALUES (?1, ?2, ?3)',
  createTask: `INSERT INTO task (id, delegation, position, owner, lease_until) VALUES (?1, ?2, ?3, ?4, ${NOW} + ?5)`,
  createPlan: 'INSERT INTO plan (task, body) VALUES (?1, ?2)',
  claim: `UPDATE task SET status = 'running', attempt = attempt + 1, owner = ?2, lease_until = ${NOW} + ?3,
            started_at = coalesce(started_at, ${NOW})
          WHERE id = ?1 AND ended_at IS NULL
            AND (owner IS NULL OR lease_until <= ${NOW} OR (status = 'queued' AND owner = ?2))
          RETURNING attempt`,
  heartbeat: `UPDATE task SET lease_until = ${NOW} + ?2 WHERE owner = ?1 AND ended_at IS NULL`,
  holds: `SELECT 1 FROM task WHERE id = ?1 AND attempt = ?2 AND status = 'running'`,
  // The fence is in the statement that writes: without the right attempt there is no task, and no row without one.
  append: `INSERT OR IGNORE INTO journal (task, attempt, at, entries, result)
           VALUES ((SELECT n FROM task WHERE id = ?1 AND attempt = ?2 AND status = 'running'), ?2, ${NOW}, ?3, ?4)`,
  drop: `INSERT OR IGNORE INTO journal (task, attempt, at, entries, result)
         VALUES ((SELECT n FROM task WHERE id = ?1 AND status = 'queued'), 0, ${NOW}, '[]', ?2)`,
  end: `UPDATE task SET status = ?2, result = ?3, ended_at = ${NOW}, owner = NULL, lease_until = NULL WHERE id = ?1`,
  expired: `UPDATE task SET status = 'lost', ended_at = ${NOW}, owner = NULL, lease_until = NULL
            WHERE ended_at IS NULL AND lease_until <= ${NOW} RETURNING id`,
  journal: `SELECT j.n, j.at, j.attempt, j.entries FROM journal j
            WHERE j.task = (SELECT n FROM task WHERE id = ?1) AND j.n >= ?2 ORDER BY j.n`,
  old: `SELECT n FROM delegation d
        WHERE NOT EXISTS (SELECT 1 FROM task WHERE delegation = d.n AND (ended_at IS NULL OR ended_at >= ?1))`,
  pruneJournal: 'DELETE FROM journal WHERE task IN (SELECT n FROM task WHERE delegation = ?1)',
  prunePlan: 'DELETE FROM plan WHERE task IN (SELECT n FROM task WHERE delegation = ?1)',
  pruneTask: 'DELETE FROM task WHERE delegation = ?1',
  pruneDelegation: 'DELETE FROM delegation WHERE n = ?1',
} as const;

/**
 * The Store in one SQLite file, shared safely by any number of processes of one machine.
 * Rejects with `STORE_FAILED` when the file cannot be used; then nothing in it was changed.
 * With `readonly` the file must exist, and every write rejects.
 */
export async function openSqliteStore(options: { readonly file: string; readonly readonly?: boolean }): Promise<Store> {
  const file = await openSqliteFile({ file: options.file, readonly: options.readonly ?? false });
  const sql = await prepareAll(file);
  const { write, read, close } = await createGroupCommit(file);

  /** By condition: a handful, as filters have few parts. */
  const selects = new Map<string, Statement>();
  const select = async (where: string, params: readonly SqlValue[]): Promise<TaskRecord[]> => {
    const statement = selects.get(where) ?? (await file.prepare(`${SELECT_TASKS} ${where}`));
    selects.set(where, statement);
    return (await statement.all(params)).map(taskOf);
  };

  return {
    async create(delegation, hold) {
      const { tasks, ...shared } = delegation;
      const owner = hold?.owner ?? null;
      const lease = hold?.lease_ms ?? null;
      await write(async () => {
        const { lastInsertRowid } = sql.createDelegation.run([
          delegation.id,
          Math.trunc(delegation.created_at),
          JSON.stringify(shared),
        ]);
        const pace = createPace();
        for (const plan of tasks) {
          const row = sql.createTask.run([plan.id, lastInsertRowid, plan.index, owner, lease]);
          sql.createPlan.run([row.lastInsertRowid, JSON.stringify(plan)]);
          const pause = pace();
          if (pause !== undefined) await pause;
        }
      });
    },

    claim: (task_id, owner, lease_ms) =>
      write(() => sql.claim.get([task_id, owner, lease_ms])?.[0] as number | undefined),

    heartbeat: (owner, lease_ms) => write(() => void sql.heartbeat.run([owner, lease_ms])),

    async append(task_id, attempt, entries) {
      const text = JSON.stringify(entries);
      return write(() =>
        entries.length === 0
          ? sql.holds.get([task_id, attempt]) !== undefined
          : sql.append.run([task_id, attempt, text, null]).changes === 1,
      );
    },

    async finish(task_id, attempt, result, entries = []) {
      const text = JSON.stringify(entries);
      const body = JSON.stringify(result);
      return write(() => {
        const row = sql.append.run([task_id, attempt, text, body]);
        if (row.changes === 0) return false;
        sql.end.run([task_id, result.status, row.lastInsertRowid]);
        return true;
      });
    },

    async drop(task_id, result) {
      const body = JSON.stringify(result);
      return write(() => {
        const row = sql.drop.run([task_id, body]);
        if (row.changes === 0) return false;
        sql.end.run([task_id, result.status, row.lastInsertRowid]);
        return true;
      });
    },

    task: (id) => read(async () => (await select('WHERE t.id = ?', [id]))[0]),

    tasks: (filter = {}) =>
      read(() => {
        const { where, params } = conditions(filter);
        return select(`${where} ORDER BY t.delegation DESC, t.position LIMIT ?`, [...params, limitOf(filter)]);
      }),

    journal: (task_id, after = 0) =>
      read(async () => {
        const rows = await sql.journal.all([task_id, Math.floor(after / SEQS_A_ROW)]);
        return rows.flatMap(entriesOf).filter(({ seq }) => seq > after);
      }),

    expired: () => write(async () => (await sql.expired.all([])).map(([id]) => id as string)),

    async prune(before) {
      const old = await read(() => sql.old.all([before]));
      let count = 0;
      // A transaction each, one after the other: removing a year of work must not keep others from writing.
      for (const [n] of old) {
        count += await write(() => {
          const delegation = [n as number];
          sql.pruneJournal.run(delegation);
          sql.prunePlan.run(delegation);
          const { changes } = sql.pruneTask.run(delegation);
          sql.pruneDelegation.run(delegation);
          return changes;
        });
      }
      return count;
    },

    [Symbol.asyncDispose]: close,
  };
}

async function prepareAll(file: SqliteFile): Promise<Record<keyof typeof SQL, Statement>> {
  try {
    const prepared = Object.entries(SQL).map(async ([name, text]) => [name, await file.prepare(text)] as const);
    return Object.fromEntries(await Promise.all(prepared)) as Record<keyof typeof SQL, Statement>;
  } catch (error) {
    file.close();
    throw file.failure(error);
  }
}

const SELECT_TASKS = `SELECT t.status, t.attempt, t.started_at, t.ended_at, p.body, j.result, d.body FROM task t
  JOIN plan p ON p.task = t.n JOIN delegation d ON d.n = t.delegation LEFT JOIN journal j ON j.n = t.result`;

function taskOf([status, attempt, started_at, ended_at, plan, result, shared]: readonly SqlValue[]): TaskRecord {
  const { id: delegation_id, ...rest } = JSON.parse(shared as string) as Omit<DelegationRecord, 'tasks'>;
  return {
    ...(JSON.parse(plan as string) as TaskPlan),
    ...rest,
    delegation_id,
    status: status as TaskRecord['status'],
    attempt: attempt as number,
    ...(started_at === null ? {} : { started_at: started_at as number }),
    ...(ended_at === null ? {} : { ended_at: ended_at as number }),
    ...(result === null ? {} : { result: JSON.parse(result as string) as NonNullable<TaskRecord['result']> }),
  };
}

/** An entry's `seq` is its row's number times this, and its place in the row: unique and ascending, with gaps. */
const SEQS_A_ROW = 2 ** 20;

function entriesOf([n, at, attempt, text]: readonly SqlValue[]): Awaited<ReturnType<Store['journal']>> {
  const entries = JSON.parse(text as string) as JournalEntry[];
  return entries.map((entry, i) => ({
    ...entry,
    seq: (n as number) * SEQS_A_ROW + i,
    at: at as number,
    attempt: attempt as number,
  }));
}

function conditions(filter: TaskFilter): { readonly where: string; readonly params: readonly SqlValue[] } {
  const parts: (readonly [string, SqlValue])[] = [];
  if (filter.delegation_id !== undefined) parts.push(['d.id = ?', filter.delegation_id]);
  if (filter.since !== undefined) parts.push(['d.created_at >= ?', filter.since]);
  if (filter.status !== undefined) {
    parts.push(['t.status IN (SELECT value FROM json_each(?))', JSON.stringify(filter.status)]);
  }
  const where = parts.length === 0 ? '' : `WHERE ${parts.map(([sql]) => sql).join(' AND ')}`;
  return { where, params: parts.map(([, value]) => value) };
}

const limitOf = (filter: TaskFilter): number => Math.max(0, Math.trunc(filter.limit ?? 50));
