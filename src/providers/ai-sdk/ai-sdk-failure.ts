import { DelegateError } from '../../core/errors.ts';
import { type Route, routeLabel } from '../../core/route.ts';
import { classifyFailure } from '../failure/classify-failure.ts';
import type { StreamFailure } from '../stream.ts';
import type { Traffic } from './ai-sdk-fetch.ts';
import type { Watch } from './ai-sdk-watch.ts';

interface Turn {
  readonly watch: Watch;
  readonly traffic: Traffic;
  readonly route: Route;
}

/** The failure in whatever a package threw: its `APICallError`, an error of the network, or an object of the vendor's. */
export function failureIn(thrown: unknown, { watch, traffic, route }: Turn): StreamFailure | DelegateError {
  if (!(thrown instanceof Error)) {
    const body = typeof thrown === 'string' ? thrown : JSON.stringify(thrown ?? null);
    return { upstream: body, ...classifyFailure({ headers: {}, body }) };
  }
  const { statusCode, responseHeaders, responseBody, data } = thrown as Error & Record<string, unknown>;
  if (typeof statusCode === 'number' && statusCode >= 400) {
    const body = typeof responseBody === 'string' ? responseBody : JSON.stringify(data ?? {});
    const headers = (responseHeaders ?? {}) as Record<string, string>;
    const now = Date.now();
    return { status: statusCode, upstream: body, ...classifyFailure({ status: statusCode, headers, body, now }) };
  }
  const streaming = watch.first_token_ms >= 0;
  const chain = causes(thrown);
  const upstream = chain.map((error) => error.message).join(': ');
  // `fetch` and the reading of its body fail with a TypeError over an error of the system.
  if (chain.some((error) => error instanceof TypeError || 'syscall' in error)) {
    return { class: streaming ? 'cut' : 'network', upstream };
  }
  if (traffic.url === undefined) {
    return new DelegateError('WIRE_UNAVAILABLE', `"${route.package}" cannot ask "${routeLabel(route)}": ${upstream}`, {
      hint: 'Nothing was sent. Give the package what it asks for, as its own documentation says.',
      data: { class: 'bad_request' },
      cause: thrown,
    });
  }
  // The packages' word for a stream that closed before its finish reason.
  const unfinished = thrown.name === 'AI_InvalidResponseDataError' && streaming && traffic.ended;
  return { class: unfinished ? 'cut' : 'protocol', upstream: `${thrown.name}: ${upstream}` };
}

/** An error and what caused it, outermost first. */
function causes(error: Error): readonly Error[] {
  const chain: Error[] = [];
  for (let next: unknown = error; next instanceof Error && chain.length < 5; next = next.cause) chain.push(next);
  return chain;
}
