export { createYardmaster, type DelegateOptions, type Yardmaster, type YardmasterOptions } from './app.ts';
export type { CallAnswer, TaskState } from './core/answer.ts';
export type { Catalog, ModelEntry, ProviderEntry } from './core/catalog.ts';
export { DelegateError, type ErrorCode, type Issue } from './core/errors.ts';
export type { DelegationEvent, EventListener } from './core/events.ts';
export type { Explanation, TaskExplanation } from './core/explain.ts';
export type { Usage } from './core/provider.ts';
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
export type { JournalEntry, Store, TaskFilter, TaskRecord } from './core/store.ts';
export type { Budget, Json, TaskInput } from './core/task.ts';
