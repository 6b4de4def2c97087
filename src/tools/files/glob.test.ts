import { expect, test } from 'vitest';
import { createGlob } from './glob.ts';

test.each<[string, string, boolean]>([
  ['*.ts', 'src/a.ts', true],
  ['*.ts', 'src/a.tsx', false],
  ['a?.ts', 'a1.ts', true],
  ['src/*.ts', 'src/a.ts', true],
  ['src/*.ts', 'src/deep/a.ts', false],
  ['./src/*.ts', 'src/a.ts', true],
  ['src/**', 'src/deep/a.ts', true],
  ['src/**/a.ts', 'src/a.ts', true],
  ['src/**/a.ts', 'src/x/y/a.ts', true],
  ['**/deep/*.ts', 'src/deep/a.ts', true],
  ['**', 'a/b/c', true],
  ['*.{ts,tsx}', 'a.tsx', true],
  ['{src,lib}/*.{ts,js}', 'lib/a.js', true],
  ['{src,lib}/*.{ts,js}', 'bin/a.js', false],
  ['[a].ts', 'a.ts', false],
  ['a.b', 'aXb', false],
])('%s, %s: %s', (glob, path, fits) => {
  expect(createGlob(glob)(path)).toBe(fits);
});

test('a glob of nothing but stars ends soon', () => {
  expect(createGlob(`${'*a'.repeat(500)}b`)('a'.repeat(2_000))).toBe(false);
  expect(createGlob(`${'**/'.repeat(200)}b`)('a/'.repeat(1_000))).toBe(false);
});

test('a glob with a thousand alternatives is refused', () => {
  expect(() => createGlob('{a,b}'.repeat(10))).toThrow('more than 64 alternatives');
});
