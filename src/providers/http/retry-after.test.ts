import { expect, test } from 'vitest';
import { LONGEST_RETRY_AFTER_MS, retryAfter } from './retry-after.ts';

const NOW = Date.parse('2026-03-07T12:00:00Z');
const RETRY_INFO = { details: [{ '@type': 'x' }, null, { retryDelay: '1m30.5s' }] };

test.each<[string, Record<string, string>, Record<string, unknown> | undefined, number | undefined]>([
  ['seconds', { 'retry-after': '17' }, undefined, 17_000],
  ['seconds with a fraction', { 'retry-after': '7.66' }, undefined, 7_660],
  ['zero', { 'retry-after': '0' }, undefined, 0],
  ['milliseconds win over seconds', { 'retry-after-ms': '250', 'retry-after': '1' }, undefined, 250],
  ['a date, by the clock given', { 'retry-after': 'Sat, 07 Mar 2026 12:01:00 GMT' }, undefined, 60_000],
  [
    'a date, by the answer’s own date',
    { 'retry-after': 'Sat, 07 Mar 2026 12:01:00 GMT', date: 'Sat, 07 Mar 2026 12:00:50 GMT' },
    undefined,
    10_000,
  ],
  ['a date that has passed', { 'retry-after': 'Sat, 07 Mar 2026 11:00:00 GMT' }, undefined, 0],
  ['words', { 'retry-after': 'soon' }, undefined, undefined],
  ['a negative number is no wait', { 'retry-after': '-5' }, undefined, 0],
  ['an absurd number', { 'retry-after': '1e30' }, undefined, LONGEST_RETRY_AFTER_MS],
  ['RetryInfo of the body', {}, RETRY_INFO, 90_500],
  ['the header wins over the body', { 'retry-after': '1' }, RETRY_INFO, 1_000],
  ['estimated_time', {}, { estimated_time: 20 }, 20_000],
  [
    'the allowance that is used up',
    {
      'x-ratelimit-remaining-requests': '4',
      'x-ratelimit-reset-requests': '10m',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    },
    undefined,
    360_000,
  ],
  ['the longer of two', { 'x-ratelimit-reset-requests': '120ms', 'x-ratelimit-reset-tokens': '2s' }, undefined, 2_000],
  ['a moment in seconds', { 'x-ratelimit-reset': String(NOW / 1000 + 5) }, undefined, 5_000],
  ['a moment in milliseconds', { 'x-ratelimit-reset': String(NOW + 5) }, undefined, 5],
  ['headers inside the body', {}, { metadata: { headers: { 'X-RateLimit-Reset': String(NOW + 5) } } }, 5],
  ['nothing', {}, undefined, undefined],
  [
    'nonsense in every place',
    { 'retry-after': '', 'x-ratelimit-reset': '??' },
    { details: 'x', metadata: { headers: 5 } },
    undefined,
  ],
])('how long to wait: %s', (_, headers, error, wait) => {
  expect(retryAfter({ headers, error, class: 'rate_limit', now: NOW })).toBe(wait);
});

test('a reset is a wait for rate limits only', () => {
  const headers = { 'x-ratelimit-reset': '5' };
  expect(retryAfter({ headers, error: undefined, class: 'unavailable', now: NOW })).toBeUndefined();
});

test('a date without any clock is no wait', () => {
  const headers = { 'retry-after': 'Sat, 07 Mar 2026 12:01:00 GMT' };
  expect(retryAfter({ headers, error: undefined, class: 'rate_limit', now: undefined })).toBeUndefined();
});
