import { type ParentRecord, placeRefusal } from '../core/check-place.ts';
import type { DelegateError } from '../core/errors.ts';
import type { Steer } from '../core/result.ts';
import type {
  Ask,
  Control,
  DelegationRecord,
  JournalEntry,
  Store,
  TaskFilter,
  TaskPlan,
  TaskRecord,
  Until,
  Update,
} from '../core/store.ts';
import { createGroupCommit, createPace } from './group-commit.ts';
import { whenFree } from './sqlite-failure.ts';
import { openSqliteFile, type SqliteFile, type SqlValue, type Statement } from './sqlite-file.ts';

/** The database's clock, in milliseconds; the same in all rows of a statement. */
const NOW = `CAST(round(unixepoch('subsec') * 1000) AS INTEGER)`;

const SQL = {
  createDelegation: `INSERT INTO delegation (id, created_at, body, undelivered, root, parent) VALUES (?1, ?2, ?3, ?4,
            (SELECT n FROM delegation WHERE id = ?5), (SELECT n FROM task WHERE id = ?6))`,
  parent: `SELECT t.ended_at, d.body FROM task t JOIN delegation d ON d.n = t.delegation WHERE t.id = ?1`,
  descendants: `SELECT count(*) FROM task t JOIN delegation d ON d.n = t.delegation
          WHERE d.n IN (SELECT n FROM delegation WHERE id = ?1
            UNION ALL SELECT n FROM delegation WHERE root = (SELECT n FROM delegation WHERE id = ?1))`,
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
  lose: `INSERT OR IGNORE INTO journal (task, attempt, at, entries, result)
         VALUES ((SELECT n FROM task WHERE id = ?1 AND attempt = ?2 AND ended_at IS NULL AND lease_until <= ${NOW}),
           ?2, ${NOW}, '[]', ?3)`,
  steer: `INSERT INTO control (task, kind, body) SELECT n, 'steer', ?2 FROM task
          WHERE ended_at IS NULL AND (id = ?1 OR delegation = (SELECT n FROM delegation WHERE id = ?1))
          ORDER BY delegation, position RETURNING n, (SELECT id FROM task WHERE n = control.task)`,
  stop: `WITH RECURSIVE below (n) AS (
            SELECT n FROM task WHERE id = ?1 OR delegation = (SELECT n FROM delegation WHERE id = ?1)
            UNION SELECT t.n FROM below JOIN delegation d ON d.parent = below.n JOIN task t ON t.delegation = d.n)
          INSERT INTO control (task, kind, body) SELECT n, 'stop', ?2 FROM task
          WHERE ended_at IS NULL AND n IN below RETURNING n, (SELECT id FROM task WHERE n = control.task)`,
  // New rows first, then whose they are: between two looks there is hardly ever a new one.
  controls: `SELECT c.n, t.id, c.body FROM control c CROSS JOIN task t ON t.n = c.task
             WHERE c.n > ?2 AND c.turn IS NULL AND t.owner = ?1 AND t.ended_at IS NULL ORDER BY c.n`,
  deliver: 'UPDATE control SET turn = ?2 WHERE n = ?1',
  undelivered: `SELECT id FROM delegation d WHERE undelivered IS NOT NULL AND (?1 IS NULL OR undelivered = ?1)
            AND NOT EXISTS (SELECT 1 FROM task WHERE delegation = d.n AND ended_at IS NULL) ORDER BY n`,
  acknowledge: 'UPDATE delegation SET undelivered = NULL WHERE id = ?1 AND undelivered IS NOT NULL',
  shared: `SELECT (SELECT body FROM shared WHERE name = ?1), ${NOW}`,
  share: 'INSERT INTO shared (name, body) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET body = ?2',
  unshare: 'DELETE FROM shared WHERE name = ?1',
  journal: `SELECT j.n, j.at, j.attempt, j.entries FROM journal j
            WHERE j.task = (SELECT n FROM task WHERE id = ?1) AND j.n >= ?2 ORDER BY j.n`,
  old: `SELECT n FROM delegation d
        WHERE NOT EXISTS (SELECT 1 FROM task WHERE delegation = d.n AND (ended_at IS NULL OR ended_at >= ?1))`,
  pruneJournal: 'DELETE FROM journal WHERE task IN (SELECT n FROM task WHERE delegation = ?1)',
  prunePlan: 'DELETE FROM plan WHERE task IN (SELECT n FROM task WHERE delegation = ?1)',
  pruneControl: 'DELETE FROM control WHERE task IN (SELECT n FROM task WHERE delegation = ?1)',
  pruneTask: 'DELETE FROM task WHERE delegation = ?1 RETURNING id, (SELECT id FROM delegation WHERE n = ?1)',
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
  const { write, writeOne, read, close } = createGroupCommit(file);

  /** By condition: a handful, as filters have few parts. */
  const selects = new Map<string, Statement>();
  const select = (where: string, params: readonly SqlValue[]): TaskRecord[] => {
    const statement = selects.get(where) ?? file.prepare(`${SELECT_TASKS} ${where}`);
    selects.set(where, statement);
    return statement.all(params).map(taskOf);
  };
  const deliver = (entries: readonly JournalEntry[]): void => {
    for (const entry of entries) if (entry.kind === 'steer') sql.deliver.run([entry.id, entry.turn]);
  };
  /** Ends a task where `statement` finds it as it has to be, and writes its result. */
  const end = (statement: Statement, params: readonly [string, ...SqlValue[]], status: string): Promise<boolean> =>
    write(() => {
      const row = statement.run(params);
      if (row.changes === 0) return false;
      sql.end.run([params[0], status, row.lastInsertRowid]);
      return true;
    });

  return {
    async create(delegation, hold, limits) {
      const { tasks, ...shared } = delegation;
      const owner = hold?.owner ?? null;
      const lease = hold?.lease_ms ?? null;
      /** Read in the transaction that writes: two delegations of one root cannot both take its last place. */
      const place = (): { parent: ParentRecord | undefined; descendants: number } => {
        if (shared.parent_id === undefined) return { parent: undefined, descendants: 0 };
        const row = sql.parent.get([shared.parent_id]);
        const { root_id, depth } = JSON.parse((row?.[1] as string | undefined) ?? '{}') as DelegationRecord;
        return {
          parent: row && { open: row[0] === null, root_id, depth },
          descendants: (sql.descendants.get([shared.root_id])?.[0] as number | undefined) ?? 0,
        };
      };
      const refused = await write(async (): Promise<DelegateError | undefined> => {
        const refusal = limits && placeRefusal(delegation, limits, place());
        if (refusal !== undefined) return refusal;
        const { lastInsertRowid } = sql.createDelegation.run([
          delegation.id,
          Math.trunc(delegation.created_at),
          JSON.stringify(shared),
          shared.background ? shared.origin : null,
          shared.root_id === delegation.id ? null : shared.root_id,
          shared.parent_id ?? null,
        ]);
        const pace = createPace();
        for (const plan of tasks) {
          const row = sql.createTask.run([plan.id, lastInsertRowid, plan.index, owner, lease]);
          sql.createPlan.run([row.lastInsertRowid, JSON.stringify(plan)]);
          const pause = pace();
          if (pause !== undefined) await pause;
        }
        return undefined;
      });
      if (refused !== undefined) throw refused;
    },

    claim: (task_id, owner, lease_ms) =>
      // Not `writeOne`: nobody hears how a transaction ended whose rows were not read to their end.
      write(() => sql.claim.get([task_id, owner, lease_ms])?.[0] as number | undefined, 'process'),

    heartbeat: (owner, lease_ms) => writeOne(() => void sql.heartbeat.run([owner, lease_ms])),

    append(task_id, attempt, entries, until) {
      if (entries.length === 0) return writeOne(() => sql.holds.get([task_id, attempt]) !== undefined);
      const text = JSON.stringify(entries);
      const append = (): boolean => sql.append.run([task_id, attempt, text, null]).changes === 1;
      if (!entries.some(({ kind }) => kind === 'steer')) return writeOne(append, until);
      return write(() => {
        if (!append()) return false;
        deliver(entries);
        return true;
      }, until);
    },

    finish(task_id, attempt, result, entries = []) {
      const text = JSON.stringify(entries);
      const body = JSON.stringify(result);
      return write(() => {
        const row = sql.append.run([task_id, attempt, text, body]);
        if (row.changes === 0) return false;
        deliver(entries);
        sql.end.run([task_id, result.status, row.lastInsertRowid]);
        return true;
      });
    },

    drop: (task_id, result) => end(sql.drop, [task_id, JSON.stringify(result)], result.status),
    lose: (task_id, attempt, result) => end(sql.lose, [task_id, attempt, JSON.stringify(result)], result.status),

    task: (id) => read(() => select('WHERE t.id = ?', [id])[0]),

    tasks: (filter = {}) =>
      read(() => {
        const { where, params } = conditions(filter);
        return select(`${where} ORDER BY t.delegation DESC, t.position LIMIT ?`, [...params, limitOf(filter)]);
      }),

    journal: (task_id, after = 0) =>
      read(() => {
        const rows = sql.journal.all([task_id, Math.floor(after / SEQS_A_ROW)]);
        return rows.flatMap(entriesOf).filter(({ seq }) => seq > after);
      }),

    expired: () => read(() => select(`WHERE t.ended_at IS NULL AND t.lease_until <= ${NOW}`, [])),

    control: (id, ask) =>
      write(() => {
        const rows = (ask.kind === 'stop' ? sql.stop : sql.steer).all([id, JSON.stringify(ask)]);
        return rows.map(([n, task_id]): Control => ({ ...ask, id: n as number, task_id: task_id as string }));
      }),

    controls: (owner, after) =>
      read(() =>
        sql.controls.all([owner, after]).map(
          ([n, task_id, body]): Control => ({
            ...(JSON.parse(body as string) as Ask),
            id: n as number,
            task_id: task_id as string,
          }),
        ),
      ),

    undelivered: (origin) => read(() => sql.undelivered.all([origin ?? null]).map(([id]) => id as string)),

    acknowledge: (delegation_id) => writeOne(() => sql.acknowledge.run([delegation_id]).changes === 1),

    change: <Value, Answer>(name: string, update: Update<Value, Answer>, until?: Until) =>
      write(() => {
        const [body, now] = sql.shared.get([name]) as readonly [string | null, number];
        const [value, answer] = update(body === null ? undefined : (JSON.parse(body) as Value), now);
        const text = value === undefined ? null : JSON.stringify(value);
        if (text === null) sql.unshare.run([name]);
        else if (text !== body) sql.share.run([name, text]);
        return answer;
      }, until),

    shared: <Value>(name: string) =>
      read(() => {
        const body = sql.shared.get([name])?.[0] ?? null;
        return body === null ? undefined : (JSON.parse(body as string) as Value);
      }),

    async prune(before) {
      const old = await read(() => sql.old.all([before]));
      const gone: { id: string; delegation_id: string }[] = [];
      // A transaction each, one after the other: removing a year of work must not keep others from writing.
      for (const [n] of old) {
        const tasks = await write(() => {
          const delegation = [n as number];
          sql.pruneJournal.run(delegation);
          sql.prunePlan.run(delegation);
          sql.pruneControl.run(delegation);
          const removed = sql.pruneTask.all(delegation);
          sql.pruneDelegation.run(delegation);
          return removed;
        });
        for (const [id, delegation_id] of tasks)
          gone.push({ id: id as string, delegation_id: delegation_id as string });
      }
      return gone;
    },

    [Symbol.asyncDispose]: close,
  };
}

async function prepareAll(file: SqliteFile): Promise<Record<keyof typeof SQL, Statement>> {
  try {
    return await whenFree(() => {
      const prepared = Object.entries(SQL).map(([name, text]) => [name, file.prepare(text)]);
      return Object.fromEntries(prepared) as Record<keyof typeof SQL, Statement>;
    });
  } catch (error) {
    file.close();
    throw file.failure(error);
  }
}

const SELECT_TASKS = `SELECT t.status, t.attempt, t.started_at, t.ended_at, p.body, j.result, d.body,
    (SELECT json_group_array(json_array(n, body, turn) ORDER BY n) FROM control WHERE task = t.n AND kind = 'steer')
  FROM task t
  JOIN plan p ON p.task = t.n JOIN delegation d ON d.n = t.delegation LEFT JOIN journal j ON j.n = t.result`;

function taskOf([status, attempt, started_at, ended_at, plan, result, shared, told]: readonly SqlValue[]): TaskRecord {
  const { id: delegation_id, ...rest } = JSON.parse(shared as string) as Omit<DelegationRecord, 'tasks'>;
  return {
    ...(JSON.parse(plan as string) as TaskPlan),
    ...rest,
    delegation_id,
    status: status as TaskRecord['status'],
    attempt: attempt as number,
    ...(started_at === null ? {} : { started_at: started_at as number }),
    ...(ended_at === null ? {} : { ended_at: ended_at as number }),
    ...(told === '[]' ? {} : { steers: steersOf(told as string, ended_at === null) }),
    ...(result === null ? {} : { result: JSON.parse(result as string) as NonNullable<TaskRecord['result']> }),
  };
}

function steersOf(told: string, open: boolean): readonly Steer[] {
  return (JSON.parse(told) as [number, string, number | null][]).map(([id, body, turn]) => {
    const { message } = JSON.parse(body) as Extract<Ask, { kind: 'steer' }>;
    return turn === null
      ? { id, message, state: open ? 'queued' : 'missed' }
      : { id, message, state: 'delivered', turn };
  });
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
  if (filter.root_id !== undefined) {
    parts.push([
      `d.n IN (WITH r (n) AS (SELECT n FROM delegation WHERE id = ? AND root IS NULL)
        SELECT n FROM r UNION ALL SELECT x.n FROM r JOIN delegation x ON x.root = r.n)`,
      filter.root_id,
    ]);
  }
  if (filter.parent_id !== undefined) {
    parts.push(['d.parent = (SELECT n FROM task WHERE id = ?)', filter.parent_id]);
  }
  if (filter.since !== undefined) parts.push(['d.created_at >= ?', filter.since]);
  if (filter.status !== undefined) {
    parts.push(['t.status IN (SELECT value FROM json_each(?))', JSON.stringify(filter.status)]);
  }
  const where = parts.length === 0 ? '' : `WHERE ${parts.map(([sql]) => sql).join(' AND ')}`;
  return { where, params: parts.map(([, value]) => value) };
}

const limitOf = (filter: TaskFilter): number => Math.max(0, Math.trunc(filter.limit ?? 50));
