import type { Yardmaster, YardmasterOptions } from './yardmaster.ts';

export type { CallAnswer, TaskState } from './core/answer.ts';
export type { DelegateArgs } from './core/call/delegate-args.ts';
export type { Catalog, ModelEntry, ProviderEntry } from './core/catalog.ts';
export { DelegateError, type ErrorCode, type Issue } from './core/errors.ts';
export type { DelegationEvent, DelegationStream, EventListener } from './core/events.ts';
export type { Explanation, TaskExplanation } from './core/explain.ts';
export type { ToolSpec, Usage } from './core/provider.ts';
export type {
  Cost,
  DelegationHandle,
  DelegationResult,
  ExitReason,
  Steer,
  TaskError,
  TaskResult,
  TaskStatus,
} from './core/result.ts';
export type { Layer, Receipt, Route, RouteRequest, RouteSource, Source, Wire } from './core/route.ts';
export type {
  PermissionAnswer,
  PermissionQuestion,
  Reply,
  Session,
  SessionEvent,
  SessionOptions,
  SessionRoute,
  SessionSpend,
  SessionSummary,
} from './core/session.ts';
export type { JournalEntry, Store, TaskFilter, TaskRecord } from './core/store.ts';
export type { Budget, Json, TaskInput } from './core/task.ts';
export { type DelegateFunction, delegateFunction } from './sdk/delegate-function.ts';
export type { DelegateOutcome } from './sdk/delegate-outcome.ts';
export { type DelegateTool, delegateTool } from './sdk/delegate-tool.ts';
export type { DelegateOptions, Yardmaster, YardmasterOptions } from './yardmaster.ts';

/**
 * Wires everything together. Reads the configuration (and throws `CONFIG_INVALID` for all that is wrong with it);
 * opens no store, socket or catalog until a call needs one.
 */
export async function createYardmaster(options: YardmasterOptions = {}): Promise<Yardmaster> {
  // Whoever imports the package may never delegate.
  return (await import('./app.ts')).createYardmaster(options);
}
