import type { StreamFailure } from '../stream.ts';

/** Bytes of one server-sent event. No provider comes near it; it bounds what a hostile one can make us hold. */
export const MAX_EVENT_BYTES: number = 32 * 1024 * 1024;

const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const D = 100;
const E = 101;
const BOM = 0xfeff;

export interface SseParser {
  /** Throws what `onEvent` throws, and a `StreamFailure` for an event above `MAX_EVENT_BYTES`. */
  push(chunk: Buffer): void;
  /** At the end of the stream: an event that lacks its closing blank line is still given. */
  end(): void;
}

/**
 * Reads `text/event-stream` as the HTML standard defines it, whatever the line endings (`\n`, `\r\n`, `\r`) and
 * wherever the stream is split. `id` and `retry` fields are ignored; so are comments.
 *
 * Bytes are decoded up to the last line ending only: that never splits a character, and costs one conversion
 * a chunk instead of one an event.
 */
export function createSseParser(onEvent: (event: string, data: string) => void): SseParser {
  /** Bytes of a line that has not ended. */
  let held: Buffer[] = [];
  let heldBytes = 0;
  /** A `\r` ended the last chunk: a `\n` that follows belongs to it. */
  let skipLf = false;
  let started = false;
  let name = '';
  let data: string | undefined;

  function hold(rest: Buffer): void {
    if (rest.length === 0) return;
    held.push(rest);
    heldBytes += rest.length;
    if (heldBytes > MAX_EVENT_BYTES) throw tooLarge();
  }

  function dispatch(): void {
    const was = data;
    const as = name;
    data = undefined;
    name = '';
    if (was !== undefined) onEvent(as, was);
  }

  /** `text` ends with a line ending. */
  function lines(decoded: string): void {
    let text = decoded;
    let from = 0;
    if (!started) {
      started = true;
      if (text.charCodeAt(0) === BOM) from = 1;
    }
    if (text.includes('\r')) text = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    for (let to = text.indexOf('\n', from); to !== -1; from = to + 1, to = text.indexOf('\n', from)) {
      if (to === from) {
        dispatch();
        continue;
      }
      const first = text.charCodeAt(from);
      if (first === D && text.startsWith('data', from)) {
        const value = field(text, from + 4, to);
        if (value === undefined) continue;
        if (data === undefined) data = value;
        else {
          data += `\n${value}`;
          if (data.length > MAX_EVENT_BYTES) throw tooLarge();
        }
      } else if (first === E && text.startsWith('event', from)) {
        name = field(text, from + 5, to) ?? name;
      }
    }
  }

  return {
    push(arrived) {
      let chunk = arrived;
      if (chunk.length === 0) return;
      if (skipLf) {
        skipLf = false;
        if (chunk[0] === LF) chunk = chunk.subarray(1);
        if (chunk.length === 0) return;
      }
      const last = chunk[chunk.length - 1];
      skipLf = last === CR;
      const cut =
        last === LF || last === CR ? chunk.length : Math.max(chunk.lastIndexOf(LF), chunk.lastIndexOf(CR)) + 1;
      if (cut === 0) {
        hold(chunk);
        return;
      }
      if (held.length === 0) {
        if (cut < chunk.length) hold(chunk.subarray(cut));
        lines(chunk.toString('utf8', 0, cut));
      } else {
        held.push(chunk.subarray(0, cut));
        const whole = Buffer.concat(held);
        held = [];
        heldBytes = 0;
        if (cut < chunk.length) hold(chunk.subarray(cut));
        lines(whole.toString('utf8'));
      }
    },
    end() {
      const rest = held.length === 0 ? '' : Buffer.concat(held).toString('utf8');
      held = [];
      heldBytes = 0;
      lines(`${rest}\n\n`);
    },
  };
}

/** The value after a field's name that ends at `from`; undefined when the name is longer than that. */
function field(text: string, from: number, to: number): string | undefined {
  if (from === to) return '';
  if (text.charCodeAt(from) !== COLON) return undefined;
  return text.slice(text.charCodeAt(from + 1) === SPACE ? from + 2 : from + 1, to);
}

function tooLarge(): StreamFailure {
  return { class: 'protocol', upstream: `one event of more than ${MAX_EVENT_BYTES / 1024 / 1024} MB` };
}
