import type { CallToolResult } from '@modelcontextprotocol/server';
import { ago, count, duration } from '../core/budget/amounts.ts';
import { type UsableModel, usableModels } from '../core/call/model-list.ts';
import type { PreflightContext } from '../core/call/preflight.ts';
import type { ModelEntry } from '../core/catalog.ts';
import { DelegateError } from '../core/errors.ts';
import type { RecentHealth } from '../core/recent-health.ts';
import { type Price, routeLabel } from '../core/route.ts';
import { suggestNames } from '../core/text/suggest.ts';
import type { Yardmaster } from '../yardmaster.ts';
import { answer } from './answers.ts';

const SHOWN = 50;
const MOST = 500;

interface ListedModel extends UsableModel {
  readonly health: RecentHealth;
}

interface Filter {
  readonly query?: string;
  readonly provider?: string;
  readonly limit?: number;
}

/**
 * Named routes with what they resolve to now, and the models a task may name, as many as asked for; each with how it
 * has fared lately, as far as that is known.
 */
export async function listRoutes(args: unknown, yard: Yardmaster): Promise<CallToolResult> {
  const filter = readFilter(args);
  const { resolver, routing } = yard.decisions();
  const healthOf = await yard.recentHealth();
  const now = Date.now();
  const { selection } = routing.policy;
  const standard = resolver.resolve({ task: {}, call: {} });
  const routes = (selection === 'off' ? [] : [...routing.routes]).map(([name, { description }]) => {
    const resolution = resolver.resolve({ task: { route: name }, call: {} });
    const about = description === undefined ? {} : { description };
    if (!resolution.ok) return { name, ...about, issues: resolution.issues };
    const { provider, model, reasoning_effort, fallback, price } = resolution.route;
    return {
      name,
      ...about,
      provider,
      model,
      ...(reasoning_effort === undefined ? {} : { reasoning_effort }),
      ...(price === undefined ? {} : { price }),
      fallback: fallback.map(routeLabel),
      health: healthOf(resolution.route),
    };
  });
  const provider = filter.provider === undefined ? undefined : providerId(filter.provider, resolver.catalog);
  const words = (filter.query ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const found = usableModels(resolver).all.filter(
    ({ provider: { id }, model }) =>
      (provider === undefined || id === provider) &&
      words.every((word) => `${id}/${model.id} ${model.name ?? ''}`.toLowerCase().includes(word)),
  );
  const shown = found.slice(0, Math.min(filter.limit ?? SHOWN, MOST)).map((usable): ListedModel => {
    const resolution = resolver.resolve({ task: { provider: usable.provider.id, model: usable.model.id }, call: {} });
    return { ...usable, health: resolution.ok ? healthOf(resolution.route) : { state: 'unknown' } };
  });
  const left_out = found.length - shown.length;
  const lines = [
    standard.ok
      ? `Default: ${routeLabel(standard.route)}, when a task names nothing.`
      : `No default: a task that names nothing is refused (${standard.issues[0]?.message ?? ''}).`,
    ...(selection === 'open' ? [] : [`delegation.selection is "${selection}": models cannot be named.`]),
    ...routes.map((route) =>
      'issues' in route
        ? `route ${route.name}: cannot be used: ${route.issues[0]?.message ?? ''}`
        : `route ${route.name}: ${routeLabel(route)} ${route.reasoning_effort ?? ''}${healthText(route.health, now)}${route.description === undefined ? '' : ` — ${route.description}`}`,
    ),
    ...shown.map((model) => modelLine(model, now)),
    ...(left_out === 0 ? [] : [`${left_out} more: narrow with query or provider, or raise limit.`]),
    ...(selection === 'open' && found.length === 0 ? ['No model fits.'] : []),
  ];
  return answer(lines.join('\n'), {
    ...(standard.ok ? { default: { provider: standard.route.provider, model: standard.route.model } } : {}),
    selection,
    routes,
    models: shown.map(modelData),
    left_out,
  });
}

function modelData({ provider, model, health }: ListedModel): object {
  const { id, price, reasoning, context, max_output, tools, vision, released } = model;
  const facts = { price, reasoning, context, max_output, tools, vision, released };
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  return {
    provider: provider.id,
    model: id,
    ...Object.fromEntries(known),
    ...(provider.simulated === true ? { simulated: true } : {}),
    health,
  };
}

function modelLine({ provider, model, health }: ListedModel, now: number): string {
  return [
    `${provider.id}/${model.id}${provider.simulated === true ? ' (simulated)' : ''}`,
    priceText(model.price),
    ...(model.reasoning === undefined ? [] : [`effort ${model.reasoning.join(' ') || 'none taken'}`]),
    ...(model.context === undefined ? [] : [`context ${count(model.context)}`]),
    ...abilities(model),
  ]
    .join(', ')
    .concat(healthText(health, now));
}

/** What is not known is not said. */
function healthText(
  { state, ok_at = 0, failed_at = 0, failure, resting_until = 0 }: RecentHealth,
  now: number,
): string {
  switch (state) {
    case 'ok':
      return `, ok ${ago(ok_at, now)}`;
    case 'failing':
      return `, failed ${ago(failed_at, now)}: ${failure}`;
    case 'resting':
      return `, not to be asked for ${duration(resting_until - now)}`;
    case 'unknown':
      return '';
  }
}

function priceText(price: Price | undefined): string {
  if (price?.in === undefined || price.out === undefined) return 'price unknown';
  return `$${price.in} in, $${price.out} out per million`;
}

function abilities({ tools, vision }: ModelEntry): string[] {
  return [...(vision === true ? ['vision'] : []), ...(tools === false ? ['no tools'] : [])];
}

function readFilter(args: unknown): Filter {
  const given = (typeof args === 'object' && args !== null ? args : {}) as Record<string, unknown>;
  const known = ['query', 'provider', 'limit'];
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) throw invalid(`"${key.slice(0, 80)}" is no argument of list_routes.`, known.join(', '));
  }
  const { query, provider, limit } = given;
  if (query !== undefined && query !== null && typeof query !== 'string')
    throw invalid('"query" is not text.', 'Words.');
  if (provider !== undefined && provider !== null && typeof provider !== 'string')
    throw invalid('"provider" is not text.', 'The id of a provider.');
  if (limit !== undefined && limit !== null && !(Number.isInteger(limit) && (limit as number) > 0))
    throw invalid('"limit" is not a whole number above 0.', `At most ${MOST}.`);
  return {
    ...(query ? { query } : {}),
    ...(provider ? { provider } : {}),
    ...(typeof limit === 'number' ? { limit } : {}),
  };
}

function providerId(asked: string, catalog: PreflightContext['resolver']['catalog']): string {
  const name = asked.trim().toLowerCase();
  const id = catalog.provider_aliases.get(name) ?? name;
  if (catalog.providers.has(id)) return id;
  const near = suggestNames(name, [...catalog.providers.keys()]);
  throw new DelegateError('PROVIDER_UNKNOWN', `There is no provider "${asked.slice(0, 80)}".`, {
    hint: near.length === 0 ? 'Leave it out to see all.' : `Did you mean ${near.join(' or ')}?`,
  });
}

function invalid(message: string, hint: string): DelegateError {
  return new DelegateError('REQUEST_INVALID', message, { hint });
}
