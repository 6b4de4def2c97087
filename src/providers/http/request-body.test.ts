import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRequestBody } from './request-body.ts';

test('a body is its head, what was appended, and the tail of the request, whatever the order of calls', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('append'), text: fc.string({ unit: 'grapheme' }) }),
    fc.record({ do: fc.constant('bytes'), text: fc.string() }),
    fc.record({ do: fc.constant('head'), text: fc.string({ unit: 'grapheme' }) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const body = createRequestBody('{');
      let head = '{';
      let middle = '';
      for (const { do: action, text } of steps) {
        if (action === 'append') {
          body.append(text);
          middle += text;
        } else if (action === 'head') {
          body.setHead(text);
          head = text;
        } else expect(body.bytes(text).toString()).toBe(head + middle + text);
      }
      expect(body.bytes(']').toString()).toBe(`${head}${middle}]`);
    }),
  );
});

test('half of a surrogate pair is replaced, and nothing else is', () => {
  const units = fc.array(
    fc.oneof(
      fc.constantFrom('\\', 'u', 'd', '8', '\ud83d', '\ude00', '"', '\n'),
      fc.string({ unit: 'binary', maxLength: 2 }),
    ),
  );
  fc.assert(
    fc.property(units, (parts) => {
      const text = parts.join('');
      const body = createRequestBody('[');
      body.append(JSON.stringify({ text }));
      const [sent] = JSON.parse(body.bytes(']').toString());
      expect(sent.text).toBe(Buffer.from(text).toString());
    }),
    { numRuns: 500 },
  );
});
