// node bench/resolution.mjs --json HOME → what deciding routes costs, with every provider of the catalog usable.
import { createResolver } from '../dist/core/resolve-route.js';
import { createYardmaster } from '../dist/index.js';

const TASKS = 1_000;
const home = process.argv.at(-1);

/** The shapes that callers use, over models from all over the catalog. */
const shapes = [
  (provider, model) => ({ provider, model }),
  (provider, model) => ({ model: `${provider}/${model}` }),
  (provider, model) => ({ model: `${model} --provider ${provider}` }),
  (_provider, model) => ({ model }),
];

function layersOf(catalog) {
  const pairs = [...catalog.providers.values()].flatMap(({ id, models }) =>
    [...models.keys()].map((model) => [id, model]),
  );
  const step = Math.max(1, Math.floor(pairs.length / TASKS));
  return pairs
    .filter((_, index) => index % step === 0)
    .slice(0, TASKS)
    .map(([provider, model], index) => ({ task: shapes[index % shapes.length](provider, model), call: {} }));
}

const { catalog, routing } = await withEveryKey();
const layers = layersOf(catalog);
if (layers.length < TASKS) throw new Error(`The catalog has models for ${layers.length} tasks only.`);

// Cold first: a command that resolves 1,000 tasks has not warmed up either.
const thousand_ms = timed(createResolver(catalog, routing));
const resolver = createResolver(catalog, routing);
const first_us = (timed(resolver) * 1_000) / TASKS;
const repeats = 50;
let again_ms = 0;
for (let repeat = 0; repeat < repeats; repeat++) again_ms += timed(resolver);
console.log(JSON.stringify({ thousand_ms, first_us, again_us: (again_ms * 1_000) / TASKS / repeats }));

function timed(resolver) {
  const start = performance.now();
  for (const one of layers) resolver.resolve(one);
  return performance.now() - start;
}

async function withEveryKey() {
  const options = { config: {}, home, cwd: home };
  await using keyless = await createYardmaster({ ...options, env: {} });
  const names = [...keyless.catalog.providers.values()].flatMap(({ key_env }) => key_env);
  await using yardmaster = await createYardmaster({
    ...options,
    env: Object.fromEntries(names.map((name) => [name, 'key'])),
  });
  return yardmaster;
}
