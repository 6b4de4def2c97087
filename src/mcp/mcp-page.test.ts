import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MAX_LIST } from '../core/call/model-list.ts';
import { hostOf } from './hosts.ts';
import { hostFile, INSTALL_HOSTS } from './install/host-file.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/mcp.md'), 'utf8');
/** Names that agents give themselves on `initialize`. */
const CLIENTS: Record<string, string> = {
  'Claude Code': 'claude-code',
  'Gemini CLI': 'gemini-cli-mcp-client',
  Codex: 'codex-mcp-client',
  opencode: 'opencode',
  Hermes: 'hermes-agent',
  Cursor: 'cursor-vscode',
  'VS Code': 'Visual Studio Code',
};

describe('docs/mcp.md', () => {
  const [, table = ''] = PAGE.split('<!-- hosts -->');
  const rows = [...table.matchAll(/^\| ([\w ]+) \| `(\w+)` \| (\d+) \|$/gm)];

  test.each(rows.map(([, agent = '', name = '', seconds = '']) => [agent, name, Number(seconds)] as const))(
    '%s is "%s" and waits %i s',
    (agent, name, seconds) => {
      expect(hostOf(CLIENTS[agent])).toMatchObject({ name, wait_seconds: seconds });
    },
  );

  test('has a row for every agent it knows, and the rest wait as long as it says', () => {
    expect(rows.map(([, agent]) => agent).sort()).toEqual(Object.keys(CLIENTS).sort());
    expect(hostOf('Some New Agent')).toEqual({ name: 'some-new-agent', wait_seconds: 45 });
    expect(hostOf(undefined).wait_seconds).toBe(45);
  });

  test.each(INSTALL_HOSTS)('names the file of %s', (host) => {
    const { file } = hostFile(host, { env: {}, home: '~', cwd: '.', command: ['y'], key_env: [] });
    expect(PAGE).toContain(`| \`${host}\` | \`${file}\``);
  });

  test('gives the length of the list of models', () => {
    expect(PAGE).toContain(`at most ${MAX_LIST.toLocaleString('en-US')} characters`);
  });
});
