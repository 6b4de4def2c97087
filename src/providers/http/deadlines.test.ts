import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDeadlines, type Watched } from './deadlines.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

function watch(due: number, expired: (at: number) => void = () => {}): Watched {
  return { due, expired: () => expired(Date.now()) };
}

test('each expires when it is due, whatever the order they came in', () => {
  const deadlines = createDeadlines(() => Date.now());
  const ends: [string, number][] = [];
  for (const [name, due] of [
    ['b', 200],
    ['a', 100],
    ['c', 300],
  ] as const) {
    const watched = watch(due, (at) => {
      ends.push([name, at]);
      deadlines.delete(watched);
    });
    deadlines.add(watched);
  }
  vi.advanceTimersByTime(1_000);
  expect(ends).toEqual([
    ['a', 100],
    ['b', 200],
    ['c', 300],
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test('showing life puts the end off without touching a timer', () => {
  const deadlines = createDeadlines(() => Date.now());
  const expired = vi.fn();
  const watched = watch(100, expired);
  deadlines.add(watched);
  for (let at = 50; at <= 500; at += 50) {
    vi.advanceTimersByTime(50);
    watched.due = Date.now() + 100;
  }
  expect(expired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(100);
  expect(expired).toHaveBeenCalledWith(600);
});

test('a nearer end wakes the timer earlier', () => {
  const deadlines = createDeadlines(() => Date.now());
  const expired = vi.fn();
  const watched = watch(10_000, expired);
  deadlines.add(watched);
  watched.due = 50;
  deadlines.nearer(watched);
  vi.advanceTimersByTime(50);
  expect(expired).toHaveBeenCalledWith(50);
});

test('1,000 watched things are one timer, none is none', () => {
  const deadlines = createDeadlines(() => Date.now());
  const all = Array.from({ length: 1_000 }, (_, at) => watch(1_000 + at));
  for (const watched of all) deadlines.add(watched);
  expect(vi.getTimerCount()).toBe(1);
  for (const watched of all) deadlines.delete(watched);
  expect(vi.getTimerCount()).toBe(0);
});

test('an end later than a timer can hold is not an end now', () => {
  const deadlines = createDeadlines(() => Date.now());
  const expired = vi.fn();
  deadlines.add(watch(Number.POSITIVE_INFINITY, expired));
  vi.advanceTimersByTime(2 ** 31);
  expect(expired).not.toHaveBeenCalled();
});
