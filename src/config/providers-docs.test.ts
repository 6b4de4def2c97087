import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadSnapshot } from './catalog/load-catalog.ts';
import { parseConfig } from './parse-config.ts';

const DOCS = readFileSync(join(import.meta.dirname, '../../docs/providers.md'), 'utf8');
const { providers, provider_aliases, families, as_of } = loadSnapshot();

const code = (names: readonly string[], none: string): string =>
  names.length === 0 ? none : names.map((name) => `\`${name}\``).join(', ');
const rowsBelow = (header: string): string[] => {
  const lines = DOCS.split('\n');
  const start = lines.findIndex((line) => line.startsWith(header)) + 2;
  return lines.slice(start, lines.indexOf('', start));
};

describe('docs/providers.md', () => {
  test('has the providers of the catalog, with names, wires and keys', () => {
    const rows = Object.entries(providers).map(([id, { wire, models, key_env, default_family }]) => {
      const others = [...new Set(Object.values(models).flatMap((model) => model.wire ?? []))].sort();
      const names = Object.keys(provider_aliases).filter((alias) => provider_aliases[alias] === id);
      const family = default_family === undefined ? [] : [default_family];
      return `| \`${id}\` | ${code(names, '–')} | ${code([wire, ...others], '')} | ${code(key_env, 'none')} | ${code(family, '–')} |`;
    });
    expect(rowsBelow('| provider |')).toEqual(rows);
  });

  test('has the families of the catalog', () => {
    const rows = Object.entries(families).map(
      ([name, { tokens, vendors }]) => `| \`${name}\` | ${tokens.join(', ')} | ${code(vendors, '–')} |`,
    );
    expect(rowsBelow('| family |')).toEqual(rows);
  });

  test('names the day of the snapshot and every variable in an address', () => {
    expect(DOCS).toContain(as_of);
    const variables = Object.values(providers).flatMap(({ base_url }) => base_url.match(/(?<=\$\{)\w+/g) ?? []);
    for (const variable of variables) expect(DOCS).toContain(`\`${variable}\``);
  });

  test('shows files that are valid', () => {
    for (const [, block = ''] of DOCS.matchAll(/```yaml\n([\s\S]*?)```/g))
      parseConfig(block, { file: 'docs', kind: 'user' });
  });
});
