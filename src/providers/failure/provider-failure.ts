import { DelegateError } from '../../core/errors.ts';
import { type ErrorClass, type Failure, PROVIDER_FAILED } from '../../core/provider.ts';
import { routeLabel } from '../../core/route.ts';

/** Characters of a provider's own body that are kept. */
export const UPSTREAM_CHARS = 4_000;

interface Meaning {
  readonly why: string;
  readonly hint: string;
  readonly retryable: boolean;
}

/** What each class means to a reader. `retryable`: the same request may succeed later without a change. */
export const ERROR_CLASS_MEANINGS: Readonly<Record<ErrorClass, Meaning>> = {
  auth: {
    why: 'the provider did not accept the key',
    hint: "Check the key in the provider's environment variable; `yardmaster doctor` shows which one is used.",
    retryable: false,
  },
  permission: {
    why: 'the key may not use this model or endpoint',
    hint: "Allow it in the provider's console, or choose a model this key may use.",
    retryable: false,
  },
  quota: {
    why: 'the account has no credit or quota left',
    hint: 'Add credit or raise the limit with the provider, or write a fallback on the route.',
    retryable: false,
  },
  rate_limit: {
    why: 'the provider limits the rate of requests',
    hint: 'Lower `max_in_flight` or set `rpm`/`tpm` on the provider, or wait as long as it says.',
    retryable: true,
  },
  overloaded: {
    why: 'the provider is overloaded',
    hint: 'Try again later, or write a fallback on the route.',
    retryable: true,
  },
  unavailable: {
    why: 'the provider had an error of its own',
    hint: 'Try again later, or write a fallback on the route.',
    retryable: true,
  },
  timeout_first_token: {
    why: 'no token came within the limit',
    hint: 'Raise `first_token_timeout_seconds` if this model thinks that long, or choose another route.',
    retryable: true,
  },
  timeout_idle: {
    why: 'the answer stopped arriving',
    hint: 'Raise `idle_timeout_seconds` if this model pauses that long, or choose another route.',
    retryable: true,
  },
  network: {
    why: 'the provider could not be reached',
    hint: "Check the network and the provider's `base_url`. Proxy variables are not used.",
    retryable: true,
  },
  cut: {
    why: 'the answer was cut off before its end',
    hint: 'What arrived is kept as partial work; run the task again.',
    retryable: true,
  },
  protocol: {
    why: 'the answer is not what this wire speaks',
    hint: "Check the provider's `base_url` and `wire`: something else answers there.",
    retryable: false,
  },
  redirect: {
    why: 'the provider redirected the request, and a key is never carried to another address',
    hint: "Set the provider's `base_url` to its final address.",
    retryable: false,
  },
  model_not_found: {
    why: 'the provider does not offer this model to this key',
    hint: "List what it offers with `yardmaster models --provider`, and check the provider's `base_url`.",
    retryable: false,
  },
  context_overflow: {
    why: "the conversation is longer than the model's context",
    hint: 'Give the task less to read, or a model with a larger context.',
    retryable: false,
  },
  too_large: {
    why: 'the request is larger than the provider takes',
    hint: 'Send less at once: smaller images, shorter context, smaller tool results.',
    retryable: false,
  },
  unsupported_parameter: {
    why: 'the model does not take one of the parameters',
    hint: "Leave it out, or declare what the model takes under the provider's `models`.",
    retryable: false,
  },
  bad_request: {
    why: 'the provider refused the request as invalid',
    hint: "The provider's own words are in `upstream`.",
    retryable: false,
  },
  content_refusal: {
    why: 'the provider refused the content',
    hint: 'Reword the task; another attempt or route is not tried for a refusal.',
    retryable: false,
  },
  cancelled: {
    why: 'it was cancelled',
    hint: 'Run the task again when it is wanted.',
    retryable: false,
  },
  unknown: {
    why: 'the provider failed in a way that is not known here',
    hint: "The provider's own words are in `upstream`; nothing was retried, because nothing is known about it.",
    retryable: false,
  },
};

/**
 * The error that leaves a provider adapter. Its `data` is the failure; `upstream` must be redacted by then
 * and is cut at `UPSTREAM_CHARS`.
 */
export function providerFailure(
  failure: Failure,
  route: { readonly provider: string; readonly model: string },
): DelegateError {
  const { why, hint, retryable } = ERROR_CLASS_MEANINGS[failure.class];
  const upstream = failure.upstream?.slice(0, UPSTREAM_CHARS);
  const said = upstream === undefined ? '' : `: ${oneLine(upstream)}`;
  const how = failure.status === undefined ? failure.class : `${failure.class}, HTTP ${failure.status}`;
  return new DelegateError(PROVIDER_FAILED, `"${routeLabel(route)}" failed (${how}): ${why}${said}`, {
    hint,
    retryable,
    data: upstream === undefined ? { ...failure } : { ...failure, upstream },
  });
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
