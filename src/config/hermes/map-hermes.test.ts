import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadSnapshot } from '../catalog/load-catalog.ts';
import { mapHermes } from './map-hermes.ts';

const DOCS = readFileSync(new URL('../../../docs/import-hermes.md', import.meta.url), 'utf8');
const snapshot = loadSnapshot();

/** The cells of the page's table. */
const rows = [
  ...DOCS.slice(DOCS.indexOf('<!-- import -->')).matchAll(/^\| `(.*?)` \| (?:`(.*?)`|–) \| (.*?) \|$/gm),
].map(([, hermes = '', ours = '{}', state = '']) => [hermes, ours, state] as const);

describe('each row of docs/import-hermes.md', () => {
  test('is read', () => {
    const inPage = DOCS.split('\n').filter((line) => line.startsWith('| `')).length;
    expect(rows.length).toBe(inPage);
    expect(rows.length).toBeGreaterThan(50);
  });

  test.each(rows)('%s becomes %s (%s)', (hermes, ours, state) => {
    const { config, findings } = mapHermes(parse(hermes, { version: '1.1' }), { snapshot });
    expect(config).toEqual(parse(ours));
    const states = findings.map((finding) => finding.state.replace('_', ' '));
    const strongest = ['no counterpart', 'changed', 'taken'].find((each) => states.includes(each));
    expect(strongest).toBe(state);
  });
});
