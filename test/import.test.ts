import { existsSync, readFileSync } from 'node:fs';
import width from 'string-width';
import { describe, expect, test } from 'vitest';
import { sandbox } from './sandbox.ts';

const HERMES = `model:
  provider: anthropic
  default: claude-opus-4.6
  api_key: canary-0123456789abcdef
delegation:
  max_iterations: 7
  request_overrides: { a: 1 }
`;

describe('yardmaster import hermes', () => {
  test('reads the file in its usual place, writes the configuration and tells line by line what became of it', async () => {
    using box = sandbox();
    box.write('../.hermes/config.yaml', HERMES);
    const { code, stdout, stderr } = await box.run(['import', 'hermes']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +3 +changed +model\.default → model\.model$/m);
    expect(stdout).toMatch(/^ +6 +taken +delegation\.max_iterations → delegation\.max_turns$/m);
    expect(stdout).toMatch(/^ +7 +no counterpart +delegation\.request_overrides$/m);
    expect(stderr).toContain('ANTHROPIC_API_KEY');
    expect(readFileSync(box.config_file, 'utf8')).toContain('max_turns: 7');
    for (const text of [stdout, stderr, readFileSync(box.config_file, 'utf8')]) expect(text).not.toContain('canary');
  });

  test('--dry-run prints the file alone on stdout and writes nothing', async () => {
    using box = sandbox('# mine\nmodel: haiku\n');
    box.write('h.yaml', HERMES);
    const { code, stdout, stderr } = await box.run(['import', 'hermes', 'h.yaml', '--dry-run']);
    expect([code, stdout]).toEqual([0, '# mine\nmodel: haiku\ndelegation:\n  max_turns: 7\n']);
    expect(stderr).toMatch(/kept yours +model\.default/);
    expect(readFileSync(box.config_file, 'utf8')).toBe('# mine\nmodel: haiku\n');
  });

  test('--json is one document with the same', async () => {
    using box = sandbox();
    box.write('h.yaml', HERMES);
    const { stdout, stderr } = await box.run(['import', 'hermes', 'h.yaml', '--json']);
    const document = JSON.parse(stdout);
    expect(stderr).toBe('');
    expect(document).toMatchObject({ source: `${box.cwd}/h.yaml`, file: box.config_file, written: true });
    expect(document.lines).toContainEqual({
      line: 6,
      from: 'delegation.max_iterations',
      state: 'taken',
      to: 'delegation.max_turns',
    });
  });

  test.each([
    ['missing', undefined],
    ['broken', 'model: ['],
    ['empty', ''],
  ])('a %s file is refused with exit code 2', async (_, text) => {
    using box = sandbox();
    if (text !== undefined) box.write('h.yaml', text);
    const { code, stdout, stderr } = await box.run(['import', 'hermes', 'h.yaml']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('CONFIG_INVALID');
    expect(existsSync(box.config_file)).toBe(false);
  });

  test.each([60, 80])('no line of the report is wider than a terminal of %i columns', async (columns) => {
    using box = sandbox();
    box.write('h.yaml', HERMES);
    const { stdout } = await box.run(['import', 'hermes', 'h.yaml'], { columns });
    expect(Math.max(...stdout.split('\n').map((line) => width(line)))).toBeLessThanOrEqual(columns);
  });
});
