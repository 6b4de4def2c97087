import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { describe, expect, test } from 'vitest';
import { DEFAULTS } from './defaults.ts';
import { parseConfig } from './parse-config.ts';
import { ConfigSchema } from './schema.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCS = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8');

interface JsonSchema {
  readonly [key: string]: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly description?: string;
}

const converted = toJsonSchema(ConfigSchema, { errorMode: 'ignore', target: 'draft-07' }) as unknown as JsonSchema;

describe('data/config.schema.json', () => {
  // Written by: npx vitest run src/config/schema.test.ts -u
  test('is what the schema says', async () => {
    const { $schema, ...schema } = withNulls(converted);
    const file = { $schema, title: 'Yardmaster configuration', ...schema };
    await expect(`${JSON.stringify(file, null, 1)}\n`).toMatchFileSnapshot('../../data/config.schema.json');
  });

  test('keeps all that can be said in it', () => {
    expect(() => toJsonSchema(ConfigSchema, { errorMode: 'throw', ignoreActions: ['finite'] })).not.toThrow();
  });
});

describe('docs/configuration.md', () => {
  const rows = [...DOCS.matchAll(/^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| (.+) \|$/gm)].map(
    ([, key = '', , , fallback = '']) => ({
      key,
      fallback: fallback.trim(),
    }),
  );

  test('has a row for every key, and no other', () => {
    expect(rows.map(({ key }) => key).sort()).toEqual([...new Set(keysOf(converted, ''))].sort());
  });

  test('tells the default of every key', () => {
    for (const { key, fallback } of rows) {
      expect([key, fallback]).toEqual([
        key,
        written(key.split('.').reduce<unknown>((value, step) => (value as never)?.[step], DEFAULTS)),
      ]);
    }
  });

  test('shows files that are valid', () => {
    const blocks = [...DOCS.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block);
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) parseConfig(block, { file: 'docs/configuration.md', kind: 'user' });
  });
});

/** A key without a value counts as absent, so every key that may be absent may be empty. */
function withNulls(schema: JsonSchema): JsonSchema {
  const { properties, required = [], additionalProperties, items, anyOf } = schema;
  const orNull = (inner: JsonSchema): JsonSchema => {
    const { description, ...rest } = withNulls(inner);
    return { ...(description === undefined ? {} : { description }), anyOf: [rest, { type: 'null' }] };
  };
  return {
    ...schema,
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, inner]) => [
              key,
              required.includes(key) ? withNulls(inner) : orNull(inner),
            ]),
          ),
        }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: orNull(additionalProperties) } : {}),
    ...(items === undefined ? {} : { items: withNulls(items) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(withNulls) }),
  };
}

/** Every key as the documentation writes it; the fields of a route request stand there once, under `<route>`. */
function keysOf(schema: JsonSchema, path: string): string[] {
  const forms = [schema, ...(schema.anyOf ?? [])];
  const items = forms.flatMap(({ items: of }) => (of === undefined ? [] : [of, ...(of.anyOf ?? [])]));
  const mapping = forms.find(
    ({ properties, additionalProperties }) => properties ?? typeof additionalProperties === 'object',
  );
  const nested = mapping ?? items.find(({ properties }) => properties !== undefined);
  if (nested === undefined) return [path.replace(/effort_words\.\w+$/, 'effort_words.<level>')];
  const isRoute = /^(model|.*fallback|hosts\.<name>\.parent)$/.test(path);
  const base = isRoute ? '<route>' : `${path}${mapping === undefined ? '[]' : ''}`;
  const own = isRoute || (path !== '' && (schema.anyOf ?? schema.items) !== undefined) ? [path] : [];
  const { additionalProperties } = nested;
  if (typeof additionalProperties === 'object') {
    const name = { providers: '<id>', headers: '<header>' }[path.split('.').at(-1) ?? ''] ?? '<name>';
    return keysOf(additionalProperties, `${base}.${name}`);
  }
  return [
    ...own,
    ...Object.entries(nested.properties ?? {}).flatMap(([key, inner]) =>
      keysOf(inner, base === '' ? key : `${base}.${key}`),
    ),
  ];
}

function written(value: unknown): string {
  if (value === undefined) return '–';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
