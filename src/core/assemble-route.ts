import { buildRoute, credentialFits } from './build-route.ts';
import type { AskedEffort } from './choose-effort.ts';
import { type Choice, type ChoiceOrIssues, chooseFor, type Step } from './choose-model.ts';
import type { Effort } from './effort.ts';
import type { Issue } from './errors.ts';
import { type Ask, type RoutingContext, readLayer } from './read-layer.ts';
import { clampEffort } from './resolve-effort.ts';
import { LAYERS, type Route } from './route.ts';
import { deniedBy } from './route-policy.ts';
import { issueOf, missingCredential } from './routing-issues.ts';
import type { FallbackRequest } from './settings.ts';

/** A whole route with its fallbacks, and what there is to say about it. Only to be used when `issues` is empty. */
export interface Assembled {
  readonly route: Route;
  readonly notes: readonly string[];
  readonly steps: readonly Step[];
  readonly issues: readonly Issue[];
}

/**
 * Makes the route of a choice: effort clamped to what the model takes, fallbacks resolved each as a request of
 * its own, and every one of them held to policy, credential and authority.
 */
export function assembleRoute(
  choice: Choice,
  asked: AskedEffort,
  context: RoutingContext & { readonly parent: Route | undefined },
): Assembled {
  const chain = fallbackOf(choice, context).map(({ path, request }, index) => {
    const ask = readLayer('config', path, request, context);
    const found = chooseFallback(ask, choice, context);
    if (!found.ok) return { notes: [], steps: [], issues: found.issues };
    // What was asked for the task holds on a fallback too; what was inherited from the parent's model does not.
    const inherited = asked.ask?.layer === 'parent';
    const own = ask.effort === undefined && !inherited ? asked : { ...ask, ask, issues: [] };
    return assembleOne(found, own, [], context, `fallback ${index + 1}: `);
  });
  const fallback = chain.flatMap((made) => ('route' in made ? [made.route] : []));
  const primary = assembleOne(choice, asked, fallback, context, '');
  const all = [primary, ...chain];
  return {
    route: primary.route,
    notes: all.flatMap(({ notes }) => notes),
    steps: [...choice.steps, ...all.flatMap(({ steps }) => steps)],
    issues: all.flatMap(({ issues }) => issues),
  };
}

function assembleOne(
  choice: Choice,
  asked: AskedEffort,
  fallback: readonly Route[],
  context: RoutingContext & { readonly parent: Route | undefined },
  about: string,
): Assembled {
  const { offer, ask } = choice;
  const { provider, model } = offer;
  const label = `${provider.id}/${model.id}`;
  const notes: string[] = [];
  const steps: Step[] = [];
  const issues: Issue[] = [];

  if (offer.how === 'unlisted') notes.push(`${about}unverified-model: ${label} is not in the known list`);
  let effort: Effort | undefined;
  if (asked.effort !== undefined) {
    const clamp = clampEffort(asked.effort, model.reasoning, label);
    effort = clamp.effort;
    if (clamp.note !== undefined) notes.push(`${about}${clamp.note}`);
    const from = asked.ask === undefined ? '' : `, from the ${asked.ask.layer}`;
    steps.push({ about: 'effort', text: `${label}: ${clamp.note ?? `effort "${asked.effort}"`}${from}.` });
    if (clamp.clamped && context.settings.policy.effort_policy === 'strict') {
      issues.push(notTaken(asked.effort, `${(asked.ask ?? ask).path}.reasoning_effort`, label, model.reasoning ?? []));
    }
  }
  const route = buildRoute(provider, model, {
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
    ...(ask.named === undefined ? {} : { name: ask.named.name }),
    ...(ask.named?.route.tags === undefined ? {} : { tags: ask.named.route.tags }),
    fallback,
  });

  const path = `${ask.path}.${ask.named === undefined ? (ask.model === undefined ? 'provider' : 'model') : 'route'}`;
  const denied = deniedBy(route, context);
  steps.push({ about: 'policy', text: denied === undefined ? `${label} is allowed.` : `${label}: ${denied.rule}.` });
  if (denied !== undefined) {
    issues.push(issueOf('ROUTE_DENIED', path, `"${label}" is refused: ${denied.rule}.`, denied.hint));
  }
  if (!provider.usable) issues.push(missingCredential(provider, label, path));
  else if (!credentialFits(route)) issues.push(foreignKey(route, path));
  else steps.push({ about: 'credential', text: credentialText(route) });
  return { route, notes, steps, issues };
}

/** A named route's own chain, else `delegation.fallback`, which is only for children that pinned nothing. */
function fallbackOf({ ask }: Choice, { settings }: RoutingContext): { path: string; request: FallbackRequest }[] {
  const own = ask.named?.route.fallback;
  const pinned = LAYERS.indexOf(ask.layer) < LAYERS.indexOf('config');
  const chain = own ?? (pinned ? [] : settings.fallback);
  const at = own === undefined ? 'config.delegation.fallback' : `config.routes.${ask.named?.name}.fallback`;
  return chain.map((request, index) => ({ path: `${at}[${index}]`, request }));
}

/** What a fallback leaves open (the provider, or the model) is the primary route's. */
function chooseFallback(ask: Ask, primary: Choice, context: RoutingContext): ChoiceOrIssues {
  if (ask.issues.length > 0) return { ok: false, issues: ask.issues };
  if (ask.model === undefined && ask.provider === undefined) {
    const message = 'A fallback names neither model nor provider.';
    return {
      ok: false,
      issues: [issueOf('ROUTE_INVALID', ask.path, message, 'Give it a model, a provider, or both.')],
    };
  }
  return chooseFor(ask, [{ layer: 'parent', path: primary.ask.path, issues: [] }], context, () => primary);
}

function notTaken(asked: Effort, path: string, label: string, levels: readonly Effort[]): Issue {
  return issueOf(
    'EFFORT_INVALID',
    path,
    `The effort "${asked}" is not one that ${label} takes, and delegation.effort_policy is "strict".`,
    levels.length === 0 ? 'It takes none: leave the effort out.' : `It takes ${levels.join(', ')}.`,
    levels.slice(0, 3),
  );
}

/** A key belongs to one authority; a model served elsewhere cannot borrow it. */
function foreignKey({ provider, model, authority, base_url, credential }: Route, path: string): Issue {
  return issueOf(
    'CREDENTIAL_MISSING',
    path,
    `"${provider}/${model}" is served at "${authority || base_url}", and the key of ${provider} belongs to "${credential.authority}".`,
    'Give that endpoint a provider entry with a key of its own.',
  );
}

/** Names where the key comes from, never the key. */
function credentialText({ credential, authority }: Route): string {
  if (credential.kind === 'none') return `No key is sent to ${authority}.`;
  const from = credential.kind === 'env' ? credential.name : `config of ${credential.provider}`;
  return `The key from ${from} goes to ${authority} and nowhere else.`;
}
