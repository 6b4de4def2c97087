import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createGroupCommit } from './group-commit.ts';
import { storeFailed } from './sqlite-failure.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** A file that tells what was done to it, and whose disk answers when the test says so. */
function aFile() {
  const told: string[] = [];
  const syncs: { resolve(): void; reject(error: Error): void }[] = [];
  const file: SqliteFile = {
    path: 'store.db',
    exec: (sql) => void told.push(sql.split(' ')[0]!.toLowerCase()),
    prepare: () => expect.fail('nothing is prepared here'),
    inTransaction: () => false,
    sync: () =>
      new Promise((resolve, reject) => {
        told.push('sync');
        syncs.push({ resolve, reject });
      }),
    trim: () => undefined,
    close: () => void told.push('close'),
    failure: (error) => storeFailed('store.db', error),
  };
  return { file, told, syncs };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
};

test('writes of one turn share a transaction and a sync, and are told when the disk has them; reads see them before', async () => {
  const { file, told, syncs } = aFile();
  const { write, read } = createGroupCommit(file);
  const work = [
    write(() => void told.push('one')).then(() => told.push('told one')),
    read(() => void told.push('read')),
    write(() => void told.push('two')).then(() => told.push('told two')),
  ];
  await turns();
  expect(told).toEqual(['begin', 'one', 'two', 'commit', 'sync', 'read']);
  syncs[0]!.resolve();
  await Promise.all(work);
  expect(told.slice(6)).toEqual(['told one', 'told two']);
});

test('those who wait for the disk gather while it works; who does not is committed at once, after all before it', async () => {
  const { file, told, syncs } = aFile();
  const { write } = createGroupCommit(file);
  const one = write(() => void told.push('one'));
  await turns();
  const two = write(() => void told.push('two')).then(() => told.push('told two'));
  await turns();
  expect(told).toEqual(['begin', 'one', 'commit', 'sync']);
  await write(() => void told.push('three'), 'process');
  const four = write(() => void told.push('four')).then(() => told.push('told four'));
  await turns();
  expect(told.slice(4)).toEqual(['begin', 'two', 'three', 'commit']);
  syncs[0]!.resolve();
  await one;
  await turns();
  expect(told.slice(8)).toEqual(['sync']);
  syncs[1]!.resolve();
  await two;
  await turns();
  expect(told.slice(9)).toEqual(['told two', 'begin', 'four', 'commit', 'sync']);
  syncs[2]!.resolve();
  await four;
});

test('what is one statement is a transaction by itself where nothing else is written, and shares one otherwise', async () => {
  const { file, told } = aFile();
  const { write, writeOne } = createGroupCommit(file);
  await writeOne(() => told.push('alone'), 'process');
  await Promise.all([writeOne(() => told.push('one'), 'process'), write(() => told.push('two'), 'process')]);
  expect(told).toEqual(['alone', 'begin', 'one', 'two', 'commit']);
  await expect(writeOne(() => expect.fail('no'), 'process')).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(told).toHaveLength(5);
});

test('what is written in passing gathers with those who wait for the disk, and does not wait for it', async () => {
  const { file, told, syncs } = aFile();
  const { write } = createGroupCommit(file);
  const one = write(() => void told.push('one'));
  await turns();
  void write(() => void told.push('two'), 'passing').then(() => told.push('told two'));
  const three = write(() => void told.push('three'));
  await turns();
  expect(told).toEqual(['begin', 'one', 'commit', 'sync']);
  syncs[0]!.resolve();
  await one;
  await turns();
  expect(told.slice(4)).toEqual(['begin', 'two', 'three', 'commit', 'sync', 'told two']);
  syncs[1]!.resolve();
  await three;
});

test('what need only survive the process is told at once, and the disk has it soon, or with what waits for it', async () => {
  const { file, told, syncs } = aFile();
  const { write, close } = createGroupCommit(file);
  expect(await write(() => 'one', 'process')).toBe('one');
  expect(await write(() => 'two', 'process')).toBe('two');
  expect(told).toEqual(['begin', 'commit', 'begin', 'commit']);
  await expect.poll(() => told.slice(4)).toEqual(['sync']);
  syncs[0]!.resolve();
  void write(() => 'three', 'process');
  const four = write(() => 'four').then(() => told.push('told four'));
  await turns();
  expect(told.slice(5)).toEqual(['begin', 'commit', 'sync']);
  syncs[1]!.resolve();
  await four;
  await write(() => 'five', 'process');
  const closed = close();
  await turns();
  syncs[2]!.resolve();
  await closed;
  expect(told.slice(8)).toEqual(['told four', 'begin', 'commit', 'sync', 'close']);
});

test('after a disk that failed nothing more is written: nobody knows what it has', async () => {
  const { file, told, syncs } = aFile();
  const { write } = createGroupCommit(file);
  const one = write(() => 1);
  await turns();
  syncs[0]!.reject(Object.assign(new Error('EIO'), { code: 'EIO' }));
  await expect(one).rejects.toMatchObject({ code: 'STORE_FAILED', message: expect.stringContaining('the disk') });
  await expect(write(() => void told.push('two'))).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(told).toEqual(['begin', 'commit', 'sync']);
});
