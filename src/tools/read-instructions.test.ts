import { symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readInstructions } from './read-instructions.ts';
import { createFolder } from './test-folder.ts';

const UNTRUSTED = { trusted: false };

describe('the instructions of a workspace', () => {
  test('are AGENTS.md, else CLAUDE.md, else none', async () => {
    using both = createFolder({ 'AGENTS.md': 'Be brief.', 'CLAUDE.md': 'Be long.' });
    expect(await readInstructions(both.path, UNTRUSTED)).toBe('Be brief.');
    using blank = createFolder({ 'AGENTS.md': ' \n', 'CLAUDE.md': 'Be long.' });
    expect(await readInstructions(blank.path, UNTRUSTED)).toBe('Be long.');
    using none = createFolder({ 'README.md': 'Hello.' });
    expect(await readInstructions(none.path, UNTRUSTED)).toBeUndefined();
  });

  test('may be a link to another file of the workspace', async () => {
    using folder = createFolder({ 'docs/rules.md': 'Be brief.' });
    symlinkSync('docs/rules.md', join(folder.path, 'AGENTS.md'));
    expect(await readInstructions(folder.path, UNTRUSTED)).toBe('Be brief.');
  });

  test('are not fetched from outside, or from a key, for a folder that is not trusted', async () => {
    using outside = createFolder({ 'id.txt': 'a private key' });
    using folder = createFolder({ '.env': 'KEY=1' });
    symlinkSync(join(outside.path, 'id.txt'), join(folder.path, 'AGENTS.md'));
    const refused = { code: 'REQUEST_INVALID', message: expect.stringContaining('leads outside the workspace') };
    await expect(readInstructions(folder.path, UNTRUSTED)).rejects.toMatchObject(refused);
    expect(await readInstructions(folder.path, { trusted: true })).toBe('a private key');

    using inside = createFolder({ '.env': 'KEY=1' });
    symlinkSync('.env', join(inside.path, 'CLAUDE.md'));
    await expect(readInstructions(inside.path, UNTRUSTED)).rejects.toThrow('it may hold secrets');
  });

  test('are a text file of bounded size', async () => {
    using large = createFolder({ 'AGENTS.md': 'x' });
    truncateSync(join(large.path, 'AGENTS.md'), 300_000);
    await expect(readInstructions(large.path, UNTRUSTED)).rejects.toThrow('300000 bytes');
    using folder = createFolder({ 'AGENTS.md/x': '' });
    await expect(readInstructions(folder.path, UNTRUSTED)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    using device = createFolder({});
    symlinkSync('/dev/zero', join(device.path, 'AGENTS.md'));
    await expect(readInstructions(device.path, { trusted: true })).rejects.toThrow('not a regular file');
  });
});
