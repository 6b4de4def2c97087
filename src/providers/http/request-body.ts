/**
 * A request body that grows at its end: `head`, then what was appended, then a tail of each request's own.
 *
 * A conversation's body is the last one plus a few messages, so the bytes that left stay where they are and what is new
 * is written behind them, over the last tail: nothing is encoded or copied twice, however long it gets.
 */
export interface RequestBody {
  /** JSON as `JSON.stringify` writes it. */
  append(segment: string): void;
  /** Replaces the head; what was appended stays. */
  setHead(head: string): void;
  /** The whole body; good until the next call, which is made when the request that it is for has ended. */
  bytes(tail: string): Buffer;
}

const EMPTY = Buffer.alloc(0);

/** Room for more, by its length: an answer and what its tools gave most often fit behind the first request. */
const GROWTH = 1.5;

/** An escaped backslash, or half of a surrogate pair, which `JSON.stringify` escapes and leaves alone otherwise. */
const ESCAPES = /\\(?:\\|ud[89a-f][0-9a-f]{2})/g;

/** Servers refuse a whole body for one half of a pair, which a text cut in its middle ends or begins with. */
function mended(json: string): string {
  if (!json.includes('\\ud')) return json;
  return json.replace(ESCAPES, (found) => (found === '\\\\' ? found : '\\ufffd'));
}

export function createRequestBody(head: string): RequestBody {
  /** What has left before, without its tail, is in its first `settled` bytes. */
  let whole: Buffer = EMPTY;
  let settled = 0;
  /** What has not left. */
  let fresh = mended(head);
  let headBytes = Buffer.byteLength(fresh);

  return {
    append(segment) {
      fresh += mended(segment);
    },
    setHead(next) {
      const encoded = Buffer.from(mended(next));
      whole = Buffer.concat([
        encoded,
        Buffer.concat([whole.subarray(0, settled), Buffer.from(fresh)]).subarray(headBytes),
      ]);
      settled = whole.length;
      fresh = '';
      headBytes = encoded.length;
    },
    bytes(tail) {
      const added = fresh + tail;
      const length = settled + Buffer.byteLength(added);
      if (length > whole.length) {
        const grown = Buffer.allocUnsafe(Math.ceil(length * GROWTH));
        whole.copy(grown, 0, 0, settled);
        whole = grown;
      }
      whole.write(added, settled);
      settled = length - Buffer.byteLength(tail);
      fresh = '';
      return whole.subarray(0, length);
    },
  };
}
