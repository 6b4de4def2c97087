import type { Dialect, StreamEvent } from './dialect.ts';
import type { Script } from './play.ts';
import type { Reply } from './reply.ts';
import type { SeenRequest } from './seen-request.ts';

/** Statuses that a proxy in front of the vendor answers, with a page of its own. */
const PROXY_STATUSES = new Set([502, 504, 520, 521, 522, 523, 524]);

interface Setup {
  readonly dialect: Dialect;
  readonly seen: SeenRequest;
  /** Encodes the stream; called only when one is sent. */
  readonly events: () => readonly StreamEvent[];
}

/** Turns a reply into bytes and pauses. */
export function scriptOf(reply: Reply, { dialect, seen, events }: Setup): Script {
  const status = seen.status ?? 200;
  if (reply.hang === true) return { status, headers: {}, pieces: [], end: 'hang', silent: true };
  const whole = body(reply, { dialect, seen, status });
  const headers = {
    'content-type': whole?.type ?? 'text/event-stream; charset=utf-8',
    ...(whole === undefined ? { 'cache-control': 'no-cache' } : {}),
    'transfer-encoding': 'chunked',
    ...(seen.request_id === undefined ? {} : { [dialect.request_id_header]: seen.request_id }),
    ...(reply.redirect === undefined ? {} : { location: reply.redirect }),
    ...reply.headers,
  };
  const parts = whole === undefined ? events() : [{ bytes: whole.bytes, delta: true }];
  const kept = cut(parts, reply);
  return { status, headers, pieces: paced(kept.parts, reply), end: kept.end };
}

interface Part {
  readonly bytes: string | Buffer;
  readonly delta: boolean;
}

/** The body that is not the wire's own stream; undefined = it is the stream. */
function body(
  reply: Reply,
  { dialect, seen, status }: Pick<Setup, 'dialect' | 'seen'> & { status: number },
): { readonly type?: string; readonly bytes: string | Buffer } | undefined {
  if (reply.raw !== undefined) return { bytes: Buffer.from(reply.raw as Uint8Array) };
  if (reply.body !== undefined) {
    if (typeof reply.body !== 'string') return { type: 'application/json', bytes: JSON.stringify(reply.body) };
    return { type: reply.body.trimStart().startsWith('<') ? 'text/html' : 'application/json', bytes: reply.body };
  }
  if (status < 300) return undefined;
  if (status < 400) return { type: 'text/plain', bytes: '' };
  if (PROXY_STATUSES.has(status) && reply.error === undefined) {
    return {
      type: 'text/html',
      bytes: `<html><head><title>${status}</title></head><body><h1>Error ${status}</h1></body></html>`,
    };
  }
  const error = reply.error === true ? {} : (reply.error ?? {});
  const about = {
    model: seen.model,
    ...(seen.key === undefined ? {} : { key: seen.key }),
    ...(seen.request_id === undefined ? {} : { id: seen.request_id }),
  };
  return { type: 'application/json', bytes: JSON.stringify(dialect.errorBody(status, error, about)) };
}

function cut(parts: readonly Part[], reply: Reply): { readonly parts: readonly Part[]; readonly end: Script['end'] } {
  const end = reply.end_early ? 'end' : 'cut';
  if (reply.hang === 'after-headers') return { parts: [], end: 'hang' };
  if (reply.hang === 'after-first')
    return { parts: parts.slice(0, parts.findIndex((part) => part.delta) + 1), end: 'hang' };
  if (reply.cut_after_events !== undefined) return { parts: parts.slice(0, reply.cut_after_events), end };
  if (reply.cut_after_bytes === undefined) return { parts, end: 'end' };
  const kept: Part[] = [];
  let left = reply.cut_after_bytes;
  for (const part of parts) {
    if (left <= 0) break;
    const bytes = Buffer.from(part.bytes as string).subarray(0, left);
    left -= bytes.length;
    kept.push({ bytes, delta: part.delta });
  }
  return { parts: kept, end };
}

/** Joins what goes out together. */
function paced(parts: readonly Part[], reply: Reply): Script['pieces'] {
  if (reply.drip_ms !== undefined) {
    const all = Buffer.concat(parts.map((part) => Buffer.from(part.bytes as string)));
    const wait_ms = reply.drip_ms > 0 ? reply.drip_ms : null;
    return Array.from(all, (_, at) => ({ bytes: all.subarray(at, at + 1), wait_ms }));
  }
  const pieces: { bytes: Buffer; wait_ms: number | null }[] = [];
  let batch: (string | Buffer)[] = [];
  let batchWait: number | null = reply.first_token_delay_ms ?? 0;
  let deltas = 0;
  const flush = (): void => {
    if (batch.length === 0) return;
    const bytes = batch.every((part) => typeof part === 'string')
      ? Buffer.from(batch.join(''))
      : Buffer.concat(batch.map((part) => Buffer.from(part as string)));
    pieces.push({ bytes, wait_ms: batchWait });
    batch = [];
  };
  for (const part of parts) {
    if (part.delta) deltas += 1;
    const wait = part.delta && deltas > 1 ? (reply.delta_delay_ms ?? 0) : 0;
    if (wait > 0 || reply.live === true) {
      const first = pieces.length === 0 && batch.length === 0;
      flush();
      if (!first) batchWait = wait > 0 ? wait : null;
    }
    batch.push(part.bytes);
  }
  flush();
  return pieces;
}
