import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DelegateError } from '../../core/errors.ts';
import { testFolder } from '../test-folder.ts';
import { isTrusted, trustedFolders, trustFolder } from './trust.ts';

test('a folder is trusted under any of its names, and nothing beside, above or below it', () => {
  using folder = testFolder();
  const paths = { trust_file: join(folder.path, 'settings/trusted.json') };
  for (const name of ['work/app', 'work/application']) mkdirSync(join(folder.path, name), { recursive: true });
  symlinkSync(join(folder.path, 'work'), join(folder.path, 'link'));
  expect(trustFolder(join(folder.path, 'link/app/'), paths)).toBe(join(folder.path, 'work/app'));
  const trusted = ['work/app', 'link/app', 'work/app/.', 'work', 'work/application', 'work/app/inner'].map((name) =>
    isTrusted(join(folder.path, name), paths),
  );
  expect(trusted).toEqual([true, true, true, false, false, false]);
});

test('trust is taken back, and remembered once', () => {
  using folder = testFolder();
  const paths = { trust_file: join(folder.path, 'trusted.json') };
  trustFolder('/b', paths);
  trustFolder('/a', paths);
  trustFolder('/b', paths);
  expect(trustedFolders(paths)).toEqual(['/a', '/b']);
  trustFolder('/a', paths, false);
  expect(JSON.parse(readFileSync(paths.trust_file, 'utf8'))).toEqual({ folders: ['/b'] });
});

test.each(['{', '[]', '{"folders":"/"}', '{"folders":[1]}', 'null'])(
  'a list that says %j is an error, not an empty one',
  (text) => {
    using folder = testFolder();
    const paths = { trust_file: folder.write('trusted.json', text) };
    expect(() => isTrusted('/a', paths)).toThrow(DelegateError);
    expect(() => trustFolder('/a', paths)).toThrow(DelegateError);
    expect(readFileSync(paths.trust_file, 'utf8')).toBe(text);
  },
);
