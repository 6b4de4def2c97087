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

/** An escaped backslash, or half of a surrogate pair, which `JSON.stringify` escapes and leaves alone otherwise. */
const ESCAPES = /\\(?:\\|ud[89a-f][0-9a-f]{2})/g;

/** Servers refuse a whole body for one half of a pair, which a text cut in its middle ends or begins with. */
function mended(found: string): string {
  return found === '\\\\' ? found : '\\ufffd';
}

export function createRequestBody(head: string): RequestBody {
  let settled: Buffer = Buffer.from(head);
  let headLength = settled.length;
  let fresh: string[] = [];

  return {
    append(segment) {
      fresh.push(segment.includes('\\ud') ? segment.replace(ESCAPES, mended) : segment);
    },
    setHead(next) {
      const rest = settled.subarray(headLength);
      const encoded = Buffer.from(next);
      settled = Buffer.concat([encoded, rest]);
      headLength = encoded.length;
    },
    bytes(tail) {
      const added = fresh.length === 1 ? fresh[0]! : fresh.join('');
      const addedLength = Buffer.byteLength(added);
      const whole = Buffer.allocUnsafe(settled.length + addedLength + Buffer.byteLength(tail));
      settled.copy(whole, 0);
      const end = settled.length + whole.write(added, settled.length);
      whole.write(tail, end);
      settled = whole.subarray(0, end);
      fresh = [];
      return whole;
    },
  };
}
