// Builds data/catalog.json from model data that others publish on npm. Deterministic: same inputs, same bytes.
//
//   node scripts/build-catalog.mjs           write data/catalog.json
//   node scripts/build-catalog.mjs --check   compare its prices with @pydantic/genai-prices, print differences
//
// The format of the file is described in docs/providers.md.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import {
  ADDED,
  FAMILIES,
  FREE,
  LEFT_OUT,
  NOT_CHAT,
  PROVIDER_ALIASES,
  PROVIDERS,
  ROUTER,
  SAME_MODELS,
  WIRES,
} from './catalog-additions.mjs';

const CATALOG = new URL('../data/catalog.json', import.meta.url);
const SOURCE = '@earendil-works/pi-ai';
const SOURCE_VERSION = '1.5.2';
/** Older snapshots, oldest first: a model without a known release date is dated by the first one that lists it. */
const EARLIER_VERSIONS = ['0.87.1', '0.99.1', '1.0.3', '1.3.0', '1.4.0', '1.5.0'];
/** Carries models.dev's release dates. */
const DATES = '@cline/llms';
const DATES_VERSION = '0.0.86';
const PRICES = '@pydantic/genai-prices@0.1.8';

const folder = await mkdtemp(join(tmpdir(), 'catalog-'));
try {
  await (process.argv.includes('--check') ? checkPrices() : build());
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function build() {
  const source = await readSource(SOURCE_VERSION);
  const releasedOf = await releaseDates(source);
  const providers = { ...ADDED };
  for (const [id, entries] of Object.entries(source.providers)) {
    if (id in LEFT_OUT) continue;
    const known = PROVIDERS[id];
    if (known === undefined) throw new Error(`The source has a new provider "${id}": add it to catalog-additions.mjs.`);
    providers[id] = providerOf(known, entries, releasedOf, source.providers);
  }
  for (const [id, { from, ...rest }] of Object.entries(SAME_MODELS)) {
    providers[id] = { ...rest, wire: providers[from].wire, models: providers[from].models };
  }
  checkReferences(providers);

  const catalog = {
    notice:
      `Built by scripts/build-catalog.mjs from the model data of ${SOURCE} ${SOURCE_VERSION} (MIT, Copyright (c) 2025 ` +
      `Mario Zechner), made on ${source.date}. Release dates: models.dev (MIT, Copyright (c) 2025 models.dev) as carried ` +
      `by ${DATES} ${DATES_VERSION}; later models by the first snapshot of the source that lists them. ` +
      'What was added or left out stands in scripts/catalog-additions.mjs and docs/providers.md.',
    format: 1,
    as_of: source.date,
    provider_aliases: sorted(PROVIDER_ALIASES),
    families: sorted(FAMILIES),
    providers: sorted(providers),
  };
  // One provider a line: small, and a diff of two snapshots can be read.
  const text = JSON.stringify(catalog).replace(/"([a-z0-9-]+)":\{"name":/g, '\n"$1":{"name":');
  await writeFile(CATALOG, `${text}\n`);
  const models = Object.values(providers).flatMap((provider) => Object.values(provider.models));
  const dated = models.filter((model) => model.released !== undefined).length;
  console.log(
    `data/catalog.json: ${Object.keys(providers).length} providers, ${models.length} models (${dated} dated), ` +
      `${Math.round(Buffer.byteLength(text) / 1024)} KB, as of ${source.date}`,
  );
}

/** One version of the source: its day, and its chat models by provider. */
async function readSource(version) {
  const root = await unpack(`${SOURCE}@${version}`);
  const data = join(root, 'dist/providers/data');
  const manifest = JSON.parse(await readFile(join(data, '.manifest.json'), 'utf8'));
  const providers = {};
  for (const file of (await readdir(data)).filter((name) => /^[a-z].*\.json$/.test(name)).sort()) {
    const byApi = JSON.parse(await readFile(join(data, file), 'utf8'));
    const entries = Object.values(byApi).flatMap((models) => Object.values(models));
    // Image models and classifiers carry another type; before types existed all entries were chat models.
    providers[file.slice(0, -'.json'.length)] = entries.filter((entry) => (entry.type ?? 'chat') === 'chat');
  }
  return { date: manifest.generatedAt.slice(0, 10), providers };
}

function providerOf(known, entries, releasedOf, all) {
  const usable = entries.filter(
    (entry) =>
      entry.api in WIRES &&
      !NOT_CHAT.test(entry.id) &&
      // Bare "auto" is the source's own shorthand for a router.
      entry.id !== 'auto' &&
      // A gateway's native Gemini endpoint has no OpenAI-compatible form that we know of.
      (entry.api !== 'google-generative-ai' || entry.provider === 'google'),
  );
  const { base_url: ownBaseUrl, ...rest } = known;
  const wire = commonest(usable.map((entry) => WIRES[entry.api]));
  const baseUrlOf = (entry) => ownBaseUrl ?? entry.baseUrl.replaceAll(/\{([A-Z_]+)\}/g, '$${$1}');
  const base_url = commonest(usable.filter((entry) => WIRES[entry.api] === wire).map(baseUrlOf));
  const models = {};
  // A key is for one authority: models that live in another region are not reached with it.
  const near = usable.filter((entry) => origin(baseUrlOf(entry)) === origin(base_url));
  for (const entry of near.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (entry.id in models) throw new Error(`${entry.provider} lists "${entry.id}" twice.`);
    models[entry.id] = modelOf(entry, { wire, base_url: baseUrlOf, provider_base_url: base_url, releasedOf, all });
  }
  return { ...rest, wire, base_url, models };
}

function modelOf(entry, { wire, base_url, provider_base_url, releasedOf, all }) {
  const own = WIRES[entry.api];
  const router = ROUTER.test(entry.id);
  const effort = effortOf(entry, own, all);
  return defined({
    context: entry.contextWindow,
    max_output: router ? undefined : entry.maxTokens,
    price: priceOf(entry, router),
    ...effort,
    vision: entry.input.includes('image') ? true : undefined,
    released: router ? undefined : releasedOf(entry.id),
    wire: own === wire ? undefined : own,
    base_url: base_url(entry) === provider_base_url ? undefined : base_url(entry),
    served_as: servedAs(entry),
    router: router ? true : undefined,
  });
}

/** Fireworks' routers answer under the model's own name. */
function servedAs(entry) {
  const routed = /^accounts\/fireworks\/routers\/(.+?)-(fast|spot|ultrafast)$/.exec(entry.id);
  return routed === null ? undefined : [`accounts/fireworks/models/${routed[1]}`];
}

/** A zero in the source means "not known" unless the id says that the model is free. */
function priceOf(entry, router) {
  const { input, output } = entry.cost;
  if (FREE.test(entry.id)) return { in: 0, out: 0, cache_read: 0 };
  if (router && entry.id.startsWith('openrouter/')) return undefined;
  if (input === 0 && output === 0) return undefined;
  const rates = (cost) =>
    defined({
      in: round(cost.input),
      out: round(cost.output),
      cache_read: cost.cacheRead > 0 ? round(cost.cacheRead) : undefined,
      cache_write: cost.cacheWrite > 0 ? round(cost.cacheWrite) : undefined,
    });
  const tiers = (entry.cost.tiers ?? []).map((tier) => ({
    // Ours holds from this number on, theirs above it.
    above: tier.inputTokensAbove + 1,
    ...rates(tier),
  }));
  return { ...rates(entry.cost), ...(tiers.length === 0 ? {} : { tiers: tiers.sort((a, b) => a.above - b.above) }) };
}

/**
 * Levels, words and dialect, read as the source's own adapters read them: a level that `thinkingLevelMap` leaves
 * out is supported up to `high`, `null` means not supported, and `xhigh` and `max` need an entry.
 */
function effortOf(entry, wire, all) {
  const silent = { reasoning: [], effort_dialect: 'omit' };
  if (!entry.reasoning) return { reasoning: [] };
  // Gemma takes thinking settings on Google's native wire only.
  if (entry.provider === 'google' && entry.id.startsWith('gemma')) return silent;

  const dialect = dialectOf(entry, wire);
  if (dialect === 'omit') return silent;
  const map = levelMap(entry, all);
  const toggle = ['thinking_toggle', 'reasoning_toggle', 'enable_thinking'].includes(dialect);
  const supported = (level) => {
    const word = map[level];
    if (word === null) return false;
    if (level === 'xhigh' || level === 'max') return word !== undefined && !toggle;
    // Claude's effort has no `minimal`; the source sends `low` for it.
    if (level === 'minimal' && dialect === 'output_config') return word !== undefined;
    return true;
  };
  const levels = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'].filter(supported);
  // As a plain word, "off" is sent only where the source knows the word; every other form can always say it.
  const off = dialect === undefined ? typeof map.off === 'string' : map.off !== null;
  const words = Object.fromEntries(
    levels.flatMap((level) => (typeof map[level] === 'string' && map[level] !== level ? [[level, map[level]]] : [])),
  );
  if (off && dialect === undefined && map.off !== 'none') words.none = map.off;
  return defined({
    reasoning: [...(off ? ['none'] : []), ...levels],
    effort_words: toggle || Object.keys(words).length === 0 ? undefined : words,
    effort_dialect: dialect,
  });
}

/** Azure sells OpenAI's models, of which the source knows the levels better under OpenAI's own name. */
function levelMap(entry, all) {
  const twin = entry.provider === 'azure' ? all.openai.find((model) => model.id === entry.id) : undefined;
  const map = (twin ?? entry).thinkingLevelMap ?? {};
  // Gemini 2.5 Flash can be switched off (Google's OpenAI-compatibility guide); Pro and Gemini 3 cannot.
  return /^gemini-2\.5-flash/.test(entry.id) && entry.provider === 'google' ? { off: 'none', ...map } : map;
}

/** The plain form of the wire is `undefined`. */
function dialectOf(entry, wire) {
  const compat = entry.compat ?? {};
  if (wire === 'anthropic-messages') return compat.forceAdaptiveThinking ? 'output_config' : 'budget_tokens';
  const effort = compat.supportsReasoningEffort ?? true;
  switch (compat.thinkingFormat) {
    case 'openrouter':
    case 'ant-ling':
      return 'reasoning_object';
    case 'deepseek':
    case 'zai':
      return effort ? 'thinking_and_effort' : 'thinking_toggle';
    case 'together':
      return effort ? undefined : 'reasoning_toggle';
    case 'qwen':
      // Where thinking is always on, effort is a plain field; elsewhere only the switch is sent.
      return effort && entry.thinkingLevelMap?.off === null ? undefined : 'enable_thinking';
    default:
      return effort ? undefined : 'omit';
  }
}

/** Release day by id, the same for every provider that offers the model; undefined when nobody tells. */
async function releaseDates(source) {
  const published = new Map();
  const text = await readFile(join(await unpack(`${DATES}@${DATES_VERSION}`), 'dist/models.js'), 'utf8');
  for (const part of text.split('{id:"').slice(1)) {
    const date = /releaseDate:"(\d{4}-\d\d-\d\d)"/.exec(part)?.[1];
    if (date === undefined) continue;
    const key = canonical(part.slice(0, part.indexOf('"')));
    published.set(key, [...(published.get(key) ?? []), date]);
  }
  const firstListed = new Map();
  const [oldest, ...later] = await Promise.all(EARLIER_VERSIONS.map(readSource));
  for (const { date, providers } of [...later, source].reverse()) {
    for (const entry of Object.values(providers).flat()) firstListed.set(canonical(entry.id), date);
  }
  for (const entry of Object.values(oldest.providers).flat()) firstListed.delete(canonical(entry.id));

  return (id) => {
    for (const key of [
      canonical(id),
      canonical(id).replace(/-(batch|beta|fast|free|highspeed|preview|spot|ultrafast)$/, ''),
    ]) {
      const date = published.has(key) ? commonest(published.get(key)) : (firstListed.get(key) ?? dateIn(key));
      if (date !== undefined) return date;
    }
    return undefined;
  };
}

/** The name that a model has everywhere: without region, vendor, version and variant, `.` as `-`. */
function canonical(id) {
  return id
    .toLowerCase()
    .replace(/^~/, '')
    .replace(/^.*\//, '')
    .replace(/^(apac|au|ca|eu|global|in|jp|us|us-gov)\./, '')
    .replace(
      /^(amazon|anthropic|deepseek|google|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|writer|xai|zai)\./,
      '',
    )
    .replace(/(-v\d+)?:.*$/, '')
    .replace(/(\d)p(\d)/g, '$1-$2')
    .replaceAll('.', '-');
}

function dateIn(id) {
  const found = /(20\d\d)-?(0[1-9]|1[0-2])-?([0-3]\d)(?!\d)/.exec(id);
  return found === null ? undefined : `${found[1]}-${found[2]}-${found[3]}`;
}

function checkReferences(providers) {
  const ids = new Set(Object.keys(providers));
  const wrong = [
    ...Object.entries(PROVIDER_ALIASES).flatMap(([alias, id]) => (ids.has(id) && !ids.has(alias) ? [] : [alias])),
    ...Object.entries(FAMILIES).flatMap(([name, { vendors }]) => (vendors.every((id) => ids.has(id)) ? [] : [name])),
    ...Object.entries(providers).flatMap(([id, { default_family: name }]) => (name && !FAMILIES[name] ? [id] : [])),
  ];
  if (wrong.length > 0) throw new Error(`These name a provider or family that does not exist: ${wrong.join(', ')}`);
  const owners = new Map();
  for (const [id, { key_env, base_url }] of Object.entries(providers)) {
    for (const name of key_env) {
      const owner = owners.get(name) ?? owners.set(name, { id, base_url }).get(name);
      if (owner.id !== id) throw new Error(`${name} would be the key of ${owner.id} and ${id}.`);
    }
  }
}

/** Prints every price that differs from the second opinion by more than a rounding; changes nothing. */
async function checkPrices() {
  const catalog = JSON.parse(await readFile(CATALOG, 'utf8'));
  const root = await unpack(PRICES);
  const { calcPrice } = await import(pathToFileURL(join(root, 'dist/index.js')).href);
  const kinds = {
    in: 'input_mtok',
    out: 'output_mtok',
    cache_read: 'cache_read_mtok',
    cache_write: 'cache_write_mtok',
  };
  let compared = 0;
  let different = 0;
  for (const [provider, { models }] of Object.entries(catalog.providers)) {
    for (const [id, { price }] of Object.entries(models)) {
      const other = price && calcPrice({ input_tokens: 1 }, id, { providerId: provider })?.model_price;
      if (!other) continue;
      compared += 1;
      const lines = Object.entries(kinds).flatMap(([ours, theirs]) => {
        const their = typeof other[theirs] === 'object' ? other[theirs].base : other[theirs];
        const near = price[ours] === undefined || their === undefined || Math.abs(price[ours] - their) < 1e-4;
        return near ? [] : [`${ours} ${price[ours]} here, ${their} there`];
      });
      if (lines.length > 0) console.log(`${provider}/${id}: ${lines.join('; ')}`);
      different += lines.length > 0 ? 1 : 0;
    }
  }
  console.log(`${compared} priced models in both, ${different} differ (${PRICES}, catalog of ${catalog.as_of})`);
}

/** Downloads a package and returns its unpacked folder. */
async function unpack(spec) {
  const run = promisify(execFile);
  const target = await mkdtemp(join(folder, 'package-'));
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', target, spec], { cwd: target });
  await run('tar', ['xzf', join(target, stdout.trim().split('\n').at(-1)), '-C', target]);
  return join(target, 'package');
}

function origin(url) {
  return /^https?:\/\/[^/]+/.exec(url)?.[0];
}

function commonest(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0];
}

function sorted(record) {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function defined(record) {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function round(value) {
  return Number(value.toPrecision(6));
}
