import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSseParser, MAX_EVENT_BYTES } from './sse.ts';

type Event = readonly [name: string, data: string];

function parse(chunks: readonly (string | Uint8Array)[]): readonly Event[] {
  const events: Event[] = [];
  const parser = createSseParser((name, data) => events.push([name, data]));
  for (const chunk of chunks) parser.push(Buffer.from(chunk as string));
  parser.end();
  return events;
}

/** Cuts bytes at the given places. */
function split(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...cuts, bytes.length].map((cut, at) => bytes.subarray(cuts[at - 1] ?? 0, cut));
}

describe('server-sent events', () => {
  test.each<[string, string, readonly Event[]]>([
    ['one event', 'data: a\n\n', [['', 'a']]],
    ['a named event', 'event: ping\ndata: {}\n\n', [['ping', '{}']]],
    [
      'CRLF',
      'event: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n',
      [
        ['a', 'b'],
        ['', 'c'],
      ],
    ],
    [
      'CR alone',
      'event: a\rdata: b\r\rdata: c\r\r',
      [
        ['a', 'b'],
        ['', 'c'],
      ],
    ],
    [
      'mixed endings',
      'data: a\r\n\ndata: b\r\r\ndata: c\n\r\n',
      [
        ['', 'a'],
        ['', 'b'],
        ['', 'c'],
      ],
    ],
    ['no space after the colon', 'data:a\n\n', [['', 'a']]],
    ['only one space is taken off', 'data:  a \n\n', [['', ' a ']]],
    ['several data lines', 'data: a\ndata: b\ndata\n\n', [['', 'a\nb\n']]],
    ['empty data', 'data:\n\n', [['', '']]],
    ['an event without data is none', 'event: a\n\ndata: b\n\n', [['', 'b']]],
    ['comments', ': keep-alive\n\n:\ndata: a\n: x\n\n', [['', 'a']]],
    ['id, retry and unknown fields', 'id: 1\nretry: 5\nfoo: bar\ndata: a\n\n', [['', 'a']]],
    ['fields that only begin like ours', 'database: a\neventful: b\ndata: c\n\n', [['', 'c']]],
    ['a byte order mark', '\ufeffdata: a\n\n', [['', 'a']]],
    ['a byte order mark that is data', 'data: \ufeffa\n\n', [['', '\ufeffa']]],
    [
      'no closing blank line',
      'data: a\n\ndata: b',
      [
        ['', 'a'],
        ['', 'b'],
      ],
    ],
    ['more blank lines', '\n\n\ndata: a\n\n\n\n', [['', 'a']]],
    ['the end mark of the chat wire', 'data: [DONE]\n\n', [['', '[DONE]']]],
    ['nothing', '', []],
    ['JSON with escaped newlines', 'data: {"a":"x\\ny"}\n\n', [['', '{"a":"x\\ny"}']]],
  ])('%s', (_, text, events) => {
    expect(parse([text])).toEqual(events);
    expect(parse([...Buffer.from(text)].map((byte) => Uint8Array.of(byte)))).toEqual(events);
  });

  test('a character split between chunks stays whole', () => {
    const bytes = Buffer.from('data: 🙂ä漢\n\n');
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(parse([bytes.subarray(0, at), bytes.subarray(at)])).toEqual([['', '🙂ä漢']]);
    }
  });

  const line = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
    fc.constantFrom('', '', 'data', 'data:x', 'event: a', ': c', 'id: 4', 'junk', '\ufeff'),
  );
  const stream = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 12 })
    .map((lines) => lines.flat().join(''));

  test('any split of the same bytes gives the same events', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (text, places) => {
        const bytes = Buffer.from(text);
        expect(parse(split(bytes, places))).toEqual(parse([bytes]));
      }),
      { numRuns: 500 },
    );
  });

  test('bytes that are no text are read the same however they are split', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(fc.nat(), { maxLength: 6 }), (noise, places) => {
        const bytes = Buffer.concat([Buffer.from('data: '), noise, Buffer.from('\n\n')]);
        expect(parse(split(bytes, places))).toEqual(parse([bytes]));
      }),
    );
  });

  test('what is written is what is read', () => {
    const event = fc.tuple(
      fc.constantFrom('', 'a', 'message_start'),
      fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
    );
    fc.assert(
      fc.property(fc.array(event), fc.array(fc.nat()), (events, places) => {
        const text = events.map(([name, data]) => `${name === '' ? '' : `event: ${name}\n`}data: ${data}\n\n`).join('');
        expect(parse(split(Buffer.from(text), places))).toEqual(events);
      }),
    );
  });

  test('an event without an end is given up before it fills the memory', () => {
    const parser = createSseParser(() => {});
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    expect(() => {
      for (let bytes = 0; bytes <= MAX_EVENT_BYTES; bytes += chunk.length) parser.push(chunk);
    }).toThrow(expect.objectContaining({ class: 'protocol' }));
  });

  test('many data lines of one event are given up, too', () => {
    const parser = createSseParser(() => {});
    const chunk = Buffer.from(`data: ${'x'.repeat(1024 * 1024)}\n`);
    expect(() => {
      for (let bytes = 0; bytes <= MAX_EVENT_BYTES; bytes += 1024 * 1024) parser.push(chunk);
    }).toThrow(expect.objectContaining({ class: 'protocol' }));
  });
});
