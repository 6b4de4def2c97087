import type { RouteRequest } from '../../core/route.ts';
import { parseRouteRequest } from '../../core/routing/parse-route-request.ts';
import type { SessionRoute } from '../../core/session.ts';
import type { Setup } from '../../setup.ts';

/**
 * Writes a switch that was made into the user's configuration as `model`; comments stay. Returns the file.
 * A name stays as it was said (`sonnet` goes on meaning the newest), at the provider it was found at.
 */
export async function saveSwitch(
  request: RouteRequest,
  { route }: SessionRoute,
  setup: Pick<Setup, 'get' | 'set'>,
): Promise<string> {
  const before = fieldsOf((await setup.get('model')).value);
  return setup.set('model', JSON.stringify(changed(before, request, route)));
}

function changed(before: RouteRequest, request: RouteRequest, route: SessionRoute['route']): RouteRequest {
  if (request.route !== undefined) return { route: request.route };
  if (request.reasoning_effort !== undefined) {
    // An effort alone would leave open what it is for.
    const names = before.model !== undefined || before.provider !== undefined || before.route !== undefined;
    const { provider, model } = route;
    return { ...(names ? before : { provider, model }), reasoning_effort: request.reasoning_effort };
  }
  const { model = route.model } = parseRouteRequest(request);
  const { reasoning_effort } = before;
  return { provider: route.provider, model, ...(reasoning_effort === undefined ? {} : { reasoning_effort }) };
}

/** `model:` as it may stand in a file. */
function fieldsOf(value: unknown): RouteRequest {
  if (typeof value === 'string') return { model: value };
  return typeof value === 'object' && value !== null ? value : {};
}
