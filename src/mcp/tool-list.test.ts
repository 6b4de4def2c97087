import { describe, expect, test } from 'vitest';
import { createYardmaster } from '../app.ts';
import { MAX_LIST } from '../core/call/model-list.ts';
import type { Json } from '../core/task.ts';
import { toolList } from './tool-list.ts';

const LAB = {
  base_url: 'http://127.0.0.1:9/v1',
  auth: 'none',
  models: [
    { id: 'small-1', price: { in: 0.1, out: 0.4 }, reasoning: ['low', 'medium', 'high'] },
    { id: 'big-1', price: { in: 5, out: 25 }, reasoning: [] },
    { id: 'odd-1' },
  ],
};
const KEYS = { ANTHROPIC_API_KEY: 'sk-ant-abcdefgh12345678', OPENROUTER_API_KEY: 'sk-or-abcdefgh12345678' };

type Fields = Record<string, { description: string; enum?: string[] }>;

async function listed(config: object, env: Record<string, string> = {}) {
  const yard = await createYardmaster({ config, env });
  const tools = toolList(yard.decisions());
  const delegate = tools[0]!;
  const { tasks } = delegate.inputSchema.properties as unknown as { tasks: { items: { properties: Fields } } };
  const fields = tasks.items.properties;
  return { yard, tools, delegate, fields };
}

describe('the tools a host lists', () => {
  test('every schema uses plain keywords only, and the top level is a plain object', async () => {
    const { tools } = await listed({
      providers: { lab: LAB },
      routes: { quick: { provider: 'lab', model: 'small-1' } },
    });
    const plain = ['type', 'properties', 'items', 'required', 'enum', 'description', 'additionalProperties'];
    const walk = (schema: Record<string, Json>): void => {
      expect(Object.keys(schema).filter((key) => !plain.includes(key))).toEqual([]);
      for (const inner of Object.values((schema.properties ?? {}) as Record<string, Record<string, Json>>)) walk(inner);
      if (schema.items !== undefined) walk(schema.items as Record<string, Json>);
    };
    for (const { name, inputSchema } of tools) {
      expect([name, inputSchema.type]).toEqual([name, 'object']);
      walk(inputSchema as Record<string, Json>);
    }
  });

  test('delegate_task leads with tasks and leaves the looking after to delegation_status', async () => {
    const { tools, delegate } = await listed({ providers: { lab: LAB } });
    expect(Object.keys(delegate.inputSchema.properties ?? {})[0]).toBe('tasks');
    expect(Object.keys(delegate.inputSchema.properties ?? {})).not.toContain('action');
    expect(Object.keys(tools[1]?.inputSchema.properties ?? {})).toEqual(['action', 'id', 'message', 'wait_seconds']);
  });

  test.each(['delegate', 'subagent', 'model', 'provider', 'task', 'effort'])(
    'a tool search for "%s" finds delegate_task',
    async (word) => {
      const { delegate } = await listed({ providers: { lab: LAB } });
      expect(`${delegate.name} ${delegate.title} ${delegate.description}`.toLowerCase()).toContain(word);
    },
  );

  test('no description is longer than the 2,048 characters after which one host cuts', async () => {
    const routes = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [
        `route-${index}`,
        { provider: 'lab', model: 'small-1', description: 'what it is for '.repeat(5) },
      ]),
    );
    for (const selection of ['open', 'routes', 'off']) {
      const { tools } = await listed({ providers: { lab: LAB }, routes, delegation: { selection } }, KEYS);
      for (const { name, description } of tools)
        expect([name, (description ?? '').length < 2_048]).toEqual([name, true]);
    }
  });

  test('the list of models stays within its budget and says how many are left out (F13)', async () => {
    const { fields } = await listed({}, KEYS);
    const list = fields.model!.description.slice(fields.model!.description.indexOf('\nUsable'));
    expect(list.length).toBeLessThanOrEqual(MAX_LIST);
    expect(list).toMatch(/^anthropic: claude/m);
    expect(list).toMatch(/^openrouter: /m);
    expect(list).toMatch(/\n\d+ more can be used; list_routes finds them\.$/);
  });

  test('models stand with price band and effort levels', async () => {
    const { fields } = await listed({ providers: { lab: LAB } });
    expect(fields.model?.description).toContain('\nlab: big-1 ($$$$ no effort), odd-1 ($?), small-1 ($ low-high)');
  });

  test('what the rules refuse is not listed', async () => {
    const { fields } = await listed({ providers: { lab: LAB }, delegation: { deny: ['lab/big-*'] } });
    expect(fields.model?.description).toContain('lab: odd-1 ($?), small-1');
  });

  test.each([
    ['open', ['model', 'provider', 'reasoning_effort', 'route']],
    ['routes', ['route']],
    ['off', []],
  ])('selection %s shows %j', async (selection, shown) => {
    const { fields, delegate } = await listed({
      model: 'lab/small-1',
      providers: { lab: LAB },
      routes: { deep: { provider: 'lab', model: 'big-1', description: 'hard questions' } },
      delegation: { selection },
    });
    const choice = ['model', 'provider', 'reasoning_effort', 'route'];
    expect(
      Object.keys(fields)
        .filter((name) => choice.includes(name))
        .sort(),
    ).toEqual([...shown].sort());
    expect(JSON.stringify(delegate).includes('lab: big-1')).toBe(selection === 'open');
    if (selection !== 'off') {
      expect(JSON.stringify(delegate).split('hard questions')).toHaveLength(2);
      expect(fields.route).toMatchObject({
        enum: ['deep'],
        description: expect.stringContaining('deep: hard questions'),
      });
    }
  });

  test('all of fifty routes are named and can be called (F13)', async () => {
    const routes = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`r${index}`, { provider: 'lab', model: 'small-1' }]),
    );
    const { fields, yard } = await listed({ providers: { lab: LAB }, routes });
    expect(fields.route?.enum).toHaveLength(50);
    for (const name of fields.route?.enum ?? [])
      expect(yard.explain({ goal: 'Go this way.', route: name }).tasks[0]?.route.name).toBe(name);
  });

  test('the same configuration gives the same bytes', async () => {
    const once = await listed({ providers: { lab: LAB } }, KEYS);
    const again = await listed({ providers: { lab: LAB } }, KEYS);
    expect(JSON.stringify(again.tools)).toBe(JSON.stringify(once.tools));
  });

  test('says what runs when nothing is named', async () => {
    expect((await listed({ model: 'lab/small-1', providers: { lab: LAB } })).delegate.description).toContain(
      'inherit the default, here lab/small-1.',
    );
    expect((await listed({ providers: { lab: LAB } })).delegate.description).toContain(
      'and here there is none: name one',
    );
  });
});
