import { endingOfError } from '../core/ending.ts';
import { DelegateError } from '../core/errors.ts';
import type { Answer, ErrorClass, ToolSpec } from '../core/provider.ts';
import type { TaskError } from '../core/result.ts';
import { type Route, routeLabel } from '../core/route.ts';
import type { ProbeTarget, RouteHealth } from '../core/route-health.ts';
import type { EngineDeps } from './deps.ts';
import { tokensAtMost } from './limits/budget.ts';
import { createTally, receiptRoute, type Tally } from './limits/tally.ts';
import { askOnce } from './request.ts';
import { startTimer } from './timer.ts';

/** All that is asked of a model: as little as it can answer. */
const SYSTEM = 'This is a test of the connection. Answer with the word ok. No tool is needed.';
const ASKED = 'Say ok.';
const TOOL: ToolSpec = {
  name: 'noop',
  description: 'Does nothing. There is no need to call it.',
  parameters: { type: 'object', properties: {}, additionalProperties: false },
};
/** Tokens an answer may have. */
const MAX_OUTPUT = 16;
/** … where the wire leaves effort out because so few leave no room to think; the answer is as short as ever. */
const ROOM_TO_THINK = 2_048;

/** Failures that may be about something in the request, and cost nothing. */
const ABOUT_THE_REQUEST: ReadonlySet<ErrorClass> = new Set(['bad_request', 'unsupported_parameter', 'unknown']);

export interface ProbeOptions {
  readonly signal?: AbortSignal;
  /** The longest that one route is waited for, over all of its requests. */
  readonly timeout_seconds: number;
  /** Hears of each route as it is done. */
  readonly on?: (health: RouteHealth) => void;
}

/**
 * Asks one cheap question over every route, side by side, as children would ask: same adapters, keys, rate limits and
 * daily budget. Nothing is retried or hopped. Where a provider refuses the request, it is asked again without the tool,
 * then without the effort, to tell which of them it refuses. In the order of the targets; never rejects for a route.
 */
export async function probe(
  targets: readonly ProbeTarget[],
  deps: EngineDeps,
  options: ProbeOptions,
): Promise<readonly RouteHealth[]> {
  const release = deps.leases.keep();
  try {
    return await Promise.all(
      targets.map(async (target) => {
        const health = await probeOne(target, deps, options);
        options.on?.(health);
        return health;
      }),
    );
  } finally {
    await Promise.all([deps.governor.rest(), deps.daily?.rest()]);
    release();
  }
}

/** What came of one request. */
type Tried = { readonly answer: Answer } | { readonly error: TaskError };

/** How a request is put. */
interface Form {
  readonly tool: boolean;
  readonly effort: boolean;
  readonly max_output: number;
}

async function probeOne(
  { used_by, route }: ProbeTarget,
  deps: EngineDeps,
  { signal, timeout_seconds }: ProbeOptions,
): Promise<RouteHealth> {
  const { clock } = deps;
  const started_at = clock.now();
  const tally = createTally();
  let requests = 0;
  const controller = new AbortController();
  const stop = (): void => controller.abort('cancelled');
  const endTimer = startTimer(timeout_seconds, () => controller.abort('timeout'));
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();

  const ask = async (form: Form): Promise<Tried> => {
    requests += 1;
    return tryOnce(route, form, { deps, tally, signal: controller.signal, timeout_seconds });
  };
  const usual: Form = { tool: route.tools !== false, effort: true, max_output: MAX_OUTPUT };
  const asksEffort = route.reasoning_effort !== undefined && route.effort_dialect !== 'omit' && route.reasons !== false;
  let tools: RouteHealth['tools'] = usual.tool ? 'unknown' : 'not_offered';
  let effort: RouteHealth['effort'] = asksEffort ? 'unknown' : 'not_asked';
  let error: TaskError | undefined;

  const read = (answer: Answer, form: Form): void => {
    if (form.tool) tools = 'accepted';
    if (asksEffort && form.effort) effort = tookEffort(answer, route) ? 'accepted' : 'refused';
  };
  try {
    let tried = await ask(usual);
    if ('answer' in tried && asksEffort && !tookEffort(tried.answer, route)) {
      const roomy = await ask({ ...usual, max_output: ROOM_TO_THINK });
      if ('answer' in roomy) tried = roomy;
    }
    if ('answer' in tried) read(tried.answer, usual);
    else {
      error = tried.error;
      const refused = error.class !== undefined && ABOUT_THE_REQUEST.has(error.class);
      const others: readonly (readonly ['tools' | 'effort', Form])[] = [
        ...(usual.tool ? [['tools', { ...usual, tool: false }] as const] : []),
        ...(asksEffort ? [['effort', { ...usual, effort: false }] as const] : []),
      ];
      for (const [without, form] of refused ? others : []) {
        const again = await ask(form);
        if (!('answer' in again)) continue;
        read(again.answer, form);
        if (without === 'tools') tools = 'refused';
        else effort = 'refused';
        break;
      }
    }
  } finally {
    endTimer();
    signal?.removeEventListener('abort', stop);
  }

  const verified = tally.verified ?? 'unreported';
  const label = routeLabel(route);
  const found =
    tools === 'refused' ? noTools(label, error) : effort === 'refused' ? noEffort(label, route, error) : error;
  const why = found ?? (verified === 'mismatch' ? mismatch(label, tally) : undefined);
  return {
    used_by,
    route: receiptRoute(route),
    healthy: why === undefined,
    key: keyState(route, tools, effort, error),
    served: {
      ...(tally.served === undefined ? {} : { model: tally.served }),
      verified,
      request_ids: tally.request_ids,
    },
    tools,
    effort,
    requests,
    usage: tally.usage,
    cost: { usd: tally.usd, complete: tally.complete },
    total_ms: Math.max(0, clock.now() - started_at),
    notes: tally.notes,
    ...(why === undefined ? {} : { error: redacted(why, deps.redact) }),
  };
}

interface Trying {
  readonly deps: EngineDeps;
  readonly tally: Tally;
  readonly signal: AbortSignal;
  readonly timeout_seconds: number;
}

async function tryOnce(route: Route, form: Form, { deps, tally, signal, timeout_seconds }: Trying): Promise<Tried> {
  const { reasoning_effort: _, effort_word: __, ...plain } = route;
  // The cap stands in the route: what budgets set aside goes by it.
  const asked: Route = { ...(form.effort ? route : plain), max_output: form.max_output };
  const tools = form.tool ? [TOOL] : [];
  let waiting = false;
  try {
    const conversation = (await deps.providerFor(asked)).open(asked, { system: SYSTEM, tools });
    conversation.append({ role: 'user', text: ASKED });
    const came = await askOnce({
      deps,
      batch: 'doctor',
      ledgers: deps.daily === undefined ? [] : [deps.daily],
      // Its own time is the only limit: it is told in one way, whatever was waited for.
      sending: {
        signal,
        first_token_timeout_ms: 10 * timeout_seconds * 1000,
        idle_timeout_ms: 10 * timeout_seconds * 1000,
        max_output: form.max_output,
      },
      tally,
      tell: (event) => {
        if (event.type === 'waiting') waiting = event.state === 'begun';
      },
      route: asked,
      conversation,
      context: tokensAtMost(SYSTEM + ASKED + JSON.stringify(tools)),
    });
    if ('answer' in came) return { answer: came.answer };
    if (signal.aborted) return { error: timeUp(route, { signal, timeout_seconds, waiting }) };
    if ('ending' in came) return { error: came.ending.error ?? internal() };
    return { error: endingOfError(came.error, 1).error ?? internal() };
  } catch (error) {
    if (signal.aborted) return { error: timeUp(route, { signal, timeout_seconds, waiting }) };
    return { error: endingOfError(error, 1).error ?? internal() };
  }
}

function redacted({ upstream, ...error }: TaskError, redact: (text: string) => string): TaskError {
  const message = redact(error.message);
  return { ...error, message, ...(upstream === undefined ? {} : { upstream: redact(upstream) }) };
}

function internal(): TaskError {
  const { code, message, hint } = new DelegateError('INTERNAL', 'It ended without an error.', {
    hint: 'Please report it.',
  });
  return { code, message, hint };
}

function timeUp(
  route: Route,
  { signal, timeout_seconds, waiting }: Pick<Trying, 'signal' | 'timeout_seconds'> & { readonly waiting: boolean },
): TaskError {
  const label = routeLabel(route);
  if (signal.reason !== 'timeout') return { code: 'CANCELLED', message: `"${label}" was not waited for.`, hint: '' };
  return waiting
    ? {
        code: 'TIMEOUT',
        message: `"${label}" was not asked: in ${timeout_seconds} s its limits had no place for it.`,
        hint: 'Something else uses this account, or `max_in_flight` or `rpm` are very low. Try again later.',
      }
    : {
        code: 'TIMEOUT',
        message: `"${label}" did not answer within ${timeout_seconds} s.`,
        hint: 'See whether the server is up and has loaded the model; some need a minute for the first answer.',
      };
}

function noTools(label: string, error: TaskError | undefined): TaskError {
  return {
    ...(error ?? internal()),
    message: `"${label}" answers, but not when it is offered a tool. ${error?.message ?? ''}`.trim(),
    hint: 'Children with tools cannot run on it: declare `tools: false` on the model, or take another one.',
  };
}

function noEffort(label: string, { reasoning_effort }: Route, error: TaskError | undefined): TaskError {
  return {
    code: error?.code ?? 'EFFORT_INVALID',
    ...(error?.class && { class: error.class }),
    message: `"${label}" answers, but does not take the effort "${reasoning_effort}". ${error?.message ?? ''}`.trim(),
    hint: "Leave the effort out there, or declare what the model takes as `reasoning` under the provider's `models`.",
    ...(error?.upstream && { upstream: error.upstream }),
  };
}

function mismatch(label: string, { served }: Tally): TaskError {
  return {
    code: 'SERVED_MISMATCH',
    message: `"${label}" was asked for and "${served}" answered.`,
    hint: 'If the provider calls this model so, write that name under `served_as` of the model; else ask for another one.',
  };
}

/** What can be said of the key: an answer, even a refusal of something else, means that it was accepted. */
function keyState(
  { credential }: Route,
  tools: RouteHealth['tools'],
  effort: RouteHealth['effort'],
  error: TaskError | undefined,
): RouteHealth['key'] {
  if (credential.kind === 'none') return 'not_needed';
  const answered = error === undefined || tools === 'refused' || effort === 'refused';
  if (answered) return 'accepted';
  return error.class === 'auth' || error.code === 'CREDENTIAL_MISSING' ? 'refused' : 'unknown';
}

/** The answer came with the effort in the request, as far as this effort says anything there. */
function tookEffort({ sent }: Answer, { reasoning_effort }: Route): boolean {
  return reasoning_effort === 'none' || (sent.reasoning !== null && sent.reasoning !== undefined);
}
