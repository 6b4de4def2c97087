import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDeltaFilter, createRedactor, createSecretFilter, REDACTED } from './redact.ts';

describe('known secrets (F28)', () => {
  test('go, however they are written', () => {
    const secret = 'a"b/c+d=é1';
    const redact = createRedactor([secret]);
    const texts = [secret, `url?k=${encodeURIComponent(secret)}`, JSON.stringify({ k: secret })];
    expect(texts.map(redact)).toEqual([REDACTED, `url?k=${REDACTED}`, `{"k":"${REDACTED}"}`]);
  });

  test('a secret that begins with another goes whole', () => {
    expect(createRedactor(['lab-key', 'lab-key-two'])('lab-key-two lab-key')).toBe(`${REDACTED} ${REDACTED}`);
  });

  test('no secret survives in any text, and redacting twice changes nothing', () => {
    const secret = fc.string({ minLength: 4, maxLength: 30 }).filter((text) => !REDACTED.includes(text));
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.string(),
        fc.string(),
        (secrets, before, after) => {
          const redact = createRedactor(secrets);
          const once = redact(`${before}${secrets.join(after)}${after}`);
          for (const each of secrets) expect(once.split(REDACTED).some((part) => part.includes(each))).toBe(false);
          expect(redact(once)).toBe(once);
        },
      ),
    );
  });

  test('texts too short to be secrets stay, and so does everything without any', () => {
    expect(createRedactor(['abc', ''])('abc is fine')).toBe('abc is fine');
    expect(createRedactor([])('nothing to see')).toBe('nothing to see');
  });
});

describe('what has the shape of a key', () => {
  // In the square of its length, one of these would take hours.
  test.each(['eyJ-', 'eyJ', '?key=', 'authorization:', 'sk-a ', 'bearer '])(
    'two million characters of %j take no longer than others',
    (unit) => {
      const text = unit.repeat(2_000_000 / unit.length);
      expect(createRedactor([])(text)).toBe(text);
    },
  );

  test('a token goes from the middle of a word, and dotted words stay', () => {
    const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk';
    expect(createRedactor([])(`x-${token}. eyJhbGciOiJIUzI1NiJ9 some-long-module.another-module.function`)).toBe(
      `x-${REDACTED}. eyJhbGciOiJIUzI1NiJ9 some-long-module.another-module.function`,
    );
  });

  test.each([
    'sk-proj-abcdefghij0123456789',
    'sk-ant-api03-abcdefghij0123456789',
    'sk-or-v1-abcdefghij0123456789',
    'AIzaSyA0123456789abcdefghijklmnopqrstuv',
    'gsk_abcdefghij0123456789',
    'xai-abcdefghij0123456789',
    'hf_abcdefghij0123456789',
    'nvapi-abcdefghij0123456789',
    'ghp_abcdefghij0123456789',
    'github_pat_abcdefghij0123456789',
    'AKIAABCDEFGHIJKLMNOP',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk',
  ])('%s goes, unknown as it is', (key) => {
    expect(createRedactor([])(`Incorrect API key provided: ${key}.`)).toBe(`Incorrect API key provided: ${REDACTED}.`);
  });

  test.each([
    'sk-',
    'rk-',
    'pk-',
    'gsk_',
    'hf_',
    'fw_',
    'r8_',
    'csk_',
    'vck_',
    'tgp_v1_',
    'gho_',
    'xai-',
    'nvapi-',
    'pplx-',
  ])('the shortest key that begins with %s goes', (prefix) => {
    expect(createRedactor([])(`is ${prefix}0123456789abcdef.`)).toBe(`is ${REDACTED}.`);
    expect(createRedactor([])(`is ${prefix}0123456789.`)).toBe(`is ${prefix}0123456789.`);
  });

  test.each([
    ['Authorization: Bearer abc123def456ghi', `Authorization: Bearer ${REDACTED}`],
    ['{"x-api-key":"abc123def456ghi"}', `{"x-api-key":"${REDACTED}"}`],
    ['https://h/v1?key=abc123def456ghi&x=1', `https://h/v1?key=${REDACTED}&x=1`],
  ])('%s', (text, redacted) => {
    expect(createRedactor([])(text)).toBe(redacted);
  });

  test.each([
    'The key to understanding is basic knowledge of bearer certificates.',
    'const apiKey = process.env.OPENAI_API_KEY;',
    'sk-short and task-oriented work on risk-management',
    'token: TokenKind.Identifier',
  ])('prose and code stay: %s', (text) => {
    expect(createRedactor([])(text)).toBe(text);
  });
});

describe('texts that arrive in pieces (F28)', () => {
  test('the pieces are together what the filter makes of the whole', () => {
    // Two letters, so that secrets overlap and begin with each other.
    const word = (minLength: number, maxLength: number) =>
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength, maxLength });
    fc.assert(
      fc.property(
        fc.array(word(16, 20), { maxLength: 3 }),
        fc.array(fc.oneof(word(0, 12), fc.nat(2)), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (secrets, parts, sizes) => {
          const text = parts.map((part) => (typeof part === 'string' ? part : (secrets[part] ?? ''))).join('');
          const { push, end } = createDeltaFilter(secrets)();
          let told = '';
          for (let at = 0, i = 0; at < text.length; i++) {
            const size = sizes[i % sizes.length]!;
            told += push(text.slice(at, at + size));
            at += size;
          }
          expect(told + end()).toBe(createSecretFilter(secrets)(text));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('nothing waits that cannot become a secret', () => {
    const { push } = createDeltaFilter(['sk-0123456789abcdef'])();
    expect(['Is it s', 'o? sk', '-012', ' no'].map(push)).toEqual(['Is it ', 'so? ', '', 'sk-012 no']);
  });
});
