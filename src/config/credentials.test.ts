// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a configuration refers to variables like this.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DelegateError } from '../core/errors.ts';
import type { CredentialRef } from '../core/route.ts';
import { loadSnapshot } from './catalog/load-catalog.ts';
import { createCredentials } from './credentials.ts';
import type { ProviderConfig } from './files/config-file.ts';
import type { Env } from './files/config-paths.ts';
import { keyProblem } from './usable-key.ts';

const snapshot = loadSnapshot();
const make = (env: Env, providers: Record<string, ProviderConfig> = {}) =>
  createCredentials({ env, snapshot, providers });
const GROQ: CredentialRef = { kind: 'env', name: 'GROQ_API_KEY', authority: 'https://api.groq.com' };

function refusalOf(run: () => unknown): DelegateError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof DelegateError) return thrown;
    throw thrown;
  }
  throw new Error('It was given out.');
}

describe('a key', () => {
  test('is given for its own authority', () => {
    expect(make({ GROQ_API_KEY: 'gsk_canary' }).key(GROQ, 'https://api.groq.com')).toBe('gsk_canary');
    expect(make({ GROQ_API_KEY: 'gsk_canary' }).key(GROQ, 'https://API.groq.com:443/openai')).toBe('gsk_canary');
  });

  test.each([
    'http://api.groq.com',
    'https://api.groq.com:8443',
    'https://groq.com',
    'https://api.groq.com.evil.example',
    'https://evil.example/https://api.groq.com',
    'https://api.groq.com@evil.example',
    'not a url',
    '',
  ])('is never given for %j (F16, F24)', (authority) => {
    const error = refusalOf(() => make({ GROQ_API_KEY: 'gsk_canary' }).key(GROQ, authority));
    expect(error.code).toBe('CREDENTIAL_MISSING');
    expect(JSON.stringify(error)).not.toContain('gsk_canary');
  });

  test('that is missing is named, with what to set', () => {
    const error = refusalOf(() => make({}).key(GROQ, GROQ.authority));
    expect([error.message, error.hint]).toEqual([
      'There is no usable key for "https://api.groq.com": GROQ_API_KEY is not set.',
      'Set GROQ_API_KEY.',
    ]);
    expect(make({}).present(GROQ)).toBe(false);
  });

  test('of a server without keys is none, and none is missing', () => {
    const none: CredentialRef = { kind: 'none', authority: 'http://127.0.0.1:11434' };
    expect(make({}).present(none)).toBe(true);
    expect(make({}).key(none, 'http://127.0.0.1:11434')).toBeUndefined();
  });

  test('of the configuration may be a reference; a missing variable is told only when it is asked for', () => {
    const ref: CredentialRef = { kind: 'config', provider: 'lab', authority: 'https://lab.example' };
    const providers: Record<string, ProviderConfig> = {
      'custom:Lab': { base_url: 'https://lab.example', api_key: '${LAB_KEY}' },
    };
    expect(make({ LAB_KEY: 'canary-lab' }, providers).key(ref, ref.authority)).toBe('canary-lab');
    expect(make({}, providers).problem(ref)).toBe('LAB_KEY is not set');
    expect(refusalOf(() => make({}, providers).key(ref, ref.authority)).message).toContain('LAB_KEY is not set');
    expect(make({}).problem(ref)).toBe('the api_key of "lab" is not set');
  });

  test('of one kind is never taken for another: the matrix is diagonal (F24)', () => {
    const known = Object.values(snapshot.providers).filter(
      ({ key_env, base_url }) => key_env.length > 0 && !base_url.includes('$'),
    );
    const env = Object.fromEntries(known.flatMap(({ key_env }) => key_env.map((name) => [name, `canary-${name}`])));
    const credentials = make(env);
    const authorities = [...new Set(known.map(({ base_url }) => new URL(base_url).origin))];
    for (const { key_env, base_url } of known) {
      const ref: CredentialRef = { kind: 'env', name: key_env[0]!, authority: new URL(base_url).origin };
      for (const authority of authorities) {
        if (authority === ref.authority) expect(credentials.key(ref, authority)).toBe(`canary-${ref.name}`);
        else expect(() => credentials.key(ref, authority)).toThrow(DelegateError);
      }
    }
  });
});

describe('what cannot be a key', () => {
  test.each([
    [undefined, 'is not set'],
    ['', 'is not set'],
    ['abc', 'has fewer than 4 characters'],
    ['your-key', 'holds a placeholder'],
    ['YOUR_API_KEY', 'holds a placeholder'],
    ['your-openai-key-here', 'holds a placeholder'],
    ['<insert key>', 'has spaces, line breaks or characters that cannot stand in a header'],
    ['<key>', 'holds a placeholder'],
    ['xxxx', 'holds a placeholder'],
    ['sk-xxxxxxxx', 'holds a placeholder'],
    ['sk-...', 'holds a placeholder'],
    ['changeme', 'holds a placeholder'],
    ['change-me', 'holds a placeholder'],
    ['${OPENAI_API_KEY}', 'holds a placeholder'],
    ['undefined', 'holds a placeholder'],
    ['sk-abc\nX-Evil: 1', 'has spaces, line breaks or characters that cannot stand in a header'],
    ['sk-abc\n', 'has spaces, line breaks or characters that cannot stand in a header'],
    ['sk-schlüssel', 'has spaces, line breaks or characters that cannot stand in a header'],
  ])('%j %s', (key, problem) => {
    expect(keyProblem(key)).toBe(problem);
  });

  test.each(['sk-ant-api03-abcDEF_123', 'gsk_0123456789', 'token-abc123', 'EMPTY', 'lm-studio', 'AIzaSyA-1', '1234'])(
    '%j can',
    (key) => {
      expect(keyProblem(key)).toBeUndefined();
    },
  );

  test('whatever passes can stand in a header', () => {
    fc.assert(
      fc.property(fc.string(), (key) => {
        if (keyProblem(key) === undefined) expect(new Headers({ authorization: key }).get('authorization')).toBe(key);
      }),
    );
  });
});

test('all usable keys are known to the redactor, wherever they come from (F28)', () => {
  const credentials = make(
    { GROQ_API_KEY: 'canary-groq', LAB_KEY: 'canary-lab', TWO: 'canary-two', PATH: '/bin', OPENAI_API_KEY: 'xxx' },
    {
      lab: { base_url: 'http://h', api_key: '${LAB_KEY}' },
      two: { base_url: 'http://h', key_env: ['TWO', 'MISSING'] },
      three: { base_url: 'http://h', api_key: 'canary-literal' },
    },
  );
  expect([...credentials.secrets()].sort()).toEqual(['canary-groq', 'canary-lab', 'canary-literal', 'canary-two']);
});
