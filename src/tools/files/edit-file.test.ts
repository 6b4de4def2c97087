import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFolder, openChildren } from '../test-folder.ts';

/** The file and what the model reads, after an edit of a file that was read. */
async function edit(
  content: string | Buffer,
  args: { readonly old_string: string; readonly new_string: string; readonly replace_all?: boolean },
): Promise<{ readonly text: string; readonly said: string; readonly is_error: boolean }> {
  using folder = createFolder({ 'f.txt': content });
  const [child] = await openChildren(folder.path);
  await child!.call('read_file', { path: 'f.txt' });
  const { content: said, is_error } = await child!.call('edit_file', { path: 'f.txt', ...args });
  return { text: readFileSync(join(folder.path, 'f.txt'), 'utf8'), said, is_error };
}

describe('edit_file', () => {
  test.each([
    [
      'one place',
      'a\nb\nc\n',
      { old_string: 'b', new_string: 'B' },
      'a\nB\nc\n',
      'Replaced 1 place in f.txt (line 2).',
    ],
    [
      'several lines',
      'a\nb\nc\n',
      { old_string: 'a\nb', new_string: 'x' },
      'x\nc\n',
      'Replaced 1 place in f.txt (line 1).',
    ],
    ['with nothing', 'abc', { old_string: 'b', new_string: '' }, 'ac', 'Replaced 1 place in f.txt (line 1).'],
    [
      'every place',
      'a a a',
      { old_string: 'a', new_string: 'b', replace_all: true },
      'b b b',
      'Replaced 3 places in f.txt (line 1).',
    ],
    [
      'dollar signs as they are',
      'price',
      { old_string: 'price', new_string: "$& $1 $'" },
      "$& $1 $'",
      'Replaced 1 place in f.txt (line 1).',
    ],
    [
      'CRLF, asked for with plain line ends',
      'a\r\nb\r\n',
      { old_string: 'a\nb\n', new_string: 'x\ny\n' },
      'x\r\ny\r\n',
      'Replaced 1 place in f.txt (line 1).',
    ],
    [
      'CRLF, a line more',
      'a\r\nb\r\n',
      { old_string: 'b', new_string: 'b\nc' },
      'a\r\nb\r\nc\r\n',
      'Replaced 1 place in f.txt (line 2).',
    ],
    [
      'a byte order mark stays',
      '\ufeffa',
      { old_string: 'a', new_string: 'b' },
      '\ufeffb',
      'Replaced 1 place in f.txt (line 1).',
    ],
  ])('%s', async (_, content, args, text, said) => {
    expect(await edit(content, args)).toEqual({ text, said, is_error: false });
  });

  test.each<[string, string | Buffer, Parameters<typeof edit>[1], RegExp]>([
    [
      'a text that is not there',
      'abc',
      { old_string: 'x', new_string: 'y' },
      /does not contain old_string.*white space/,
    ],
    ['other white space', 'a  b', { old_string: 'a b', new_string: 'y' }, /does not contain old_string/],
    [
      'a text that is there twice',
      'a\nb\na\n',
      { old_string: 'a', new_string: 'y' },
      /2 times \(lines 1, 3\).*replace_all/,
    ],
    ['places that overlap', 'aaa', { old_string: 'aa', new_string: 'b' }, /2 times/],
    ['no text', 'abc', { old_string: '', new_string: 'y' }, /old_string is empty/],
    ['no difference', 'abc', { old_string: 'a', new_string: 'a' }, /are the same/],
    ['a binary file', Buffer.from('a\0b'), { old_string: 'a', new_string: 'b' }, /not UTF-8 text/],
    ['another encoding', Buffer.from([0x61, 0xe9, 0x62]), { old_string: 'a', new_string: 'b' }, /not UTF-8 text/],
    ['a NUL character', 'abc', { old_string: 'a', new_string: '\0' }, /NUL/],
    [
      'what grows too large',
      'aaaa',
      { old_string: 'a', new_string: 'x'.repeat(700_000), replace_all: true },
      /are more than/,
    ],
  ])('%s is refused, and the file stays', async (_, content, args, why) => {
    const { text, said, is_error } = await edit(content, args);
    expect({ is_error, said }).toEqual({ is_error: true, said: expect.stringMatching(why) });
    expect(text).toBe(content.toString());
  });

  test('a file that is not there, or was never read, is not edited', async () => {
    using folder = createFolder({ 'f.txt': 'a' });
    const [child] = await openChildren(folder.path);
    const args = { old_string: 'a', new_string: 'b' };
    expect((await child!.call('edit_file', { path: 'gone.txt', ...args })).content).toMatch(
      /does not exist.*write_file/,
    );
    expect((await child!.call('edit_file', { path: 'f.txt', ...args })).content).toMatch(/you have not read it/);
  });

  test('after a conflict, reading anew helps', async () => {
    using folder = createFolder({ 'f.txt': 'one two' });
    const [child] = await openChildren(folder.path);
    await child!.call('read_file', { path: 'f.txt' });
    writeFileSync(join(folder.path, 'f.txt'), 'one 2');
    const args = { path: 'f.txt', old_string: 'one', new_string: '1' };
    expect((await child!.call('edit_file', args)).content).toMatch(/has changed since you read it/);
    await child!.call('read_file', { path: 'f.txt' });
    expect((await child!.call('edit_file', args)).is_error).toBe(false);
    expect(readFileSync(join(folder.path, 'f.txt'), 'utf8')).toBe('1 2');
  });

  test('an edit and the edit back give the same bytes, whatever the line ends', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀', ' '), maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        async (lines, end) => {
          const whole = `${lines.join(end)}${end}#${end}`;
          using folder = createFolder({ f: whole });
          const [child] = await openChildren(folder.path);
          await child!.call('read_file', { path: 'f' });
          await child!.call('edit_file', { path: 'f', old_string: '#', new_string: '(\n)' });
          await child!.call('edit_file', { path: 'f', old_string: '(\n)', new_string: '#' });
          expect(readFileSync(join(folder.path, 'f'), 'utf8')).toBe(whole);
        },
      ),
      { numRuns: 40 },
    );
  });
});
