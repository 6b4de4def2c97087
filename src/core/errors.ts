/**
 * Every error code that can leave Yardmaster. Surfaces map codes through a total
 * `Record<ErrorCode, …>`, so that a new code without a meaning there does not compile.
 */
export type ErrorCode =
  // the request itself (exit 2: nothing ran)
  | 'REQUEST_INVALID'
  | 'ROUTE_INVALID'
  | 'ROUTE_CONFLICT'
  | 'ROUTE_UNKNOWN'
  | 'ROUTE_DENIED'
  | 'PROVIDER_UNKNOWN'
  | 'MODEL_UNKNOWN'
  | 'MODEL_AMBIGUOUS'
  | 'MODEL_REQUIRED'
  | 'EFFORT_INVALID'
  | 'CREDENTIAL_MISSING'
  | 'ABILITY_MISSING'
  | 'TOOLSET_DENIED'
  | 'WIRE_UNAVAILABLE'
  | 'CONFIG_INVALID'
  | 'LIMIT_EXCEEDED'
  | 'BUDGET_EXCEEDED'
  | 'NOT_FOUND'
  // a child that ran (exit 1)
  | 'PROVIDER_FAILED'
  | 'SERVED_MISMATCH'
  | 'ANSWER_EMPTY'
  | 'ANSWER_TRUNCATED'
  | 'OUTPUT_INVALID'
  | 'TURNS_EXHAUSTED'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'LOST'
  // ours (exit 3)
  | 'STORE_FAILED'
  | 'INTERNAL';

/** One thing that is wrong with a request. A refused request lists all of them. */
export interface Issue {
  readonly code: ErrorCode;
  /** Where it stands in the arguments, for example `tasks[2].model`; empty for the call as a whole. */
  readonly path: string;
  /** What was asked, why not, in one sentence. The asked value is in double quotes. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  /** Up to three nearest valid names; empty when none is near. */
  readonly suggestions: readonly string[];
}

/** What an error says beside its code and message. What is left out is empty, or false. */
export interface DelegateErrorOptions {
  readonly hint?: string;
  /** True only when the same request may succeed later without a change. */
  readonly retryable?: boolean;
  /** Typed by code at the place that throws; always JSON. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly issues?: readonly Issue[];
  readonly cause?: unknown;
}

/**
 * The only error class of the package: a call that is refused, or something of ours that failed. What happens to a child
 * is a result instead.
 */
export class DelegateError extends Error {
  override readonly name = 'DelegateError';
  /** What kind of error; docs/errors.md lists them. */
  readonly code: ErrorCode;
  /** What to do about it; empty when each issue has its own, or nothing can be done. */
  readonly hint: string;
  /** The same call may succeed later without a change. */
  readonly retryable: boolean;
  /** More about it, as JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Every issue found, in the order of the arguments; empty for errors that are not refusals. */
  readonly issues: readonly Issue[];

  constructor(code: ErrorCode, message: string, options: DelegateErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? '';
    this.retryable = options.retryable ?? false;
    this.data = options.data ?? {};
    this.issues = options.issues ?? [];
  }

  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === '' ? {} : { hint: this.hint }),
      retryable: this.retryable,
      ...(this.issues.length === 0 ? {} : { issues: this.issues }),
      ...this.data,
    };
  }
}

/**
 * The one error of a refused request, from all the issues that were found.
 * Its code is the issues' own when they agree, else `REQUEST_INVALID`.
 */
export function refusal(issues: readonly Issue[]): DelegateError {
  const [first] = issues;
  if (first === undefined) return new DelegateError('INTERNAL', 'A request was refused without a reason.');
  const code = issues.every((issue) => issue.code === first.code) ? first.code : 'REQUEST_INVALID';
  const message =
    issues.length === 1
      ? `${first.path === '' ? '' : `${first.path}: `}${first.message}`
      : `${issues.length} problems; nothing was started:\n${issues
          .map(
            (issue) =>
              `  ${issue.path === '' ? '' : `${issue.path}: `}${issue.message}${issue.hint === '' ? '' : ` ${issue.hint}`}`,
          )
          .join('\n')}`;
  return new DelegateError(code, message, { hint: issues.length === 1 ? first.hint : '', issues });
}
