import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createYardmaster } from '../src/index.ts';
import { type ProviderServer, readerModel, startProvider, type TestWire } from '../src/testing.ts';
import { sandbox } from './sandbox.ts';

const PAGE = readFileSync(new URL('../docs/cookbook.md', import.meta.url), 'utf8');

/** A recipe's configuration, with a call and what comes back of it. */
interface Recipe {
  readonly title: string;
  readonly config: string;
  readonly call: string;
  readonly answer: string;
}

const recipes = PAGE.split(/^## /m)
  .slice(1)
  .flatMap((section): Recipe[] => {
    const title = section.slice(0, section.indexOf('\n'));
    const blocks = [...section.matchAll(/^```(?:yaml|text) (config|call|answer)\n([\s\S]*?)^```/gm)];
    const config = blocks.find(([, kind]) => kind === 'config')?.[2] ?? '';
    return blocks.flatMap(([, kind, call = ''], index) => {
      const [, next, answer = ''] = blocks[index + 1] ?? [];
      return kind === 'call' ? [{ title, config, call, answer: next === 'answer' ? answer : '' }] : [];
    });
  });

/** The providers that recipes name, on the wires they have. */
const WIRES: Readonly<Record<string, TestWire>> = {
  anthropic: 'anthropic-messages',
  openai: 'openai-responses',
  openrouter: 'openai-chat',
  ollama: 'openai-chat',
};
const reader = readerModel();
const servers: Record<string, ProviderServer> = {};

beforeAll(async () => {
  for (const [name, wire] of Object.entries(WIRES)) {
    servers[name] = await startProvider({
      wire,
      // The free tier is used up.
      reply: (request) =>
        request.model?.endsWith(':free') === true
          ? { status: 402, error: { message: 'Insufficient credits' } }
          : reader(request),
    });
  }
});
afterAll(() => Promise.all(Object.values(servers).map((server) => server.close())));

describe('docs/cookbook.md', () => {
  test('has five recipes, each with a configuration, and an answer to each call', () => {
    expect(new Set(recipes.map(({ title }) => title)).size).toBe(5);
    expect(recipes.filter(({ config, answer }) => config === '' || answer === '')).toEqual([]);
  });

  test.each(recipes)('$title: the configuration loads as it stands, and the call is decided by it', async (recipe) => {
    const keys = ['ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'OPENROUTER_API_KEY'];
    const env = Object.fromEntries(keys.map((name) => [name, `imagined-${name}-0123456789`]));
    await using yard = await createYardmaster({ env, config: parse(recipe.config), store: 'memory' });
    const explain = (): readonly string[] =>
      yard.explain(parse(recipe.call)).tasks.map(({ route }) => `${route.provider}/${route.model}`);
    if (recipe.answer.startsWith('refused')) expect(explain).toThrow();
    else {
      const routes = [...recipe.answer.matchAll(/(?:route {2}|resolved )(\S+)/g)].map(([, route]) => route!);
      expect(routes.length).toBeGreaterThan(0);
      for (const [index, route] of explain().entries()) expect(route).toMatch(pattern(routes[index] ?? ''));
    }
  });

  test.each(recipes)('$title: the call gives what stands below it', async ({ config, call, answer }) => {
    const given = parse(config) as { readonly providers?: Readonly<Record<string, object>> };
    const providers = Object.fromEntries(
      Object.entries(servers).map(([name, { wire, base_url }]) => [
        name,
        { ...given.providers?.[name], wire, base_url, auth: 'none', simulated: true },
      ]),
    );
    using box = sandbox({ ...given, providers });
    box.write('README.md', '# Harbour\n\nIt promises quiet water.\n');
    box.write('notes.md', 'Harbour fees rise in May.\nNobody ordered rope.\n');
    box.write('call.yaml', call);
    const { stdout, stderr } = await box.run(['delegate', 'call.yaml']);
    // With real providers nothing is marked.
    const rest = (answer.startsWith('refused') ? stderr : stdout).replaceAll(' simulated', '').split('\n');
    for (const line of answer.trimEnd().split('\n')) {
      const at = rest.findIndex((each) => pattern(line).test(each));
      if (at < 0) expect(stdout + stderr).toContain(line);
      rest.splice(0, at + 1);
    }
  });
});

/** `…` stands for anything. */
function pattern(line: string): RegExp {
  return new RegExp(
    `^${line
      .split('…')
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
  );
}
