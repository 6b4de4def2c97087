import { expect, test } from 'vitest';
import { ruleOf } from './permissions.ts';

test.each([
  ['read', 'read_file', { path: 'a' }, undefined],
  [undefined, 'delegate_task', { goal: 'x' }, undefined],
  ['write', 'write_file', { path: 'a' }, 'write'],
  ['write', 'edit_file', { path: 'b' }, 'write'],
  ['terminal', 'run_command', { command: 'npm test' }, 'terminal: npm test'],
  ['terminal', 'run_command', { command: 'npm test', cwd: '.' }, 'terminal: npm test'],
  ['terminal', 'run_command', { command: 'npm test', cwd: 'web' }, 'terminal in "web": npm test'],
  ['terminal', 'run_command', { command: 'npm test; rm -rf ~' }, 'terminal: npm test; rm -rf ~'],
  ['web', 'fetch_url', { url: 'https://Example.com/a?b' }, 'web: example.com'],
  ['web', 'fetch_url', { url: 'http://example.com:81' }, 'web: example.com:81'],
  ['web', 'fetch_url', { url: 'https://example.com@evil.test/' }, 'web: https://example.com@evil.test/'],
  ['web', 'fetch_url', { url: 'https://example.com\\@evil.test/' }, 'web: https://example.com\\@evil.test/'],
  ['mcp:docs', 'mcp__docs__search', { q: 'x' }, 'mcp:docs: mcp__docs__search'],
])('a call of %s %s %j falls under the rule %s', (toolset, tool, args, rule) => {
  expect(ruleOf(toolset, { tool, args })?.rule).toBe(rule);
});
