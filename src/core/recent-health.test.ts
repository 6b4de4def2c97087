import { describe, expect, test } from 'vitest';
import { readHealth } from './recent-health.ts';
import type { TaskRecord } from './store.ts';

/** As much of a task as its route's health is read from. */
function ended(
  at: number,
  { on = 'lab/m1', status = 'completed', cls = '', hops = [] as object[], verified = 'match' },
) {
  const [provider = '', model = ''] = on.split('/');
  return {
    ended_at: at,
    result: {
      status,
      route: { resolved: { provider, model }, served: { verified }, hops },
      ...(cls === '' ? {} : { error: { class: cls } }),
    },
  } as unknown as TaskRecord;
}

const failedWith = (at: number, cls: string): TaskRecord => ended(at, { status: 'failed', cls });

describe('what is known of a route', () => {
  test.each([
    ['nothing ended', [], { state: 'unknown' }],
    ['it completed', [ended(5, {})], { state: 'ok', ok_at: 5 }],
    ['another did', [ended(5, { on: 'lab/m2' })], { state: 'unknown' }],
    ['it failed', [failedWith(5, 'auth')], { state: 'failing', failed_at: 5, failure: 'auth' }],
    [
      'it failed before it completed',
      [ended(9, {}), failedWith(5, 'overloaded')],
      { state: 'ok', ok_at: 9, failed_at: 5, failure: 'overloaded' },
    ],
    [
      'it completed before it failed, twice',
      [failedWith(8, 'quota'), failedWith(7, 'network'), ended(5, {})],
      { state: 'failing', ok_at: 5, failed_at: 8, failure: 'quota' },
    ],
    ['a request was wrong', [failedWith(5, 'bad_request'), failedWith(6, 'context_overflow')], { state: 'unknown' }],
    ['it was stopped', [ended(5, { status: 'cancelled' })], { state: 'unknown' }],
    [
      'another model served',
      [ended(5, { status: 'failed', verified: 'mismatch' })],
      { state: 'failing', failed_at: 5, failure: 'mismatch' },
    ],
    [
      'a task fell back from it',
      [ended(5, { on: 'lab/m2', hops: [{ from: 'lab/m1', to: 'lab/m2', because: 'overloaded' }] })],
      { state: 'failing', failed_at: 5, failure: 'overloaded' },
    ],
  ])('%s', (_, tasks, expected) => {
    expect(readHealth(tasks)({ provider: 'lab', model: 'm1' })).toEqual(expected);
  });

  test('a provider that said when to come back is resting until then, whatever came before', () => {
    expect(readHealth([ended(5, {})])({ provider: 'lab', model: 'm1' }, 99)).toEqual({
      state: 'resting',
      ok_at: 5,
      resting_until: 99,
    });
  });
});
