import type { Usage } from '../core/provider.ts';
import type { Dialect } from './dialect.ts';
import { objectOf } from './json-shape.ts';
import type { Mutable, Script } from './play.ts';
import type { Reply } from './reply.ts';
import { scriptOf } from './script-of.ts';
import type { SeenRequest } from './seen-request.ts';
import type { ProviderServerOptions } from './server-options.ts';

const NO_USAGE: Usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 };

/** Decides what each request is answered with, in the order a vendor decides: path, key, body, model, content. */
export function createAnswerer(
  options: ProviderServerOptions & { readonly dialect: Dialect; readonly port: number },
): (seen: Mutable<SeenRequest>) => Promise<Script> {
  const { dialect, reply = { text: 'ok' }, check = true } = options;
  const issued = new Set<string>();
  let count = 0;

  return async (seen) => {
    count += 1;
    const id = `${options.port}_${count}`;
    const found = seen.path.split('?', 1)[0] === dialect.turn_path && seen.method === 'POST';
    const wanted = refuse(seen) ?? (found ? await decide(seen) : listing(seen));
    const request_id = wanted.request_id === undefined ? `req_${id}` : wanted.request_id;
    if (request_id !== null) seen.request_id = request_id;
    if (wanted.hang !== true) seen.status = wanted.status ?? (wanted.redirect === undefined ? 200 : 307);
    const model = wanted.served_model === undefined ? seen.model : (wanted.served_model ?? undefined);
    const streams = seen.status === 200 && wanted.body === undefined && wanted.raw === undefined;
    if (streams && model !== undefined) seen.served_model = model;
    return scriptOf(wanted, {
      dialect,
      seen,
      events: () =>
        dialect.stream(wanted, {
          request: seen,
          body: objectOf(seen.json),
          model,
          usage: usageOf(wanted, seen.body),
          error: wanted.error === true ? {} : wanted.error,
          id,
          issue: (signature) => issued.add(signature),
        }),
    });
  };

  function refuse(seen: SeenRequest): Reply | undefined {
    const path = seen.path.split('?', 1)[0];
    const known =
      (path === dialect.turn_path && seen.method === 'POST') || (path === dialect.models_path && seen.method === 'GET');
    if (!known) return { status: 404, error: { message: `Invalid URL (${seen.method} ${path})`, code: null } };
    if (options.key !== undefined && dialect.keyOf(seen.headers) !== options.key) return { status: 401 };
    if (path === dialect.models_path) return undefined;
    if (seen.json === undefined) {
      return { status: 400, error: { message: 'We could not parse the JSON body of your request.' } };
    }
    const [complaint] = check
      ? dialect.check(objectOf(seen.json), seen.headers, (signature) => issued.has(signature))
      : [];
    if (complaint !== undefined) return { status: 400, error: complaint };
    if (options.models !== undefined && !options.models.includes(seen.model)) return { status: 404 };
    return undefined;
  }

  async function decide(seen: SeenRequest): Promise<Reply> {
    try {
      return typeof reply === 'function' ? await reply(seen) : reply;
    } catch (error) {
      return { status: 500, error: { message: `The reply function of the test server threw: ${error}` } };
    }
  }

  function listing(seen: SeenRequest): Reply {
    return { status: 200, body: dialect.modelList(options.models ?? (seen.model === '' ? [] : [seen.model])) };
  }
}

/** What the reply says, or an estimate. */
function usageOf(reply: Reply, body: string): Usage | undefined {
  if (reply.usage === null) return undefined;
  if (reply.usage !== undefined) return { ...NO_USAGE, ...reply.usage };
  const calls = (reply.tool_calls ?? []).map((call) =>
    typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments),
  );
  const reasoning = tokens(reply.reasoning ?? '');
  return {
    ...NO_USAGE,
    input: tokens(body),
    output: tokens(reply.text ?? '') + reasoning + calls.reduce((sum, call) => sum + tokens(call), 0),
    reasoning,
  };
}

function tokens(text: string): number {
  return Math.ceil(text.length / 4);
}
