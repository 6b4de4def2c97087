import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TaskRecord } from '../core/store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { compileChild, type Running, type Start } from './test-processes.ts';
import { aDelegation, aResult } from './test-records.ts';

/** `npm run test:slow` kills hundreds of times. */
const KILLS = process.env.MODE === 'slow' ? 300 : 12;

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-processes-'));
let start: Start;
beforeAll(async () => {
  start = await compileChild(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tell = (said: readonly string[], verb: string): string[] =>
  said.filter((line) => line.startsWith(`${verb} `)).map((line) => line.slice(verb.length + 1));

function integrityOf(file: string): string {
  const db = new Database(file);
  try {
    return (db.prepare('PRAGMA integrity_check').get() as { integrity_check: string }).integrity_check;
  } finally {
    db.close();
  }
}

test('processes that open a new store at the same moment all get it', async () => {
  const file = join(folder, 'new', 'store.db');
  const names = ['a', 'b', 'c', 'd', 'e'];
  const children = await Promise.all(names.map((name) => start('create', { file, name })));
  for (const child of children) child.go();
  const said = await Promise.all(children.map((child) => child.ended()));
  expect(said).toEqual(names.map((name) => [`created ${name}`]));
  const store = await openSqliteStore({ file });
  expect(await store.tasks()).toHaveLength(2 * names.length);
  await store[Symbol.asyncDispose]();
});

test('processes that share tasks do each exactly once, and lose no step', async () => {
  const file = join(folder, 'shared.db');
  const ids = Array.from({ length: 300 }, (_, i) => `t${i}`);
  const store = await openSqliteStore({ file });
  await store.create(aDelegation('shared', ids));
  const names = ['p', 'q', 'r', 's'];
  const children = await Promise.all(names.map((name) => start('share', { file, name })));
  for (const child of children) child.go();
  const said = await Promise.all(children.map((child) => child.ended()));
  expect(said.flatMap((lines) => tell(lines, 'failed'))).toEqual([]);
  expect(said.flatMap((lines) => tell(lines, 'claimed')).sort()).toEqual([...ids].sort());
  expect(said.flatMap((lines) => tell(lines, 'finished')).sort()).toEqual([...ids].sort());
  for (const [i, lines] of said.entries()) {
    for (const id of tell(lines, 'finished')) {
      expect(await store.task(id)).toMatchObject({ status: 'completed', attempt: 1, result: { summary: names[i] } });
      const notes = (await store.journal(id)).map((entry) => entry.kind === 'note' && entry.note);
      expect(notes).toEqual([`${names[i]} one`, `${names[i]} two`, `${names[i]} three`]);
    }
  }
  await store[Symbol.asyncDispose]();
}, 60_000);

test('processes that change one value at the same time lose no change', async () => {
  const file = join(folder, 'sum.db');
  const children = await Promise.all(['p', 'q', 'r'].map((name) => start('add', { file, name })));
  for (const child of children) child.go();
  const said = await Promise.all(children.map((child) => child.ended()));
  expect(said.flat()).toEqual(['added 100', 'added 100', 'added 100']);
  const store = await openSqliteStore({ file });
  expect(await store.shared('sum')).toBe(300);
  await store[Symbol.asyncDispose]();
});

test(`processes killed at ${KILLS} moments lose nothing that was acknowledged, and double nothing (F39)`, async () => {
  /** Some rounds share a file, so that each opens what kills before it left. */
  const fileOf = (round: number): string => join(folder, `killed-${Math.floor(round / 12)}.db`);
  let finished = 0;
  const namesOf = (round: number): string[] => (round % 4 === 3 ? [`r${round}a`, `r${round}b`] : [`r${round}`]);
  const startRound = (round: number): Promise<Running[]> =>
    Promise.all(namesOf(round).map((name) => start('work', { file: fileOf(round), name })));
  let next = startRound(0);
  for (let round = 0; round < KILLS; round++) {
    const names = namesOf(round);
    const file = fileOf(round);
    const children = await next;
    for (const child of children) child.go();
    await sleep(30 + Math.random() * 170);
    for (const child of children) child.process.kill('SIGKILL');
    const said = (await Promise.all(children.map((child) => child.ended()))).flat();
    if (round + 1 < KILLS) next = startRound(round + 1);
    expect(tell(said, 'failed')).toEqual([]);

    expect(integrityOf(file)).toBe('ok');
    const store = await openSqliteStore({ file });
    const running = await store.tasks({ status: ['queued', 'running'], limit: 100_000 });
    const lost = await store.expired();
    expect(lost.map((task) => task.id).sort()).toEqual(running.map((task) => task.id).sort());
    for (const { id, attempt } of lost) {
      expect(await store.lose(id, attempt, aResult(id, { status: 'lost' }))).toBe(true);
    }
    expect(await store.tasks({ status: ['queued', 'running'] })).toEqual([]);
    const tasks = new Map((await store.tasks({ limit: 100_000 })).map((task) => [task.id, task]));
    for (const id of tell(said, 'created'))
      expect([...tasks.values()].filter((t) => t.delegation_id === id)).toHaveLength(8);
    for (const id of tell(said, 'claimed')) expect(tasks.get(id)).toMatchObject({ attempt: 1 });
    for (const id of tell(said, 'finished')) expect(tasks.get(id)).toMatchObject({ status: 'completed' });
    finished += tell(said, 'finished').length;

    const steps = new Map(tell(said, 'appended').map((line) => line.split(' ') as [string, string]));
    for (const task of [...tasks.values()].filter((t) => names.some((name) => t.id.startsWith(`${name}-`)))) {
      const notes = (await store.journal(task.id)).map((entry) => (entry.kind === 'note' ? entry.note : ''));
      expect(notes).toEqual(expectedNotes(task, notes.length));
      expect(notes.length).toBeGreaterThanOrEqual(2 * (Number(steps.get(task.id) ?? -1) + 1));
      expect(task.result).toMatchObject({ id: task.id, status: task.status });
    }
    await store[Symbol.asyncDispose]();
  }
  expect(finished).toBeGreaterThan(0);
}, 600_000);

/** Whole appends, each once, in order; and all of them, with the last word, exactly when the task was finished. */
function expectedNotes(task: TaskRecord, length: number): string[] {
  const all = [0, 1, 2, 3, 4].flatMap((step) => [`${step} start`, `${step} end`]);
  return task.status === 'completed' ? [...all, 'last'] : all.slice(0, length - (length % 2));
}

test.skipIf(process.platform === 'win32')(
  'a full disk is an error that says so; what was acknowledged stays',
  async () => {
    const file = join(folder, 'full', 'store.db');
    const limit = ['sh', '-c', 'ulimit -f 2000 && exec "$@"', 'sh'];
    const child = await start('fill', { file, name: 'f', command: limit });
    child.go();
    const said = await child.ended();
    expect(JSON.parse(tell(said, 'failed')[0] ?? 'null')).toMatchObject({
      code: 'STORE_FAILED',
      retryable: true,
      file,
    });
    const steps = tell(said, 'appended');
    expect(steps.length).toBeGreaterThan(0);
    expect(integrityOf(file)).toBe('ok');
    const store = await openSqliteStore({ file });
    const notes = (await store.journal('f')).map((entry) => entry.kind === 'note' && entry.note.split(' ')[0]);
    expect(notes.slice(0, steps.length)).toEqual(steps);
    expect(await store.append('f', 1, [{ kind: 'note', note: 'there is room again' }])).toBe(true);
    await store[Symbol.asyncDispose]();
  },
);
