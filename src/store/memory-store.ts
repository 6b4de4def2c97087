import { placeRefusal } from '../core/check-place.ts';
import { DelegateError } from '../core/errors.ts';
import type { Steer } from '../core/result.ts';
import type { Control, JournalEntry, Store, TaskPlan, TaskRecord } from '../core/store.ts';

interface Row {
  readonly delegation: number;
  readonly record: Omit<TaskRecord, keyof State>;
  readonly journal: (JournalEntry & { readonly seq: number; readonly at: number; readonly attempt: number })[];
  state: State;
  /** Who may write or claim, until when; absent = nobody holds it. */
  lease?: { readonly owner: string; readonly until: number } | undefined;
  readonly controls: (Control & { turn?: number })[];
}

type State = Pick<TaskRecord, 'status' | 'attempt' | 'started_at' | 'ended_at' | 'result'>;

/**
 * The Store in this process's memory, for tests and for runs that shall leave nothing behind.
 * Values are copied through JSON both ways, so that it gives back exactly what a database would.
 */
export function createMemoryStore(options: { readonly now?: () => number } = {}): Store {
  const now = options.now ?? Date.now;
  const rows = new Map<string, Row>();
  /** By id: the surface that its results still have to reach, if any. */
  const delegations = new Map<string, string | undefined>();
  const values = new Map<string, string>();
  let created = 0;
  let asked = 0;
  let seq = 0;
  let closed = false;

  /** One write or read, whole, in the order of the calls; its error is the promise's. */
  async function run<T>(work: () => T): Promise<T> {
    if (closed) throw new DelegateError('STORE_FAILED', 'The store in memory is closed.');
    return work();
  }
  const open = (row: Row): boolean => row.state.ended_at === undefined;
  const runningAs = (id: string, attempt: number): Row | undefined => {
    const row = rows.get(id);
    return row?.state.status === 'running' && row.state.attempt === attempt ? row : undefined;
  };
  const append = (row: Row, entries: readonly JournalEntry[]): void => {
    const at = now();
    for (const entry of entries) {
      row.journal.push({ ...copy(entry), seq: ++seq, at, attempt: row.state.attempt });
      const told = entry.kind === 'steer' && row.controls.find(({ id }) => id === entry.id);
      if (told) told.turn = entry.turn;
    }
  };
  const end = (row: Row, state: Pick<TaskRecord, 'status' | 'result'>): void => {
    row.state = { ...row.state, ...copy(state), ended_at: now() };
    row.lease = undefined;
  };
  const expired = (row: Row): boolean => row.lease !== undefined && row.lease.until <= now();
  const recordOf = (row: Row): TaskRecord => {
    const steers = row.controls.flatMap((control): Steer[] => {
      if (control.kind !== 'steer') return [];
      const { id, message, turn } = control;
      return [
        turn === undefined
          ? { id, message, state: open(row) ? 'queued' : 'missed' }
          : { id, message, state: 'delivered', turn },
      ];
    });
    return copy({ ...row.record, ...row.state, ...(steers.length === 0 ? {} : { steers }) });
  };
  /** The rows an id stands for; with `deep` everything below them too. */
  const rowsOf = (id: string, deep: boolean): Row[] => {
    const all = [...rows.values()];
    const found = all.filter(({ record }) => record.id === id || record.delegation_id === id);
    if (deep) {
      for (const above of found) found.push(...all.filter(({ record }) => record.parent_id === above.record.id));
    }
    return found;
  };

  return {
    create: (delegation, hold, limits) =>
      run(() => {
        const { tasks, id: delegation_id, ...shared } = copy(delegation);
        const above = rows.get(shared.parent_id ?? '');
        const refused =
          limits &&
          placeRefusal(delegation, limits, {
            parent: above && { ...above.record, open: open(above) },
            descendants: [...rows.values()].filter(({ record }) => record.root_id === shared.root_id).length,
          });
        if (refused) throw refused;
        const ids = new Set(tasks.map((plan) => plan.id));
        if (delegations.has(delegation_id) || ids.size < tasks.length || tasks.some((plan) => rows.has(plan.id))) {
          throw new DelegateError('STORE_FAILED', 'The store in memory failed: it holds this id already.');
        }
        delegations.set(delegation_id, shared.background ? shared.origin : undefined);
        created += 1;
        const lease = hold && { owner: hold.owner, until: now() + hold.lease_ms };
        for (const plan of tasks as readonly TaskPlan[]) {
          const record = { ...plan, ...shared, delegation_id };
          rows.set(plan.id, {
            delegation: created,
            record,
            journal: [],
            state: { status: 'queued', attempt: 0 },
            lease,
            controls: [],
          });
        }
      }),

    claim: (task_id, owner, lease_ms) =>
      run(() => {
        const row = rows.get(task_id);
        if (row === undefined || !open(row)) return undefined;
        const { lease, state } = row;
        const free = lease === undefined || lease.until <= now();
        if (!free && !(state.status === 'queued' && lease.owner === owner)) return undefined;
        const attempt = state.attempt + 1;
        row.state = { ...state, status: 'running', attempt, started_at: state.started_at ?? now() };
        row.lease = { owner, until: now() + lease_ms };
        return attempt;
      }),

    heartbeat: (owner, lease_ms) =>
      run(() => {
        for (const row of rows.values()) if (row.lease?.owner === owner) row.lease = { owner, until: now() + lease_ms };
      }),

    append: (task_id, attempt, entries) =>
      run(() => {
        const row = runningAs(task_id, attempt);
        if (row !== undefined) append(row, entries);
        return row !== undefined;
      }),

    finish: (task_id, attempt, result, entries = []) =>
      run(() => {
        const row = runningAs(task_id, attempt);
        if (row === undefined) return false;
        append(row, entries);
        end(row, { status: result.status, result });
        return true;
      }),

    drop: (task_id, result) =>
      run(() => {
        const row = rows.get(task_id);
        if (row?.state.status !== 'queued') return false;
        end(row, { status: result.status, result });
        return true;
      }),

    task: (id) =>
      run(() => {
        const row = rows.get(id);
        return row && recordOf(row);
      }),

    tasks: ({ delegation_id, root_id, parent_id, status, since, limit = 50 } = {}) =>
      run(() =>
        [...rows.values()]
          .filter(
            ({ record, state }) =>
              (delegation_id === undefined || record.delegation_id === delegation_id) &&
              (root_id === undefined || record.root_id === root_id) &&
              (parent_id === undefined || record.parent_id === parent_id) &&
              (status === undefined || status.includes(state.status)) &&
              (since === undefined || record.created_at >= since),
          )
          .sort((a, b) => b.delegation - a.delegation || a.record.index - b.record.index)
          .slice(0, Math.max(0, Math.trunc(limit)))
          .map(recordOf),
      ),

    journal: (task_id, after = 0) =>
      run(() => copy(rows.get(task_id)?.journal.filter((entry) => entry.seq > after) ?? [])),

    expired: () => run(() => [...rows.values()].filter(expired).map(recordOf)),

    lose: (task_id, attempt, result) =>
      run(() => {
        const row = rows.get(task_id);
        if (row === undefined || row.state.attempt !== attempt || !expired(row)) return false;
        end(row, { status: result.status, result });
        return true;
      }),

    control: (id, ask) =>
      run(() =>
        rowsOf(id, ask.kind === 'stop')
          .filter(open)
          .map((row) => {
            const control: Control = { ...ask, id: ++asked, task_id: row.record.id };
            row.controls.push(copy(control));
            return control;
          }),
      ),

    controls: (owner, after) =>
      run(() =>
        [...rows.values()]
          .filter((row) => open(row) && row.lease?.owner === owner)
          .flatMap((row) => row.controls.filter(({ id, turn }) => id > after && turn === undefined))
          .sort((a, b) => a.id - b.id)
          .map(copy),
      ),

    undelivered: (origin) =>
      run(() => {
        const unended = new Set([...rows.values()].filter(open).map(({ record }) => record.delegation_id));
        return [...delegations].flatMap(([id, surface]) =>
          surface === undefined || unended.has(id) || (origin !== undefined && surface !== origin) ? [] : [id],
        );
      }),

    acknowledge: (id) =>
      run(() => {
        const waiting = delegations.get(id) !== undefined;
        if (waiting) delegations.set(id, undefined);
        return waiting;
      }),

    change: (name, update) =>
      run(() => {
        const before = values.get(name);
        const [value, answer] = update(before === undefined ? undefined : JSON.parse(before), now());
        if (value === undefined) values.delete(name);
        else values.set(name, JSON.stringify(value));
        return answer;
      }),

    shared: (name) =>
      run(() => {
        const value = values.get(name);
        return value === undefined ? undefined : JSON.parse(value);
      }),

    prune: (before) =>
      run(() => {
        const all = [...rows.values()];
        const kept = new Set(
          all
            .filter(({ state }) => state.ended_at === undefined || state.ended_at >= before)
            .map((row) => row.delegation),
        );
        const old = all.filter((row) => !kept.has(row.delegation));
        for (const { record } of old) {
          rows.delete(record.id);
          delegations.delete(record.delegation_id);
        }
        return old.map(({ record: { id, delegation_id } }) => ({ id, delegation_id }));
      }),

    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
