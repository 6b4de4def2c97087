import { describe, expect, test } from 'vitest';
import { editHostFile, snippet } from './edit-host-file.ts';
import { hostFile, INSTALL_HOSTS, type InstallPlace } from './host-file.ts';

const PLACE: InstallPlace = {
  env: {},
  home: '/home/me',
  cwd: '/work',
  command: ['yardmaster', 'mcp'],
  key_env: ['ANTHROPIC_API_KEY'],
};

describe("a host's snippet", () => {
  test.each([
    [
      'claude',
      '/home/me/.claude.json',
      '{\n  "mcpServers": {\n    "yardmaster": {\n      "type": "stdio",\n      "command": "yardmaster",\n      "args": [\n        "mcp"\n      ]\n    }\n  }\n}\n',
    ],
    [
      'codex',
      '/home/me/.codex/config.toml',
      '[mcp_servers.yardmaster]\ncommand = "yardmaster"\nargs = [ "mcp" ]\nrequired = true\ntool_timeout_sec = 600\nenv_vars = [ "ANTHROPIC_API_KEY" ]\n',
    ],
    [
      'opencode',
      '/home/me/.config/opencode/opencode.json',
      '{\n  "mcp": {\n    "yardmaster": {\n      "type": "local",\n      "command": [\n        "yardmaster",\n        "mcp"\n      ],\n      "enabled": true\n    }\n  }\n}\n',
    ],
    [
      'gemini',
      '/home/me/.gemini/settings.json',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that host fills it in.
      '{\n  "mcpServers": {\n    "yardmaster": {\n      "command": "yardmaster",\n      "args": [\n        "mcp"\n      ],\n      "timeout": 600000,\n      "env": {\n        "ANTHROPIC_API_KEY": "${ANTHROPIC_API_KEY:-}"\n      }\n    }\n  }\n}\n',
    ],
    [
      'hermes',
      '/home/me/.hermes/config.yaml',
      'mcp_servers:\n  yardmaster:\n    command: yardmaster\n    args:\n      - mcp\n    timeout: 600\n',
    ],
    [
      'cursor',
      '/home/me/.cursor/mcp.json',
      '{\n  "mcpServers": {\n    "yardmaster": {\n      "command": "yardmaster",\n      "args": [\n        "mcp"\n      ]\n    }\n  }\n}\n',
    ],
    [
      'vscode',
      '/work/.vscode/mcp.json',
      '{\n  "servers": {\n    "yardmaster": {\n      "type": "stdio",\n      "command": "yardmaster",\n      "args": [\n        "mcp"\n      ]\n    }\n  }\n}\n',
    ],
  ] as const)('%s: %s', async (host, file, text) => {
    const target = hostFile(host, PLACE);
    expect([target.file, await snippet(target)]).toEqual([file, text]);
  });

  test('Codex is told to pass on where configuration and data stand', async () => {
    const env = { XDG_CONFIG_HOME: '/etc/mine', YARDMASTER_HOME: '/var/mine', XDG_DATA_HOME: '' };
    expect(await snippet(hostFile('codex', { ...PLACE, env }))).toContain(
      'env_vars = [ "ANTHROPIC_API_KEY", "XDG_CONFIG_HOME", "YARDMASTER_HOME" ]',
    );
  });

  test.each(INSTALL_HOSTS)('%s: written twice it is the same', async (host) => {
    const target = hostFile(host, PLACE);
    const once = await editHostFile('', target);
    expect(await editHostFile(once, target)).toBe(once);
  });
});

describe('a file that is there already', () => {
  test.each([
    [
      'vscode',
      '{\n\t// mine\n\t"servers": {\n\t\t"other": { "command": "x" }, // keep\n\t},\n\t"inputs": [],\n}\n',
      ['// mine', '"command": "x"', '// keep', '"inputs": []', '\n\t\t"yardmaster": {'],
    ],
    [
      'claude',
      '{"numStartups": 7, "mcpServers": {"yardmaster": {"command": "old", "env": {"A": "b"}}}}',
      ['"numStartups": 7', '"A": "b"', '"command": "yardmaster"'],
    ],
    [
      'gemini',
      '{"mcpServers": {"yardmaster": {"command": "old", "env": {"A": "b"}}}, "theme": "x"}',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that host fills it in.
      ['"A": "b"', '"ANTHROPIC_API_KEY": "${ANTHROPIC_API_KEY:-}"', '"theme": "x"'],
    ],
    [
      'codex',
      '# mine\nmodel = "x" # why\n\n[mcp_servers.other]\ncommand = "y"\n',
      ['# mine\nmodel = "x" # why', '[mcp_servers.other]\ncommand = "y"', '\n\n[mcp_servers.yardmaster]\n'],
    ],
    [
      'codex',
      '[mcp_servers."yardmaster"] # ours\ncommand = "old"\nstartup_timeout_sec = 20 # slow\n[profiles.a]\nmodel = "y"\n',
      ['command = "yardmaster"\nstartup_timeout_sec = 20 # slow\n[profiles.a]', 'required = true'],
    ],
    [
      'hermes',
      '# mine\nmodel: x # why\nmcp_servers: # none yet\nother: [1, 2]\n',
      ['# mine\nmodel: x # why', 'other: [ 1, 2 ]', '  yardmaster:\n    command: yardmaster'],
    ],
  ] as const)('%s: what else is in it stays', async (host, before, kept) => {
    const target = hostFile(host, PLACE);
    const after = await editHostFile(before, target);
    for (const part of kept) expect(after).toContain(part);
    expect(await editHostFile(after, target)).toBe(after);
  });

  test.each([
    ['is broken', 'claude', '{ "mcpServers": '],
    ['is broken', 'codex', 'model = '],
    ['has something else in the place', 'claude', '{ "mcpServers": [] }'],
    ['has it inline', 'codex', 'mcp_servers = { yardmaster = { command = "old" } }\n'],
    ['is a list', 'hermes', '- a\n'],
  ] as const)('%s (%s): it is refused and nothing is lost', async (_, host, before) => {
    await expect(editHostFile(before, hostFile(host, PLACE))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
