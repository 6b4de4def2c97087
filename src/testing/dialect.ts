import type { Usage } from '../core/provider.ts';
import type { Json } from '../core/task.ts';
import type { Reply, ReplyError } from './reply.ts';
import type { Conversation, SeenRequest } from './seen-request.ts';

export type JsonObject = { readonly [key: string]: unknown };

/** Something the vendor would refuse a body for. */
export interface Complaint {
  readonly message: string;
  readonly param?: string;
  readonly code?: string;
}

/** One server-sent event. `delta`: a piece of content, before which a slow server pauses. */
export interface StreamEvent {
  readonly bytes: string;
  readonly delta: boolean;
}

/** What an encoder needs to know besides the reply. */
export interface StreamSetup {
  readonly request: SeenRequest;
  readonly body: JsonObject;
  /** undefined: name none. */
  readonly model: string | undefined;
  /** undefined: report none. */
  readonly usage: Usage | undefined;
  readonly error: ReplyError | undefined;
  /** Unique over all servers. */
  readonly id: string;
  /** Remembers what the client must send back unchanged. */
  readonly issue: (signature: string) => void;
}

/** How one wire looks from the server's side. */
export interface Dialect {
  /** What `base_url` ends with. */
  readonly base_path: string;
  readonly turn_path: string;
  readonly models_path: string;
  readonly request_id_header: string;
  /** The header the vendor reads the key from. */
  readonly keyOf: (headers: SeenRequest['headers']) => string | undefined;
  readonly read: (body: JsonObject) => Conversation;
  /** What is wrong with a request; the vendor reports the first. `issued` knows the signatures this server gave out. */
  readonly check: (
    body: JsonObject,
    headers: SeenRequest['headers'],
    issued: (signature: string) => boolean,
  ) => Generator<Complaint, void>;
  readonly stream: (reply: Reply, setup: StreamSetup) => readonly StreamEvent[];
  /** The vendor's body for a status, with what the reply says in place of the usual words. */
  readonly errorBody: (status: number, error: ReplyError, about: { model: string; key?: string; id?: string }) => Json;
  readonly modelList: (ids: readonly string[]) => Json;
}
