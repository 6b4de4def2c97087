import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERROR_CLASSES } from '../../core/provider.ts';
import { classifyFailure } from './classify-failure.ts';

interface Recorded {
  readonly vendor: string;
  readonly case: string;
  /** null: an error event inside a stream that began with 200. */
  readonly status: number | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly class: string;
  readonly retry_after_ms?: number;
  readonly parameter?: string;
  readonly request_id?: string;
}

const corpus = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/provider-errors.json', import.meta.url), 'utf8'),
) as readonly Recorded[];

function classify({ status, headers = {}, body }: Recorded) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return classifyFailure({ ...(status === null ? {} : { status }), headers, body: text });
}

describe('the recorded corpus of provider errors (F15)', () => {
  test.each(corpus)('$vendor, $case ($status) is $class', (recorded) => {
    const { vendor: _, case: __, status: ___, headers: ____, body: _____, ...expected } = recorded;
    expect(classify(recorded)).toEqual(expected);
  });

  test('no class but those of the port comes out, whatever comes in', () => {
    const words = fc.constantFrom(...corpus.map(({ body }) => body).filter((body) => typeof body === 'object'));
    fc.assert(
      fc.property(
        fc.oneof(fc.json(), fc.string(), words.map(mangle)),
        fc.option(fc.integer({ min: 100, max: 999 })),
        (body, status) => {
          const found = classifyFailure({ ...(status === null ? {} : { status }), headers: {}, body });
          expect(ERROR_CLASSES).toContain(found.class);
        },
      ),
    );
  });
});

function mangle(body: unknown): string {
  return JSON.stringify(body).replaceAll('":"', '":["').replaceAll('","', '"],"');
}
