import type { ProviderEntry } from '../catalog.ts';
import type { Effort } from '../effort.ts';
import type { Issue } from '../errors.ts';
import type { Layer, RouteRequest } from '../route.ts';
import type { NamedRoute, RoutingSettings } from '../settings.ts';
import { suggestNames } from '../text/suggest.ts';
import type { CatalogIndex } from './catalog-index.ts';
import { quote } from './parse-name.ts';
import { isSilent, parseRouteRequest } from './parse-route-request.ts';
import { parseEffort, suggestEfforts } from './resolve-effort.ts';
import { issueOf, orList } from './routing-issues.ts';

/** What every step of routing looks things up in. */
export interface RoutingContext {
  readonly index: CatalogIndex;
  readonly settings: RoutingSettings;
  /** Where each step of a decision is told, when somebody wants to know. */
  readonly trail?: Step[];
}

/** One step of a decision, for `explain`. */
export interface Step {
  readonly about: 'layer' | 'alias' | 'provider' | 'model' | 'effort' | 'policy' | 'credential' | 'fallback';
  /** One sentence. */
  readonly text: string;
  /** The names that were weighed, the chosen one first. */
  readonly considered?: readonly string[];
}

/** What one layer asks for, with every name in it looked up except the model's (that needs the other layers). */
export interface Ask {
  readonly layer: Layer;
  /** Where its fields stand: `task`, `call`, `config.delegation`, `config.model`. */
  readonly path: string;
  /** Verbatim; absent when the layer said nothing. */
  readonly said?: RouteRequest;
  readonly model?: string;
  readonly provider?: ProviderEntry;
  readonly effort?: Effort;
  readonly named?: { readonly name: string; readonly route: NamedRoute };
  /** What is wrong with this layer by itself, whether or not it decides anything. */
  readonly issues: readonly Issue[];
}

/** Reads one layer's request. Names that do not exist and fields that contradict each other become issues. */
export function readLayer(layer: Layer, path: string, request: RouteRequest, context: RoutingContext): Ask {
  const said = verbatim(request);
  if (said === undefined) return { layer, path, issues: [] };
  const parsed = parseRouteRequest(request);
  const issues: Issue[] = parsed.issues.map(({ field, ...issue }) => ({ ...issue, path: `${path}.${field}` }));
  const spoken = { layer, path, said };

  const conflict = (field: keyof RouteRequest, message: string, hint: string): void => {
    issues.push(issueOf('ROUTE_CONFLICT', `${path}.${field}`, message, hint));
  };
  const asked = parsed.reasoning_effort;
  const effort = asked === undefined ? undefined : readEffort(asked, `${path}.reasoning_effort`, issues);

  if (parsed.route !== undefined) {
    for (const field of ['model', 'provider'] as const) {
      const rival = parsed[field] ?? (field === 'provider' ? parsed.inline_provider : undefined);
      if (rival === undefined) continue;
      conflict(
        'route',
        `The route ${quote(parsed.route)} fixes model and provider, and the same level also asks for the ${field} ${quote(rival)}.`,
        `Leave out either "route" or "${field}".`,
      );
    }
    return { ...spoken, ...readNamed(parsed.route, effort, path, issues, context), issues };
  }

  const structured = lookUpProvider(parsed.provider, `${path}.provider`, issues, context);
  const inline = lookUpProvider(parsed.inline_provider, `${path}.model`, issues, context);
  if (structured !== undefined && inline !== undefined && structured !== inline) {
    conflict(
      'provider',
      `The provider is ${quote(parsed.provider ?? '')}, but the model text says "--provider ${inline.id}".`,
      'Give the provider once.',
    );
  }
  const provider = structured ?? inline;
  return {
    ...spoken,
    ...(parsed.model === undefined ? {} : { model: parsed.model }),
    ...(provider === undefined ? {} : { provider }),
    ...(effort === undefined ? {} : { effort }),
    issues,
  };
}

/** Whether an issue is about the effort alone, so that provider and model can be decided all the same. */
export function isAboutEffort({ path }: Issue): boolean {
  return path.endsWith('.reasoning_effort');
}

/** A named route speaks for model, provider and effort at the layer that names it. */
function readNamed(
  name: string,
  effort: Effort | undefined,
  path: string,
  issues: Issue[],
  context: RoutingContext,
): Pick<Ask, 'model' | 'provider' | 'effort' | 'named'> {
  const { routes } = context.settings;
  const route = routes.get(name);
  if (route === undefined) {
    const suggestions = suggestNames(name, routes.keys());
    const known = [...routes.keys()].sort();
    issues.push(
      issueOf(
        'ROUTE_UNKNOWN',
        `${path}.route`,
        `There is no route ${quote(name)}.`,
        known.length === 0
          ? 'No routes are configured; ask for model and provider, or add one under "routes:".'
          : suggestions.length > 0
            ? `Did you mean ${orList(suggestions)}?`
            : `The routes are ${known.slice(0, 10).join(', ')}${known.length > 10 ? ` and ${known.length - 10} more` : ''}.`,
        suggestions,
      ),
    );
    return effort === undefined ? {} : { effort };
  }
  const at = `config.routes.${name}`;
  const provider = lookUpProvider(route.provider, `${at}.provider`, issues, context);
  const own = route.reasoning_effort;
  const fixed = own === undefined ? undefined : readEffort(own, `${at}.reasoning_effort`, issues);
  if (effort !== undefined && fixed !== undefined && effort !== fixed) {
    issues.push(
      issueOf(
        'ROUTE_CONFLICT',
        `${path}.reasoning_effort`,
        `The route ${quote(name)} fixes the effort "${fixed}", and the same level asks for "${effort}".`,
        'Leave out "reasoning_effort", or ask for model and provider instead of the route.',
      ),
    );
  }
  const spoken = effort ?? fixed;
  return {
    model: route.model,
    ...(provider === undefined ? {} : { provider }),
    ...(spoken === undefined ? {} : { effort: spoken }),
    named: { name, route },
  };
}

function lookUpProvider(
  name: string | undefined,
  path: string,
  issues: Issue[],
  { index }: RoutingContext,
): ProviderEntry | undefined {
  if (name === undefined) return undefined;
  const provider = index.provider(name);
  if (provider === undefined) issues.push(unknownProvider(name, path, index));
  return provider;
}

function unknownProvider(name: string, path: string, index: CatalogIndex): Issue {
  const { catalog, providers } = index;
  const suggestions = suggestNames(name.replace(/^custom:/i, ''), [
    ...providers.map(({ id }) => id),
    ...catalog.provider_aliases.keys(),
  ]);
  const ready = providers
    .filter(({ usable }) => usable)
    .sort((one, other) => Number(other.configured) - Number(one.configured))
    .map(({ id }) => id);
  const hint =
    suggestions.length > 0
      ? `Did you mean ${orList(suggestions)}?`
      : `${ready.length > 0 ? `Ready here: ${ready.slice(0, 8).join(', ')}. ` : ''}Define others under "providers:".`;
  return issueOf('PROVIDER_UNKNOWN', path, `There is no provider ${quote(name)}.`, hint, suggestions);
}

function readEffort(word: string, path: string, issues: Issue[]): Effort | undefined {
  const effort = parseEffort(word);
  if (effort === undefined) {
    const suggestions = suggestEfforts(word);
    issues.push(
      issueOf(
        'EFFORT_INVALID',
        path,
        `${quote(word)} is no reasoning effort.`,
        `${suggestions.length > 0 ? `Did you mean ${orList(suggestions)}? ` : ''}The levels are none, minimal, low, medium, high, xhigh, max.`,
        suggestions,
      ),
    );
  }
  return effort;
}

/** The fields as written, without whatever else the object carries; undefined when none says anything. */
function verbatim(request: RouteRequest): RouteRequest | undefined {
  let said: { -readonly [Field in keyof RouteRequest]: RouteRequest[Field] } | undefined;
  for (const field of FIELDS) {
    const text = request[field];
    if (text === undefined || isSilent(field, text)) continue;
    said ??= {};
    said[field] = text;
  }
  return said;
}

const FIELDS = ['model', 'provider', 'reasoning_effort', 'route'] as const satisfies readonly (keyof RouteRequest)[];
