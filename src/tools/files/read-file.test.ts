import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFolder, use } from '../test-folder.ts';
import { createReadFile, READ_BYTES } from './read-file.ts';
import { openWorkspace } from './workspace.ts';

async function read(content: string | Buffer, args: { offset?: number; limit?: number } = {}): Promise<string> {
  using folder = createFolder({ f: content });
  return (await use(createReadFile(await openWorkspace(folder.path)), { path: 'f', ...args })).content;
}

describe('read_file', () => {
  test.each<[string, string, { offset?: number; limit?: number }, string]>([
    ['a whole file as it is', 'a\r\nb\n', {}, 'a\r\nb\n'],
    ['from a line', 'a\nb\nc', { offset: 2 }, 'b\nc'],
    ['some lines', 'a\nb\nc\n', { limit: 2 }, 'a\nb\n\n[Lines 1 to 2 of a file of 6 bytes. Go on with offset 3.]'],
    ['the last line', 'a\nb\nc\n', { offset: 3, limit: 1 }, 'c\n'],
    ['more lines than there are', 'a\nb', { limit: 9 }, 'a\nb'],
    ['past the end', 'a\nb\n', { offset: 3 }, '"f" has 2 lines; there is no line 3.'],
    ['past the end of a file without a last newline', 'a\nb', { offset: 9 }, '"f" has 2 lines; there is no line 9.'],
    ['an empty file', '', {}, '[The file is empty.]'],
  ])('%s', async (_, content, args, expected) => {
    expect(await read(content, args)).toBe(expected);
  });

  test('a binary file is not shown', async () => {
    expect(await read(Buffer.from('PK\u0003\u0004\0\0data'))).toBe('"f" is not text (10 bytes).');
  });

  test('bytes that are not UTF-8 are shown as such', async () => {
    expect(await read(Buffer.from([97, 0xff, 98]))).toBe('a�b\n[Some bytes are not UTF-8 and are shown as �.]');
  });

  test('a line longer than a read is cut, never inside a character, and says what to do', async () => {
    const text = await read(`${'é'.repeat(READ_BYTES)}\nnext`);
    expect(text).toMatch(/^é+\n\[Line 1 is longer .* Go on with offset 2\.\]$/);
    expect(await read(`${'é'.repeat(READ_BYTES)}\nnext`, { offset: 2 })).toBe('next');
    expect(await read(`a${'é'.repeat(READ_BYTES)}\nnext`)).toMatch(/^aé+\n\[Line 1/);
  });

  test('going on as told gives the whole file, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀'), maxLength: 9_000 }), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.boolean(),
        async (lines, ends) => {
          const whole = lines.join('\n') + (ends ? '\n' : '');
          fc.pre(whole !== '');
          let text = '';
          for (let offset: number | undefined = 1; offset !== undefined; ) {
            const part = await read(whole, { offset });
            const [, said, next] = /^(.*)\n\[Lines .* Go on with offset (\d+)\.\]$/s.exec(part) ?? [];
            text += said ?? part;
            offset = next === undefined ? undefined : Number(next);
          }
          expect(text).toBe(whole);
        },
      ),
      { numRuns: 30 },
    );
  });
});
