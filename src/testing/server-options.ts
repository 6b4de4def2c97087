import type { Reply, ReplyFor } from './reply.ts';
import type { TestWire } from './seen-request.ts';

/** How a test server behaves. Only `wire` has to be said. */
export interface ProviderServerOptions {
  readonly wire: TestWire;
  /** The only key it takes; a request with another one, or with none, gets the vendor's 401. Absent: it asks for none. */
  readonly key?: string;
  /** What it serves; another id gets the vendor's 404. Absent: whatever is asked for. */
  readonly models?: readonly string[];
  /** One answer for all, or a function that decides each. Default: the text `ok`. */
  readonly reply?: Reply | ReplyFor;
  /** false: bodies the vendor would refuse are answered all the same. Default true. */
  readonly check?: boolean;
  /** Default: one that is free. */
  readonly port?: number;
}
