// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a configuration refers to variables like this.
import { describe, expect, test } from 'vitest';
import { DelegateError } from '../core/errors.ts';
import { checkHosts } from './check-hosts.ts';
import { withDefaults } from './defaults.ts';
import type { ConfigFile, McpServerConfig } from './files/config-file.ts';
import { checkMcpServers, mcpServersOf } from './mcp-servers.ts';
import { narrowConfig } from './narrow-config.ts';
import { parseConfig } from './parse-config.ts';

function problems(check: (where: () => string) => void): string {
  try {
    check(() => 'file:1:1');
    return '';
  } catch (thrown) {
    if (thrown instanceof DelegateError)
      return thrown.issues.map(({ path, message }) => `${path.replace('file:1:1 ', '')}: ${message}`).join('\n');
    throw thrown;
  }
}

describe('an entry of mcp_servers', () => {
  test.each<[McpServerConfig, string]>([
    [{ command: ['npx', 'x'] }, ''],
    [{ command: ['x'], env: { HOME_DIR: '/x', TOKEN: '${TOKEN}' }, cwd: 'sub' }, ''],
    [{ url: 'https://mcp.test/mcp', headers: { Authorization: 'Bearer ${TOKEN}', 'X-Team': 'blue' } }, ''],
    [{ url: 'http://127.0.0.1:9000/mcp' }, ''],
    [{ url: '${MCP_URL}' }, ''],
    [{}, 'mcp_servers.s: It has neither command nor url.'],
    [{ command: ['x'], url: 'https://mcp.test' }, 'mcp_servers.s: It has both command and url.'],
    [{ command: ['x'], headers: { a: 'b' } }, 'mcp_servers.s.headers: "headers" has no meaning beside command.'],
    [{ url: 'https://mcp.test', cwd: '.' }, 'mcp_servers.s.cwd: "cwd" has no meaning beside url.'],
    [{ url: 'mcp.test' }, 'mcp_servers.s.url: It is not a URL.'],
    [{ url: 'file:///etc' }, 'mcp_servers.s.url: It is neither http nor https.'],
    [{ url: 'https://u:pw@mcp.test' }, 'mcp_servers.s.url: A key is not written into a file.'],
    [
      { url: 'https://mcp.test', headers: { Authorization: 'x' } },
      'mcp_servers.s.headers.Authorization: A key is not written into a file.',
    ],
    [
      { url: 'https://mcp.test', headers: { 'X-Api-Key': 'x' } },
      'mcp_servers.s.headers.X-Api-Key: A key is not written into a file.',
    ],
    [
      { url: 'https://mcp.test', headers: { 'X-Who': 'ghp_0123456789abcdefghij' } },
      'mcp_servers.s.headers.X-Who: A key is not written into a file.',
    ],
    [
      { command: ['x'], env: { WHO: 'ghp_0123456789abcdefghij' } },
      'mcp_servers.s.env.WHO: A key is not written into a file.',
    ],
  ])('%j: %s', (server, expected) => {
    expect(problems((where) => checkMcpServers({ mcp_servers: { s: server } }, where))).toBe(expected);
  });

  test('has its variables replaced, and what is secret of them is known', () => {
    const mcp_servers: ConfigFile['mcp_servers'] = {
      near: { command: ['run', '${PORT}'], env: { A: '${API_TOKEN}', B: '${PORT}' }, cwd: 'sub', tools: ['one'] },
      far: { url: 'https://${HOST}/mcp', headers: { 'X-Key': 'k ${TEAM}' } },
      lost: { command: ['run', '${NOWHERE}', '${NOWHERE}'], env: { A: '${NEITHER}' } },
    };
    const env = { PORT: '80', API_TOKEN: 'tok', HOST: 'mcp.test', TEAM: 'blue' };
    expect(mcpServersOf({ mcp_servers }, { env, cwd: '/work' })).toEqual({
      servers: [
        { name: 'near', command: ['run', '80'], env: { A: 'tok', B: '80' }, cwd: '/work/sub', tools: ['one'] },
        { name: 'far', url: 'https://mcp.test/mcp', headers: { 'X-Key': 'k blue' } },
        {
          name: 'lost',
          command: ['run', '${NOWHERE}', '${NOWHERE}'],
          env: { A: '${NEITHER}' },
          cwd: '/work',
          missing: ['NOWHERE', 'NEITHER'],
        },
      ],
      secrets: ['tok', 'k blue'],
    });
  });

  test('nobody hears a value of its headers and variables, not even a wrong one', () => {
    const text = 'mcp_servers: { s: { command: [x], env: { A: 12345678 }, headers: { X-Key: [canary] } } }';
    const parse = (): unknown => parseConfig(text, { file: 'config.yaml', kind: 'user' });
    expect(parse).toThrow('The value');
    expect(parse).not.toThrow(/12345678|canary/);
  });
});

describe('web.allow_hosts', () => {
  const allowing = (...allow_hosts: string[]): ConfigFile => ({ web: { allow_hosts } });

  test.each([
    ['wiki.corp', ''],
    ['localhost:8080', ''],
    ['10.0.0.7', ''],
    ['::1', ''],
    ['[::1]:8080', ''],
    ['256.0.0.1', 'web.allow_hosts[0]: "256.0.0.1" is not a host.'],
    ['a:::', 'web.allow_hosts[0]: "a:::" is not a host.'],
    ['wiki.corp:99999', 'web.allow_hosts[0]: "wiki.corp:99999" is not a host.'],
  ])('%s: %s', (host, expected) => {
    expect(problems((where) => checkHosts(allowing(host), where))).toBe(expected);
  });

  test.each(['http://wiki.corp', 'wiki.corp/path', 'u@wiki.corp', '*.corp', 'wiki corp', ''])(
    '%j is refused',
    (host) => {
      const text = JSON.stringify(allowing(host));
      expect(() => parseConfig(text, { file: 'config.yaml', kind: 'user' })).toThrow('web.allow_hosts[0]');
    },
  );

  test.each([
    [['a', 'b'], ['b'], ['b']],
    [['a'], ['b'], []],
    [[], ['a'], []],
    [['a'], [], []],
  ])('of %j a project that says %j leaves %j', (users, asked, left) => {
    const project = parseConfig(JSON.stringify(allowing(...asked)), { file: '/repo/yardmaster.yaml', kind: 'project' });
    expect(narrowConfig(withDefaults(allowing(...users)), project, true).config.web.allow_hosts).toEqual(left);
  });
});
