import type { DelegateError, ErrorCode } from '../core/errors.ts';
import type { TaskStatus } from '../core/result.ts';

/** Everything completed. */
export const EXIT_OK = 0;
/** Something ran and did not complete. */
export const EXIT_INCOMPLETE = 1;
/** The request, configuration or route was refused; nothing ran. */
export const EXIT_REFUSED = 2;
/** A fault of ours. */
export const EXIT_INTERNAL = 3;
/** Interrupted by the person; what existed was printed. */
export const EXIT_INTERRUPTED = 130;

const EXIT_CODES: Record<ErrorCode, 1 | 2 | 3 | 130> = {
  REQUEST_INVALID: EXIT_REFUSED,
  ROUTE_INVALID: EXIT_REFUSED,
  ROUTE_CONFLICT: EXIT_REFUSED,
  ROUTE_UNKNOWN: EXIT_REFUSED,
  ROUTE_DENIED: EXIT_REFUSED,
  PROVIDER_UNKNOWN: EXIT_REFUSED,
  MODEL_UNKNOWN: EXIT_REFUSED,
  MODEL_AMBIGUOUS: EXIT_REFUSED,
  MODEL_REQUIRED: EXIT_REFUSED,
  EFFORT_INVALID: EXIT_REFUSED,
  CREDENTIAL_MISSING: EXIT_REFUSED,
  ABILITY_MISSING: EXIT_REFUSED,
  TOOLSET_DENIED: EXIT_REFUSED,
  WIRE_UNAVAILABLE: EXIT_REFUSED,
  CONFIG_INVALID: EXIT_REFUSED,
  LIMIT_EXCEEDED: EXIT_REFUSED,
  BUDGET_EXCEEDED: EXIT_REFUSED,
  NOT_FOUND: EXIT_REFUSED,
  PROVIDER_FAILED: EXIT_INCOMPLETE,
  SERVED_MISMATCH: EXIT_INCOMPLETE,
  ANSWER_EMPTY: EXIT_INCOMPLETE,
  ANSWER_TRUNCATED: EXIT_INCOMPLETE,
  OUTPUT_INVALID: EXIT_INCOMPLETE,
  TURNS_EXHAUSTED: EXIT_INCOMPLETE,
  TIMEOUT: EXIT_INCOMPLETE,
  CANCELLED: EXIT_INTERRUPTED,
  LOST: EXIT_INCOMPLETE,
  STORE_FAILED: EXIT_INTERNAL,
  INTERNAL: EXIT_INTERNAL,
};

export function exitCodeOfError(error: DelegateError): number {
  return EXIT_CODES[error.code];
}

export function exitCodeOfStatuses(statuses: readonly TaskStatus[]): number {
  return statuses.every((status) => status === 'completed') ? EXIT_OK : EXIT_INCOMPLETE;
}
