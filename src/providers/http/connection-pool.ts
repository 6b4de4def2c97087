import type { buildConnector, Client as UndiciClient, Pool as UndiciPool } from 'undici';
// The whole of undici takes 100 ms to load, its pool alone 28.
import Client from 'undici/lib/dispatcher/client.js';
import Pool from 'undici/lib/dispatcher/pool.js';

/** A handler of a dispatcher that can say whether anybody still waits for it. */
export interface Dispatched {
  readonly closed: boolean;
}

/** Keep-alive connections to one authority, as many as there are requests at once. */
export function createConnectionPool(authority: string): UndiciPool {
  return new Pool(authority, {
    connections: null,
    pipelining: 1,
    // Our own limits rule: they know a token from a header, and tell which of the two was late.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Local servers close idle connections after 5 s without a word, and connecting to them is cheap.
    keepAliveTimeout: authority.startsWith('https:') ? 30_000 : 4_000,
    factory: (origin, options) => createClient(origin, options as ClientOptions),
  });
}

type ClientOptions = Omit<UndiciClient.Options, 'connect'> & { readonly connect: buildConnector.connector };

/**
 * A connection whose request was aborted is closed, and undici opens another one in its place before it notices
 * that the request needs none. A thousand children cancelled at once would mean a thousand connections for nothing.
 */
function createClient(origin: URL, options: ClientOptions): UndiciClient {
  let last: Dispatched | undefined;
  const client = new Client(origin, {
    ...options,
    connect(target, callback) {
      if (last?.closed === true) callback(new Error('nobody waits for this connection'), null);
      else options.connect(target, callback);
    },
  });
  const dispatch = client.dispatch.bind(client);
  // With no pipelining a client has one request at a time.
  client.dispatch = (request, handler) => {
    last = handler as unknown as Dispatched;
    return dispatch(request, handler);
  };
  return client;
}
