import type { StreamEnd, StreamFailure, StreamRequest } from '../stream.ts';
import { createTurns } from '../turns.ts';
import { type ConnectionPool, createConnectionPool } from './connection-pool.ts';
import { createDeadlines } from './deadlines.ts';
import { Exchange, type ExchangeContext } from './exchange.ts';

/** Requests whose callers go on in one turn of the event loop. */
const ENDED_A_TURN = 32;

export interface Transport extends AsyncDisposable {
  streamPost(request: StreamRequest): Promise<StreamEnd>;
}

/**
 * HTTP/1.1 POSTs that answer with server-sent events, over one pool of connections an authority.
 *
 * Contract: a request goes to its authority and nowhere else (redirects are refused, proxy variables are not
 * read); it ends exactly once; when it has ended it holds no timer, no listener on its signal and no socket
 * other than an idle one of the pool. Certificates are verified as Node does (`NODE_EXTRA_CA_CERTS` adds one).
 */
export function createTransport(): Transport {
  const pools = new Map<string, ConnectionPool>();
  const now = (): number => performance.now();
  const shared: ExchangeContext = { deadlines: createDeadlines(now), now, turns: createTurns(ENDED_A_TURN) };
  let closed = false;

  function poolFor(authority: string): ConnectionPool {
    let pool = pools.get(authority);
    if (pool === undefined) {
      pool = createConnectionPool(authority);
      pools.set(authority, pool);
    }
    return pool;
  }

  return {
    streamPost(request) {
      return new Promise<StreamEnd>((resolve, reject) => {
        if (closed || request.signal.aborted) {
          reject({ class: 'cancelled', unsent: true } satisfies StreamFailure);
          return;
        }
        poolFor(request.authority).dispatch(
          { path: request.path, method: 'POST', headers: request.headers, body: request.body },
          new Exchange(request, shared, { resolve, reject }),
        );
      });
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.destroy()));
    },
  };
}
