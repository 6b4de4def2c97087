import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createResolver, type Resolution } from './resolve-route.ts';
import { LAYERS, type Route, type RouteRequest, routeLabel } from './route.ts';
import type { FallbackRequest, NamedRoute, RoutingPolicy } from './settings.ts';
import { testCatalog, testSettings } from './test-catalog.ts';

const DOC = readFileSync(new URL('../../docs/routing.md', import.meta.url), 'utf8');
const SECTIONS = new Map(DOC.split(/^#{2,3} /m).map((part) => [part.split('\n', 1)[0] ?? '', part]));

/** The rows of a section's table, cell by cell, without the header. */
function rowsOf(section: string): string[][] {
  return (SECTIONS.get(section) ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

interface Outer {
  readonly parent?: RouteRequest | null;
  readonly delegation?: RouteRequest;
  readonly aliases?: Record<string, string>;
  readonly routes?: Record<string, NamedRoute>;
  readonly fallback?: readonly FallbackRequest[];
  readonly policy?: Partial<RoutingPolicy>;
}

const PARENT: RouteRequest = { provider: 'openrouter', model: 'anthropic/claude-opus-4.5' };

function json<Value>(cell: string | undefined): Value {
  return JSON.parse(cell === undefined || cell === '' ? '{}' : cell.replaceAll('`', '')) as Value;
}

function resolveRow([outer, call, task]: readonly string[]): Resolution {
  const { parent = PARENT, aliases = {}, routes = {}, ...rest } = json<Outer>(outer);
  const settings = testSettings({
    ...rest,
    ...(parent === null ? {} : { parent }),
    aliases: new Map(Object.entries(aliases)),
    routes: new Map(Object.entries(routes)),
  });
  return createResolver(testCatalog(), settings).resolve({
    task: json<RouteRequest>(task),
    call: json<RouteRequest>(call),
  });
}

function written(route: Route): string {
  const effort = route.reasoning_effort === undefined ? '' : ` @${route.reasoning_effort}`;
  return [`${routeLabel(route)}${effort}`, ...route.fallback.map(written)].join(' > ');
}

describe('docs/routing.md', () => {
  describe.each([
    'The four layers',
    'A model without a provider',
    'A provider without a model',
    'The inline flag',
    'Slashes, colons and provider names',
    'Aliases and families',
    'Effort',
    'Named routes',
    'Fallback',
    'Policy',
  ])('%s', (section) => {
    const rows = rowsOf(`${section}`);

    test('has rows', () => expect(rows.length).toBeGreaterThan(5));

    test.each(rows)('outer %s, call %s, task %s → %s (%s)', (outer, call, task, result, source) => {
      const resolution = resolveRow([outer ?? '', call ?? '', task ?? '']);
      const codes = resolution.ok ? [] : [...new Set(resolution.issues.map(({ code }) => code))];
      expect(resolution.ok ? written(resolution.route) : codes.join(' ')).toBe(result);
      if (!resolution.ok) return;
      const { provider, model, reasoning_effort } = resolution.source;
      expect([provider, model, ...(reasoning_effort === undefined ? [] : [reasoning_effort])].join('/')).toBe(source);
    });
  });

  test('the precedence it states is the array in the code', () => {
    expect(rowsOf('Precedence')[0]?.slice(1)).toEqual([...LAYERS]);
  });

  test('the catalog it states is the catalog of these tests', () => {
    const stated = rowsOf('The catalog of the examples');
    const real = [...testCatalog().providers.values()].map((provider) => [
      provider.id,
      provider.credential.kind === 'none' ? 'none needed' : provider.usable ? 'present' : 'missing',
      provider.listing,
      provider.default_model !== undefined
        ? `model \`${provider.default_model}\``
        : provider.default_family !== undefined
          ? `family \`${provider.default_family}\``
          : '',
      [...provider.models.keys()].map((id) => `\`${id}\``).join(' '),
    ]);
    expect(stated).toEqual(real);
  });
});
