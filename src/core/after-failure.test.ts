import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterFailure,
  type Circumstances,
  CLASS_POLICY,
  DEFAULT_FALLBACK_ON,
  MAX_ATTEMPTS,
  MAX_WAIT_MS,
} from './after-failure.ts';
import { ERROR_CLASSES, type ErrorClass } from './provider.ts';

const FIRST: Circumstances = {
  attempts: 1,
  waited_ms: 0,
  has_fallback: false,
  random: 0.5,
  fallback_on: DEFAULT_FALLBACK_ON,
};

describe('after a failure', () => {
  test.each(ERROR_CLASSES.filter((cls) => CLASS_POLICY[cls] === 'retry'))('%s: again, then the chain', (cls) => {
    expect(afterFailure({ class: cls }, { ...FIRST, has_fallback: true })).toEqual({ step: 'retry', wait_ms: 250 });
    const last = { ...FIRST, attempts: MAX_ATTEMPTS };
    expect(afterFailure({ class: cls }, { ...last, has_fallback: true })).toEqual({ step: 'fall_back' });
    expect(afterFailure({ class: cls }, last)).toEqual({ step: 'give_up' });
  });

  test.each<ErrorClass>(['quota', 'timeout_first_token'])('%s: the chain at once', (cls) => {
    expect(afterFailure({ class: cls }, { ...FIRST, has_fallback: true })).toEqual({ step: 'fall_back' });
    expect(afterFailure({ class: cls }, FIRST)).toEqual({ step: 'give_up' });
  });

  test.each(ERROR_CLASSES.filter((cls) => CLASS_POLICY[cls] === 'give_up'))(
    '%s: the end, and the chain only where the operator lists it',
    (cls) => {
      expect(afterFailure({ class: cls }, { ...FIRST, has_fallback: true })).toEqual({ step: 'give_up' });
      const listed = { ...FIRST, fallback_on: [cls] };
      expect(afterFailure({ class: cls }, { ...listed, has_fallback: true })).toEqual({ step: 'fall_back' });
      expect(afterFailure({ class: cls }, listed)).toEqual({ step: 'give_up' });
    },
  );

  test.each(ERROR_CLASSES.filter((cls) => CLASS_POLICY[cls] === 'never'))(
    '%s: the end, chain or not, listed or not (F18)',
    (cls) => {
      const circumstances = { ...FIRST, has_fallback: true, fallback_on: ERROR_CLASSES };
      expect(afterFailure({ class: cls }, circumstances)).toEqual({ step: 'give_up' });
    },
  );

  test.each(ERROR_CLASSES)('%s: what is not listed never goes along a chain', (cls) => {
    const last = { ...FIRST, attempts: MAX_ATTEMPTS, has_fallback: true, fallback_on: [] };
    expect(afterFailure({ class: cls }, last)).toEqual({ step: 'give_up' });
  });

  test('Retry-After is the least wait, and the jitter comes on top', () => {
    expect(afterFailure({ class: 'rate_limit', retry_after_ms: 5_000 }, FIRST)).toEqual({
      step: 'retry',
      wait_ms: 5_250,
    });
  });

  test('nobody waits past the deadline of the child', () => {
    const failure = { class: 'rate_limit', retry_after_ms: 5_000 } as const;
    expect(afterFailure(failure, { ...FIRST, remaining_ms: 5_000 })).toEqual({ step: 'give_up' });
    expect(afterFailure(failure, { ...FIRST, remaining_ms: 5_000, has_fallback: true })).toEqual({ step: 'fall_back' });
  });

  test('requests and waiting are bounded, whatever a server says (F46)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ERROR_CLASSES),
        fc.array(
          fc.record({
            retry_after_ms: fc.integer({ min: 0, max: 2 ** 40 }),
            random: fc.float({ min: 0, max: Math.fround(0.999) }),
          }),
          {
            minLength: MAX_ATTEMPTS,
          },
        ),
        (cls, said) => {
          let waited_ms = 0;
          let attempts = 0;
          for (const { retry_after_ms, random } of said) {
            attempts += 1;
            const next = afterFailure({ class: cls, retry_after_ms }, { ...FIRST, attempts, waited_ms, random });
            if (next.step !== 'retry') break;
            waited_ms += next.wait_ms;
          }
          expect(attempts).toBeLessThanOrEqual(MAX_ATTEMPTS);
          expect(waited_ms).toBeLessThan(MAX_WAIT_MS);
        },
      ),
    );
  });
});
