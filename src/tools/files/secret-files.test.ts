import { expect, test } from 'vitest';
import { isSecretFile } from './secret-files.ts';

test.each<[string, boolean]>([
  ['.env', true],
  ['web/.env', true],
  ['.env.local', true],
  ['.env.production.local', true],
  ['.env.example', false],
  ['.env.sample', false],
  ['.envrc.ts', false],
  ['environment.ts', false],
  ['.netrc', true],
  ['id_ed25519', true],
  ['id_ed25519.pub', false],
  ['certs/server.pem', true],
  ['certs/server.key', true],
  ['src/key.ts', false],
  ['.ssh/config', true],
  ['.aws/credentials', true],
  ['.git/config', true],
  ['.git/HEAD', false],
  ['src/config', false],
  ['.npmrc', false],
])('%s: %s', (path, secret) => {
  expect(isSecretFile(path)).toBe(secret);
});
