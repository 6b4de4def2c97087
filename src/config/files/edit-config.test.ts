// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a configuration refers to variables like this.
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DelegateError } from '../../core/errors.ts';
import { loadConfig } from '../load-config.ts';
import { testFolder } from '../test-folder.ts';
import { getConfigValue, parseKeyPath, setConfigValue, withoutKeys } from './edit-config.ts';

const BEFORE = `# my settings
model: anthropic/sonnet # the parent
delegation:
  # careful
  max_turns: 50
providers:
  groq:
`;

describe('setting a key', () => {
  test.each([
    ['delegation.max_turns', '20', 'max_turns: 50', 'max_turns: 20'],
    ['delegation.toolsets', '[read, write]', 'max_turns: 50\n', 'max_turns: 50\n  toolsets: [ read, write ]\n'],
    ['model', 'opus', 'anthropic/sonnet', 'opus'],
    ['providers.groq.rpm', '5', '  groq:\n', '  groq:\n    rpm: 5\n'],
    ['aliases."a.b"', 'lab/x', '  groq:\n', '  groq:\naliases:\n  a.b: lab/x\n'],
    ['delegation.budget.tokens', '2_000_000', 'max_turns: 50\n', 'max_turns: 50\n  budget:\n    tokens: 2000000\n'],
  ])('%s = %s keeps comments and order', (key, text, before, after) => {
    using folder = testFolder();
    const file = folder.write('config.yaml', BEFORE);
    setConfigValue(parseKeyPath(key), text, { paths: { config_file: file } });
    expect(readFileSync(file, 'utf8')).toBe(BEFORE.replace(before, after));
  });

  test('to nothing takes it out', () => {
    using folder = testFolder();
    const file = folder.write('config.yaml', BEFORE);
    setConfigValue(['delegation', 'max_turns'], undefined, { paths: { config_file: file } });
    expect(readFileSync(file, 'utf8')).not.toContain('max_turns');
    setConfigValue(['aliases', 'none'], undefined, { paths: { config_file: file } });
  });

  test('makes the file and its folder, for its owner only, with a line for editors', () => {
    using folder = testFolder();
    const file = join(folder.path, 'new/config.yaml');
    setConfigValue(['delegation', 'max_turns'], '5', { paths: { config_file: file } });
    expect(readFileSync(file, 'utf8')).toMatch(
      /^# yaml-language-server: \$schema=file:.*\/data\/config\.schema\.json\n\ndelegation:\n {2}max_turns: 5\n$/,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder.path, 'new'))).toEqual(['config.yaml']);
  });

  test('keeps the mode, a link, and the form of JSON', () => {
    using folder = testFolder();
    const real = folder.write('dotfiles/config.yaml', '{ "model": "a/b" }\n');
    chmodSync(real, 0o640);
    const link = join(folder.path, 'config.yaml');
    symlinkSync(real, link);
    setConfigValue(['delegation', 'max_turns'], '5', { paths: { config_file: link } });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(JSON.parse(readFileSync(real, 'utf8'))).toEqual({ model: 'a/b', delegation: { max_turns: 5 } });
  });

  test.each([
    ['delegation.max_turn', '5', '"max_turn" is not a key of "delegation".'],
    ['delegation.max_turns', 'many', '"many" is not a number.'],
    ['providers.lab.api_key', 'sk-canary-1234', 'is not written as a plain key'],
    ['providers.lab', '{ base_url: http://h, api_key: sk-canary-1234 }', 'is not written as a plain key'],
    ['delegation.toolsets', '[read', 'is not a value'],
    ['__proto__.x', '1', 'cannot be a key'],
    ['model.x', '1', '"x" is not a key of "model".'],
  ])('%s = %s is refused and leaves the file as it was', (key, text, message) => {
    using folder = testFolder();
    const file = folder.write('config.yaml', 'delegation: { max_turns: 3 }\n');
    let error: unknown;
    try {
      setConfigValue(parseKeyPath(key), text, { paths: { config_file: file } });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(DelegateError);
    expect((error as DelegateError).message).toContain(message);
    expect(JSON.stringify(error)).not.toContain('canary');
    expect(readFileSync(file, 'utf8')).toBe('delegation: { max_turns: 3 }\n');
    expect(readdirSync(folder.path)).toEqual(['config.yaml']);
  });

  test('a key may be set as a reference', () => {
    using folder = testFolder();
    const file = folder.write('config.yaml', '');
    setConfigValue(['providers', 'lab', 'api_key'], '${LAB_KEY}', { paths: { config_file: file } });
    expect(readFileSync(file, 'utf8')).toContain('api_key: ${LAB_KEY}');
  });

  test('a file that is broken is not touched', () => {
    using folder = testFolder();
    const file = folder.write('config.yaml', 'model: [');
    expect(() => setConfigValue(['model'], 'a/b', { paths: { config_file: file } })).toThrow(DelegateError);
    expect(readFileSync(file, 'utf8')).toBe('model: [');
  });
});

describe('getting a key', () => {
  test('gives its value and where it stands; defaults too; keys never (F28)', async () => {
    using folder = testFolder();
    const file = folder.write(
      'c.yaml',
      'delegation: { max_turns: 3 }\nproviders: { lab: { api_key: sk-canary, rpm: 5 } }\n',
    );
    const loaded = await loadConfig({ cwd: folder.path, env: {}, file });
    const get = (key: string) => getConfigValue(loaded, parseKeyPath(key));
    expect(get('delegation.max_turns')).toEqual({ key: 'delegation.max_turns', value: 3, source: `${file}:1:26` });
    expect(get('delegation.on_mismatch')).toEqual({ key: 'delegation.on_mismatch', value: 'fail', source: 'default' });
    expect(get('delegation.allow[0]').value).toBe('*');
    expect(get('budgets.daily_usd').value).toBeUndefined();
    expect(get('providers.lab.api_key').value).toBe('[redacted]');
    expect(get('providers').value).toEqual({ lab: { api_key: '[redacted]', rpm: 5 } });
    expect(JSON.stringify(withoutKeys(loaded.config))).not.toContain('canary');
  });

  test.each(['', '.', 'a..b', 'a.', '.a', 'a[', 'a[x]', 'a"b'])('%j is not a key', (text) => {
    expect(() => parseKeyPath(text)).toThrow(DelegateError);
  });

  test.each([
    ['a.b-c', ['a', 'b-c']],
    ['providers."z.ai".rpm', ['providers', 'z.ai', 'rpm']],
    ['a[0].b', ['a', 0, 'b']],
  ])('%j is %j', (text, path) => {
    expect(parseKeyPath(text)).toEqual(path);
  });
});
