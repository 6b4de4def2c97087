import { expect, test } from 'vitest';
import { keyInClear } from './key-in-clear.ts';

test.each([
  ['https://api.example.com/v1', 'env', false],
  ['http://api.example.com/v1', 'env', true],
  ['http://10.0.0.7:8000/v1', 'env', true],
  ['http://127.0.0.1.example.com/v1', 'env', true],
  ['http://localhost.example.com/v1', 'env', true],
  ['http://localhost:11434/v1', 'env', false],
  ['http://127.0.0.1:8000/v1', 'env', false],
  ['http://[::1]:8000/v1', 'env', false],
  ['http://api.example.com/v1', 'none', false],
] as const)('%s with a key from %s: said of it is %s (F24)', (base_url, kind, said) => {
  const credential = kind === 'none' ? { kind, authority: '' } : { kind, name: 'K', authority: '' };
  expect(keyInClear({ base_url, credential }) !== undefined).toBe(said);
});
