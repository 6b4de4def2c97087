import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { WRITE_BYTES } from '../child-files.ts';
import { createFolder, openChildren } from '../test-folder.ts';

const text = (folder: { readonly path: string }, name: string): string => readFileSync(join(folder.path, name), 'utf8');

describe('write_file', () => {
  test('makes a file, and the folders on the way', async () => {
    using folder = createFolder({});
    const [child] = await openChildren(folder.path);
    expect(await child!.call('write_file', { path: 'a/b/c.txt', content: 'hello\n' })).toEqual({
      content: 'Made a/b/c.txt (6 bytes).',
      is_error: false,
    });
    expect(text(folder, 'a/b/c.txt')).toBe('hello\n');
    expect(readdirSync(join(folder.path, 'a/b'))).toEqual(['c.txt']);
  });

  test('replaces a file that the child has read, and one that it wrote itself', async () => {
    using folder = createFolder({ 'a.txt': 'old' });
    const [child] = await openChildren(folder.path);
    await child!.call('read_file', { path: 'a.txt' });
    for (const content of ['new', 'newer']) {
      expect(await child!.call('write_file', { path: 'a.txt', content })).toMatchObject({ is_error: false });
      expect(text(folder, 'a.txt')).toBe(content);
    }
  });

  test('keeps the mode of the file', async () => {
    using folder = createFolder({ 'run.sh': 'old' });
    chmodSync(join(folder.path, 'run.sh'), 0o751);
    const [child] = await openChildren(folder.path);
    await child!.call('read_file', { path: 'run.sh' });
    await child!.call('write_file', { path: 'run.sh', content: 'new' });
    expect(statSync(join(folder.path, 'run.sh')).mode & 0o777).toBe(0o751);
  });

  test('keeps CRLF line ends', async () => {
    using folder = createFolder({ 'a.txt': 'one\r\ntwo\r\n' });
    const [child] = await openChildren(folder.path);
    await child!.call('read_file', { path: 'a.txt' });
    expect(await child!.call('write_file', { path: 'a.txt', content: 'three\nfour\n' })).toMatchObject({
      content: expect.stringContaining('CRLF'),
    });
    expect(text(folder, 'a.txt')).toBe('three\r\nfour\r\n');
  });

  test.each<[string, string, RegExp]>([
    ['unread.txt', 'x', /exists and you have not read it; read it before you change it/],
    ['../outside.txt', 'x', /is outside the workspace/],
    ['/tmp/outside.txt', 'x', /is outside the workspace/],
    ['folder', 'x', /is a folder/],
    ['.', 'x', /is a folder/],
    ['unread.txt/below', 'x', /a part of it is a file/],
    ['.env', 'x', /kept from children/],
    ['sub/.ssh/authorized_keys', 'x', /kept from children/],
    ['.git/hooks/pre-commit', 'x', /belongs to git/],
    ['.GIT/hooks/pre-commit', 'x', /belongs to git/],
    ['sub/.git', 'x', /belongs to git/],
    ['link-out', 'x', /leads outside the workspace/],
    ['folder-out/new.txt', 'x', /leads outside the workspace/],
    ['folder-out/deep/new.txt', 'x', /leads outside the workspace/],
    ['link-nowhere', 'x', /symlink that leads nowhere/],
    ['link-nowhere/new.txt', 'x', /symlink that leads nowhere/],
    ['pipe-folder/../../x', 'x', /is outside the workspace/],
    ['nul.txt', 'a\0b', /NUL/],
    ['half.txt', 'a\ud800', /half a character/],
    ['large.txt', 'x'.repeat(WRITE_BYTES + 1), /are more than/],
    [`${'n'.repeat(300)}`, 'x', /too long for a path/],
    ['a\0b', 'x', /is not a path/],
  ])('%j is refused, and nothing is changed', async (path, content, why) => {
    using outside = createFolder({ 'target.txt': 'safe' });
    using folder = createFolder({ 'unread.txt': 'old', 'folder/x': '' });
    symlinkSync(join(outside.path, 'target.txt'), join(folder.path, 'link-out'));
    symlinkSync(outside.path, join(folder.path, 'folder-out'));
    symlinkSync(join(outside.path, 'gone.txt'), join(folder.path, 'link-nowhere'));
    const before = readdirSync(folder.path, { recursive: true }).sort();
    const [child] = await openChildren(folder.path);
    expect(await child!.call('write_file', { path, content })).toEqual({
      content: expect.stringMatching(why),
      is_error: true,
    });
    expect(readdirSync(folder.path, { recursive: true }).sort()).toEqual(before);
    expect(readdirSync(outside.path)).toEqual(['target.txt']);
    expect(text(outside, 'target.txt')).toBe('safe');
    expect(text(folder, 'unread.txt')).toBe('old');
  });

  test('a symlink that stays inside is written through and stays one', async () => {
    using folder = createFolder({ 'real.txt': 'old' });
    symlinkSync('real.txt', join(folder.path, 'link.txt'));
    const [child] = await openChildren(folder.path);
    await child!.call('read_file', { path: 'link.txt' });
    expect(await child!.call('write_file', { path: 'link.txt', content: 'new' })).toMatchObject({ is_error: false });
    expect(text(folder, 'real.txt')).toBe('new');
    expect(lstatSync(join(folder.path, 'link.txt')).isSymbolicLink()).toBe(true);
  });

  test('a binary file is not replaced by text', async () => {
    using folder = createFolder({ 'a.bin': Buffer.from('PK\u0003\u0004\0\0') });
    const [child] = await openChildren(folder.path);
    await child!.call('read_file', { path: 'a.bin' });
    expect(await child!.call('write_file', { path: 'a.bin', content: 'x' })).toMatchObject({
      content: '"a.bin" is not UTF-8 text and is not changed.',
      is_error: true,
    });
  });

  test('a call that was stopped leaves neither the file nor a part of it', async () => {
    using folder = createFolder({});
    const [child] = await openChildren(folder.path);
    const outcome = await child!.call('write_file', { path: 'a.txt', content: 'x' }, AbortSignal.abort());
    expect(outcome).toMatchObject({ is_error: true });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('a child that has ended writes nothing any more', async () => {
    using folder = createFolder({});
    const [child] = await openChildren(folder.path);
    await child!.close();
    expect(await child!.call('write_file', { path: 'a.txt', content: 'x' })).toMatchObject({ is_error: true });
    expect(existsSync(join(folder.path, 'a.txt'))).toBe(false);
  });
});

describe('what a child knows of a file', () => {
  test('a file that somebody changed since is not overwritten', async () => {
    using folder = createFolder({ 'a.txt': 'one' });
    const [child] = await openChildren(folder.path);
    await child!.call('read_file', { path: 'a.txt' });
    writeFileSync(join(folder.path, 'a.txt'), 'two');
    expect(await child!.call('write_file', { path: 'a.txt', content: 'mine' })).toEqual({
      content: '"a.txt" has changed since you read it; read it again, then decide anew.',
      is_error: true,
    });
    expect(text(folder, 'a.txt')).toBe('two');
    await child!.call('read_file', { path: 'a.txt' });
    expect(await child!.call('write_file', { path: 'a.txt', content: 'mine' })).toMatchObject({ is_error: false });
  });

  test('a file that was only touched is the same', async () => {
    using folder = createFolder({ 'a.txt': 'one' });
    const [child] = await openChildren(folder.path);
    await child!.call('read_file', { path: 'a.txt' });
    writeFileSync(join(folder.path, 'a.txt'), 'one');
    expect(await child!.call('write_file', { path: 'a.txt', content: 'mine' })).toMatchObject({ is_error: false });
  });

  test('is its own: what a sibling has read does not count', async () => {
    using folder = createFolder({ 'a.txt': 'one' });
    const [reader, writer] = await openChildren(folder.path, { count: 2 });
    await reader!.call('read_file', { path: 'a.txt' });
    expect(await writer!.call('write_file', { path: 'a.txt', content: 'x' })).toMatchObject({ is_error: true });
  });

  test('a part of a long file is enough', async () => {
    using folder = createFolder({ 'a.txt': 'line\n'.repeat(100_000) });
    const [child] = await openChildren(folder.path);
    await child!.call('read_file', { path: 'a.txt', limit: 1 });
    expect(await child!.call('write_file', { path: 'a.txt', content: 'x' })).toMatchObject({ is_error: false });
  });
});

describe('siblings', () => {
  test('hear that a file was changed after they read it, once', async () => {
    using folder = createFolder({ 'a.txt': 'one', 'b.txt': 'b' });
    const [first, , third] = await openChildren(folder.path, { count: 3 });
    for (const child of [first, third]) await child!.call('read_file', { path: 'a.txt' });
    await third!.call('write_file', { path: 'a.txt', content: 'two' });
    expect(third!.news()).toBeUndefined();
    expect(first!.news()).toBe('"a.txt" was changed by task 2 after you read it.');
    expect(first!.news()).toBeUndefined();
    expect(await first!.call('write_file', { path: 'a.txt', content: 'mine' })).toMatchObject({
      content: expect.stringContaining('(by task 2)'),
      is_error: true,
    });
    expect(text(folder, 'a.txt')).toBe('two');
  });

  test('who only read hears it too; who has read anew does not', async () => {
    using folder = createFolder({ 'a.txt': 'one' });
    const [reader, writer] = await openChildren(folder.path, { count: 2 });
    await reader!.call('read_file', { path: 'a.txt' });
    await writer!.call('read_file', { path: 'a.txt' });
    await writer!.call('write_file', { path: 'a.txt', content: 'two' });
    await reader!.call('read_file', { path: 'a.txt' });
    expect(reader!.news()).toBeUndefined();
  });

  test('writing at the same moment, one of two wins and the other hears why', async () => {
    using folder = createFolder({ 'a.txt': 'one' });
    const children = await openChildren(folder.path, { count: 8 });
    await Promise.all(children.map((child) => child.call('read_file', { path: 'a.txt' })));
    const outcomes = await Promise.all(
      children.map((child, index) => child.call('write_file', { path: 'a.txt', content: `by ${index}` })),
    );
    const won = outcomes.flatMap(({ is_error }, index) => (is_error ? [] : [index]));
    expect(won).toHaveLength(1);
    expect(text(folder, 'a.txt')).toBe(`by ${won[0]}`);
  });
});
