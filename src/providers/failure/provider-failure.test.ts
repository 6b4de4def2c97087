import { expect, test } from 'vitest';
import { ERROR_CLASSES } from '../../core/provider.ts';
import { ERROR_CLASS_MEANINGS, providerFailure, UPSTREAM_CHARS } from './provider-failure.ts';

const ROUTE = { provider: 'lab', model: 'm-1' };

test.each(ERROR_CLASSES)('class %s says what was asked, why not and what to do', (name) => {
  const error = providerFailure({ class: name, status: 400 }, ROUTE);
  expect(error).toMatchObject({ code: 'PROVIDER_FAILED', data: { class: name, status: 400 } });
  expect(error.message).toBe(`"lab/m-1" failed (${name}, HTTP 400): ${ERROR_CLASS_MEANINGS[name].why}`);
  expect(error.hint).toMatch(/^[A-Z`].*\.$/);
});

test('the provider’s own words are in the message, on one line, and whole in the data (F23)', () => {
  const upstream = '{\n  "error": "no\tcredit"\n}';
  const error = providerFailure({ class: 'quota', status: 402, upstream }, ROUTE);
  expect(error.message).toBe(
    '"lab/m-1" failed (quota, HTTP 402): the account has no credit or quota left: { "error": "no credit" }',
  );
  expect(error.data.upstream).toBe(upstream);
});

test('long words are cut, in the data and more so in the message', () => {
  const error = providerFailure({ class: 'unknown', upstream: 'x'.repeat(100_000) }, ROUTE);
  expect(error.data.upstream).toHaveLength(UPSTREAM_CHARS);
  expect(error.message.length).toBeLessThan(500);
});
