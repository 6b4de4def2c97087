export interface LineReader {
  push(this: void, chunk: Buffer | string): void;
}

const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines of at most `max` bytes. A longer one is passed over up to its end and told with its
 * length; it is never held in memory. Bytes are joined once a line, so a long line costs what it weighs.
 */
export function createLineReader({
  max,
  onLine,
  onTooLong,
}: {
  readonly max: number;
  readonly onLine: (line: string) => void;
  readonly onTooLong: (bytes: number) => void;
}): LineReader {
  let parts: Buffer[] = [];
  let length = 0;

  const take = (part: Buffer): void => {
    length += part.length;
    if (length <= max) parts.push(part);
    else parts = [];
  };

  const finish = (): void => {
    const [bytes, line] = [length, parts];
    parts = [];
    length = 0;
    if (bytes > max) onTooLong(bytes);
    else onLine((line.length === 1 ? line[0]! : Buffer.concat(line)).toString('utf8'));
  };

  return {
    push(chunk) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        take(bytes.subarray(start, end));
        finish();
        start = end + 1;
      }
      if (start < bytes.length) take(bytes.subarray(start));
    },
  };
}
