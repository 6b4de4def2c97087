import { classifyFailure } from '../failure/classify-failure.ts';
import { asStreamFailure, type StreamEnd, type StreamFailure, type StreamRequest } from '../stream.ts';
import type { Turns } from '../turns.ts';
import type { Connection, Pooled } from './connection-pool.ts';
import type { Deadlines, Watched } from './deadlines.ts';
import {
  allHeaders,
  brokenConnection,
  isErrorDocument,
  legible,
  parseJson,
  redirection,
  wantedHeaders,
} from './read-response.ts';
import { createSseParser, type SseParser } from './sse.ts';

/** Bytes of an answer that is not a stream of events: enough for every error body, not for a download. */
const MAX_BODY_BYTES = 64 * 1024;
/** Bytes of one whole answer. */
const MAX_STREAM_BYTES = 256 * 1024 * 1024;
/** How long an error's body may take once its status is known. */
const ERROR_BODY_MS = 5_000;
/** How long a server may take to end a stream whose answer is complete, so that its connection can be used again. */
const DRAIN_MS = 500;

/** What the exchanges of one transport share. */
export interface ExchangeContext {
  readonly deadlines: Deadlines;
  readonly now: () => number;
  /** Those who wait for an answer go on through these. */
  readonly turns: Turns;
}

/** Who waits for one exchange. */
export interface Waiter {
  readonly resolve: (end: StreamEnd) => void;
  readonly reject: (failure: StreamFailure) => void;
}

/**
 * - `waiting`: nothing has come back. `streaming`: 2xx. `document`: 2xx with one JSON document.
 * - `failing`: another status, its body is collected. `draining`: the answer is complete, its stream has not ended.
 * - `closed`: told how it ended; whatever still arrives is ignored.
 */
type Phase = 'waiting' | 'streaming' | 'document' | 'failing' | 'draining' | 'closed';

/**
 * One request and what comes back, as a handler of undici's dispatcher (the interface without wrappers).
 * A class because 1,000 of them live at once and each is one object instead of ten closures.
 */
export class Exchange implements Watched, Pooled {
  due: number;
  connection: Connection | undefined;
  private readonly context: ExchangeContext;
  private waiter: Waiter | undefined;
  private readonly authority: string;
  private readonly idleTimeoutMs: number;
  private signal: AbortSignal | undefined;
  private onBytes: StreamRequest['onBytes'];
  private listener: StreamRequest['onEvent'];
  private readonly started: number;
  private phase: Phase = 'waiting';
  private abortSocket: (() => void) | undefined;
  private written = false;
  private parser: SseParser | undefined;
  private status = 0;
  private rawHeaders: readonly Buffer[] = [];
  private requestId: string | undefined;
  private received = 0;
  private firstTokenMs = -1;
  /** The body, as long as no event came of it. */
  private body: Buffer[] = [];
  private bodyBytes = 0;

  constructor(request: StreamRequest, context: ExchangeContext, waiter: Waiter) {
    this.context = context;
    this.waiter = waiter;
    this.authority = request.authority;
    this.idleTimeoutMs = request.idle_timeout_ms;
    this.signal = request.signal;
    this.onBytes = request.onBytes;
    this.listener = request.onEvent;
    this.started = context.now();
    this.due = this.started + request.first_token_timeout_ms;
    context.deadlines.add(this);
    request.signal.addEventListener('abort', this);
  }

  /** The request's signal was aborted. */
  handleEvent(): void {
    if (this.phase === 'draining') this.complete(true);
    else this.fail({ class: 'cancelled' });
    this.abort();
  }

  expired(): void {
    if (this.phase === 'draining') this.complete(true);
    else if (this.phase === 'failing') this.failWithBody();
    else this.fail({ class: this.firstTokenMs < 0 ? 'timeout_first_token' : 'timeout_idle' });
    this.abort();
  }

  onConnect(abort: () => void): void {
    this.written = true;
    if (this.phase === 'closed') abort();
    else this.abortSocket = abort;
  }

  onHeaders(status: number, rawHeaders: readonly Buffer[]): boolean {
    if (status < 200 || this.phase === 'closed') return true;
    this.status = status;
    this.rawHeaders = rawHeaders;
    const { request_id, type } = wantedHeaders(rawHeaders);
    this.requestId = request_id;
    if (status >= 300 && status < 400) {
      this.fail({
        class: 'redirect',
        upstream: redirection(status, allHeaders(rawHeaders).location, this.authority),
      });
      this.abort();
    } else if (status >= 400) {
      this.phase = 'failing';
      this.due = Math.min(this.due, this.context.now() + ERROR_BODY_MS);
      this.context.deadlines.nearer(this);
    } else if (type.includes('json')) {
      this.phase = 'document';
    } else {
      this.phase = 'streaming';
      this.parser = createSseParser((event, data) => this.onEvent(event, data));
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.phase === 'closed' || this.phase === 'draining') return true;
    this.received += chunk.length;
    this.onBytes?.(chunk.length);
    if (this.received > MAX_STREAM_BYTES) {
      this.fail({ class: 'protocol', upstream: `an answer of more than ${MAX_STREAM_BYTES / 1024 / 1024} MB` });
      this.abort();
    } else if (this.phase === 'streaming') {
      if (this.firstTokenMs < 0) this.keep(chunk, MAX_BODY_BYTES);
      else this.due = this.context.now() + this.idleTimeoutMs;
      this.parse(chunk);
    } else if (this.phase === 'document') {
      this.keep(chunk, MAX_STREAM_BYTES);
    } else if (this.phase === 'failing' && !this.keep(chunk, MAX_BODY_BYTES)) {
      this.failWithBody();
      this.abort();
    }
    return true;
  }

  onComplete(): void {
    this.abortSocket = undefined;
    this.connection?.free();
    this.connection = undefined;
    if (this.phase === 'draining') this.complete(true);
    else if (this.phase === 'failing') this.failWithBody();
    else if (this.phase === 'document') this.onDocument();
    else if (this.phase === 'streaming') {
      try {
        this.parser?.end();
      } catch {
        // The last event was not closed by a blank line and makes no sense: its rest is what is missing.
        this.fail({ class: 'cut' });
        return;
      }
      // `parser.end` may have given the last event of all.
      if (this.firstTokenMs < 0) this.onDocument();
      else this.complete((this.phase as Phase) === 'draining');
    }
  }

  onError(error: Error & { code?: string }): void {
    this.abortSocket = undefined;
    this.connection?.discard();
    this.connection = undefined;
    if (this.phase === 'closed') return;
    if (this.phase === 'draining') this.complete(true);
    else if (this.phase === 'failing') this.failWithBody();
    else this.fail(brokenConnection(error, this.phase !== 'waiting'));
  }

  private parse(chunk: Buffer): void {
    try {
      this.parser?.push(chunk);
    } catch (thrown) {
      this.fail(asStreamFailure(thrown));
      this.abort();
    }
  }

  private onEvent(event: string, data: string): void {
    if (this.phase !== 'streaming' && this.phase !== 'document') return;
    if (this.firstTokenMs < 0) {
      const now = this.context.now();
      this.firstTokenMs = now - this.started;
      this.due = now + this.idleTimeoutMs;
      this.context.deadlines.nearer(this);
      this.body = [];
    }
    if (this.listener(event, data)) {
      this.phase = 'draining';
      this.due = this.context.now() + DRAIN_MS;
      this.context.deadlines.nearer(this);
    }
  }

  /** A 2xx whose body is no stream of events: one whole answer, an error without an error's status, or neither. */
  private onDocument(): void {
    const text = this.bodyText();
    const document = parseJson(text);
    if (isErrorDocument(document)) {
      this.failWithBody();
    } else if (this.phase === 'document' && document !== undefined) {
      try {
        this.onEvent('', text);
        this.complete((this.phase as Phase) === 'draining');
      } catch (thrown) {
        this.fail(asStreamFailure(thrown));
      }
    } else {
      const headers = allHeaders(this.rawHeaders);
      this.fail({ class: 'protocol', upstream: text === '' ? 'an empty body' : legible(text, headers) });
    }
  }

  /** False when it is full. */
  private keep(chunk: Buffer, limit: number): boolean {
    const room = limit - this.bodyBytes;
    const kept = chunk.length <= room ? chunk : chunk.subarray(0, room);
    if (kept.length > 0) this.body.push(kept);
    this.bodyBytes += kept.length;
    return kept.length === chunk.length;
  }

  private bodyText(): string {
    return Buffer.concat(this.body).toString('utf8');
  }

  private failWithBody(): void {
    const body = this.bodyText();
    const headers = allHeaders(this.rawHeaders);
    this.fail({
      ...classifyFailure({ status: this.status, headers, body }),
      ...(body === '' ? {} : { upstream: legible(body, headers) }),
    });
  }

  private complete(complete: boolean): void {
    const waiter = this.close();
    const end: StreamEnd = {
      status: this.status,
      ...(this.requestId === undefined ? {} : { request_id: this.requestId }),
      complete,
      first_token_ms: this.firstTokenMs,
    };
    this.context.turns(() => waiter?.resolve(end));
  }

  private fail(failure: StreamFailure): void {
    if (this.phase === 'closed') return;
    const waiter = this.close();
    const whole: StreamFailure = {
      ...(this.status === 0 ? {} : { status: this.status }),
      ...(this.requestId === undefined ? {} : { request_id: this.requestId }),
      ...(this.written ? {} : { unsent: true }),
      ...(this.firstTokenMs < 0 ? {} : { first_token_ms: this.firstTokenMs }),
      ...failure,
    };
    this.context.turns(() => waiter?.reject(whole));
  }

  private abort(): void {
    const abort = this.abortSocket;
    this.abortSocket = undefined;
    abort?.();
  }

  /** Lets go of everything and gives who waits: what outlives an exchange must not keep a child and all it said. */
  private close(): Waiter | undefined {
    const { waiter } = this;
    this.phase = 'closed';
    this.waiter = undefined;
    this.context.deadlines.delete(this);
    this.signal?.removeEventListener('abort', this);
    this.signal = undefined;
    this.listener = ignore;
    this.onBytes = undefined;
    this.parser = undefined;
    this.rawHeaders = [];
    this.body = [];
    return waiter;
  }
}

function ignore(): boolean {
  return true;
}
