/**
 * A request body that grows at its end: `head`, then what was appended, then a tail of each request's own.
 *
 * A conversation's body is the last one plus a few messages, so the bytes that left are kept and copied
 * (a memcpy), never encoded again. What was handed out is never written to again.
 */
export interface RequestBody {
  /** JSON as `JSON.stringify` writes it. */
  append(segment: string): void;
  /** Replaces the head; what was appended stays. */
  setHead(head: string): void;
  bytes(tail: string): Buffer;
}

const EMPTY = Buffer.alloc(0);

/** An escaped backslash, or half of a surrogate pair, which `JSON.stringify` escapes and leaves alone otherwise. */
const ESCAPES = /\\(?:\\|ud[89a-f][0-9a-f]{2})/g;

/** Servers refuse a whole body for one half of a pair, which a text cut in its middle ends or begins with. */
function mended(json: string): string {
  if (!json.includes('\\ud')) return json;
  return json.replace(ESCAPES, (found) => (found === '\\\\' ? found : '\\ufffd'));
}

export function createRequestBody(head: string): RequestBody {
  /** What has left before, without its tail. */
  let settled: Buffer = EMPTY;
  /** What has not. */
  let fresh = mended(head);
  let headBytes = Buffer.byteLength(fresh);

  return {
    append(segment) {
      fresh += mended(segment);
    },
    setHead(next) {
      const whole = Buffer.concat([settled, Buffer.from(fresh)]);
      const encoded = Buffer.from(mended(next));
      settled = Buffer.concat([encoded, whole.subarray(headBytes)]);
      fresh = '';
      headBytes = encoded.length;
    },
    bytes(tail) {
      const added = fresh + tail;
      const whole = Buffer.allocUnsafe(settled.length + Buffer.byteLength(added));
      settled.copy(whole);
      whole.write(added, settled.length);
      settled = whole.subarray(0, whole.length - Buffer.byteLength(tail));
      fresh = '';
      return whole;
    },
  };
}
