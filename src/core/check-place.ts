import { DelegateError } from './errors.ts';
import type { Limits } from './settings.ts';
import type { DelegationRecord } from './store.ts';

/** The task that delegates, as the store has it. */
export interface ParentRecord {
  readonly open: boolean;
  readonly root_id: string;
  /** Of the delegation it belongs to. */
  readonly depth: number;
}

/**
 * Why a delegation may not stand where it says it does; undefined = it may. Depth and number are counted from what the
 * store holds (`parent` undefined = there is no such task), so nothing a process is told, or forgets, can reset them.
 */
export function placeRefusal(
  delegation: DelegationRecord,
  { max_descendants, max_spawn_depth }: Pick<Limits, 'max_descendants' | 'max_spawn_depth'>,
  { parent, descendants }: { readonly parent: ParentRecord | undefined; readonly descendants: number },
): DelegateError | undefined {
  const { parent_id, root_id, depth, tasks } = delegation;
  if (parent_id !== undefined && parent?.open !== true) {
    return new DelegateError('NOT_FOUND', `The task "${parent_id.slice(0, 100)}" that delegates is not running.`, {
      hint: 'A child delegates while it runs; call from outside of it to start work of its own.',
    });
  }
  const stands = parent === undefined ? 1 : parent.depth + 1;
  if (stands !== depth || (parent !== undefined && parent.root_id !== root_id)) {
    return new DelegateError('REQUEST_INVALID', `The delegation says depth "${depth}"; it stands at ${stands}.`, {
      hint: 'Depth and root come from the task that delegates, never from a call or a variable.',
    });
  }
  if (depth > max_spawn_depth) {
    return new DelegateError(
      'LIMIT_EXCEEDED',
      `A child at depth "${depth}" was asked for; max_spawn_depth is ${max_spawn_depth}.`,
      { hint: 'Do the work in this task, or raise `delegation.max_spawn_depth`.' },
    );
  }
  if (descendants + tasks.length > max_descendants) {
    return new DelegateError(
      'LIMIT_EXCEEDED',
      `"${tasks.length}" tasks were asked for; max_descendants is ${max_descendants} for one root, and ${descendants} are there.`,
      { hint: 'Do the rest without children, or raise `delegation.max_descendants`.' },
    );
  }
  return undefined;
}
