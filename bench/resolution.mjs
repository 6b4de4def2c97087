// node bench/resolution.mjs --json HOME → what deciding routes costs, with every provider of the catalog usable.
import { createResolver } from '../dist/core/resolve-route.js';
import { createYardmaster } from '../dist/index.js';

const TASKS = 1_000;
const home = process.argv.at(-1);

/** The shapes that callers use; the last only for a name that one provider alone offers. */
const shapes = [
  (provider, model) => ({ provider, model }),
  (provider, model) => ({ model: `${provider}/${model}` }),
  (provider, model) => ({ model: `${model} --provider ${provider}` }),
  (_provider, model) => ({ model }),
];

/** One task a model, over the whole catalog. */
function layersOf(catalog) {
  const providers = [...catalog.providers.values()].filter(({ usable }) => usable);
  const offers = providers.flatMap(({ id, models }) => [...models.keys()].map((model) => ({ provider: id, model })));
  const offered = Map.groupBy(offers, ({ model }) => model.toLowerCase());
  const every = offers.length / TASKS;
  return Array.from({ length: TASKS }, (_, index) => {
    const { provider, model } = offers[Math.floor(index * every)];
    const known =
      offered.get(model.toLowerCase()).length === 1 && !model.includes('/') ? shapes.length : shapes.length - 1;
    return { task: shapes[index % known](provider, model), call: {} };
  });
}

const { resolver: configured, routing } = await withEveryKey();
const { catalog } = configured;
const layers = layersOf(catalog);
// Cold first: a command that resolves 1,000 tasks has not warmed up either.
const thousand_ms = timed(createResolver(catalog, routing));
const resolver = createResolver(catalog, routing);
const first_us = (timed(resolver) * 1_000) / TASKS;
const repeats = 50;
let again_ms = 0;
for (let repeat = 0; repeat < repeats; repeat++) again_ms += timed(resolver);
for (const one of layers)
  if (!resolver.resolve(one).ok) throw new Error(`${JSON.stringify(one.task)} did not resolve.`);
console.log(JSON.stringify({ thousand_ms, first_us, again_us: (again_ms * 1_000) / TASKS / repeats }));

function timed(resolver) {
  const start = performance.now();
  for (const one of layers) resolver.resolve(one);
  return performance.now() - start;
}

/** The decisions of an installation that has a key for everything. */
async function withEveryKey() {
  const decide = async (env) => {
    await using yardmaster = await createYardmaster({ config: {}, cwd: home, env: { YARDMASTER_HOME: home, ...env } });
    return yardmaster.decisions();
  };
  const { resolver } = await decide({});
  const names = [...resolver.catalog.providers.values()].flatMap(({ key_env }) => key_env);
  return decide(Object.fromEntries(names.map((name) => [name, 'sk-2f9c41d07ab8e356'])));
}
