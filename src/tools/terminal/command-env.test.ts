import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commandEnv, PASSED_ON } from './command-env.ts';

const everything = Object.fromEntries(
  [...PASSED_ON, 'SSH_AUTH_SOCK', 'OPENAI_API_KEY', 'NODE_OPTIONS'].map((name) => [name, `my ${name}`]),
);
const none = (): boolean => false;

describe('the environment of a command', () => {
  test('is what docs/security.md lists, and what is added', () => {
    const page = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
    const [table = ''] = page.split('<!-- environment -->')[1]?.split('\n\n  ') ?? [];
    const listed = [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, names = '']) =>
      names.replaceAll('`', '').split(', '),
    );
    expect(listed).toEqual(PASSED_ON);
    expect(Object.keys(commandEnv({ env: everything, hasSecret: none, at_home: true, tmp: '/t' })).sort()).toEqual(
      [...listed, 'TERM', 'NO_COLOR', 'TMPDIR'].sort(),
    );
  });

  test('is of the language alone where programs and folders are others', () => {
    expect(commandEnv({ env: everything, hasSecret: none, at_home: false, tmp: '/t' })).toEqual({
      TERM: 'dumb',
      NO_COLOR: '1',
      TMPDIR: '/t',
      LANG: 'my LANG',
      LC_ALL: 'my LC_ALL',
      LC_CTYPE: 'my LC_CTYPE',
      TZ: 'my TZ',
    });
  });

  test('leaves out a variable that holds a key all the same', () => {
    const env = commandEnv({
      env: { PATH: '/bin', HOME: '/home/sk-canary' },
      hasSecret: (value) => value.includes('canary'),
      at_home: true,
      tmp: '/t',
    });
    expect(env).toMatchObject({ PATH: '/bin' });
    expect(env).not.toHaveProperty('HOME');
  });
});
