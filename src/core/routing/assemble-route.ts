import type { Effort } from '../effort.ts';
import type { Issue } from '../errors.ts';
import { type Route, routeLabel } from '../route.ts';
import type { FallbackRequest } from '../settings.ts';
import { keyInClear } from '../text/key-in-clear.ts';
import { buildRoute, credentialFits } from './build-route.ts';
import type { Choice, ChoiceOrIssues } from './choice.ts';
import type { AskedEffort } from './choose-effort.ts';
import { chooseFor } from './choose-model.ts';
import { type Ask, type RoutingContext, readLayer } from './read-layer.ts';
import { clampEffort } from './resolve-effort.ts';
import type { RoutePolicy } from './route-policy.ts';
import { issueOf, missingCredential } from './routing-issues.ts';

/** A whole route with its fallbacks, and what there is to say about it. Only to be used when `issues` is empty. */
export interface Assembled {
  readonly route: Route;
  readonly notes: readonly string[];
  readonly issues: readonly Issue[];
}

/**
 * Makes the route of a choice: effort clamped to what the model takes, fallbacks resolved each as a request of
 * its own, and every one of them held to policy, credential and authority.
 */
export function assembleRoute(
  choice: Choice,
  asked: AskedEffort,
  context: RoutingContext,
  policy: RoutePolicy,
): Assembled {
  const fallback: Route[] = [];
  const { route, ...made } = assembleOne(choice, asked, fallback, context, policy);
  const notes = [...made.notes];
  const issues = [...made.issues];
  for (const [index, { path, request }] of fallbackOf(choice, context).entries()) {
    context.trail?.push({ about: 'fallback', text: `Fallback ${index + 1} is ${JSON.stringify(request)}.` });
    const ask = readLayer('config', path, request, context);
    const found = chooseFallback(ask, choice, context);
    if (!found.ok) {
      issues.push(...found.issues);
      continue;
    }
    const next = assembleOne(found, effortOn(ask, asked), [], context, policy);
    if ([route, ...fallback].some((other) => routeLabel(other) === routeLabel(next.route))) {
      const label = routeLabel(next.route);
      if (choice.ask.named?.route.fallback !== undefined) {
        const message = `"${label}" is its own fallback, or stands in the chain twice.`;
        issues.push(issueOf('ROUTE_INVALID', path, message, 'Take it out, or name another model or provider.'));
      } else notes.push(`fallback ${index + 1}: ${label} is in the chain already, and is left out`);
      continue;
    }
    notes.push(...next.notes.map((note) => `fallback ${index + 1}: ${note}`));
    issues.push(...next.issues);
    fallback.push(next.route);
  }
  return { route, notes, issues };
}

/** A fallback's own effort; else what was asked for the task, but not what came with the parent's model. */
function effortOn(fallback: Ask, asked: AskedEffort): AskedEffort {
  if (fallback.effort !== undefined) return { effort: fallback.effort, ask: fallback, issues: [] };
  return asked.ask?.layer === 'parent' ? { issues: [] } : asked;
}

function assembleOne(
  choice: Choice,
  asked: AskedEffort,
  fallback: readonly Route[],
  context: RoutingContext,
  policy: RoutePolicy,
): Assembled {
  const { offer, ask } = choice;
  const { provider, model } = offer;
  const label = `${provider.id}/${model.id}`;
  const notes: string[] = [];
  const issues: Issue[] = [];

  if (offer.how === 'unlisted') notes.push(`unverified-model: ${label} is not in the known list`);
  let effort: Effort | undefined;
  if (asked.effort !== undefined) {
    const clamp = clampEffort(asked.effort, model.reasoning, label);
    effort = clamp.effort;
    if (clamp.note !== undefined) notes.push(clamp.note);
    context.trail?.push({ about: 'effort', text: effortText(label, asked, clamp.note) });
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

  const clear = keyInClear(route);
  if (clear !== undefined) notes.push(clear);

  const path = `${ask.path}.${ask.named === undefined ? (ask.model === undefined ? 'provider' : 'model') : 'route'}`;
  const denied = policy(route);
  context.trail?.push({
    about: 'policy',
    text: denied === undefined ? `${label} is allowed.` : `${label}: ${denied.rule}.`,
  });
  if (denied !== undefined) {
    issues.push(issueOf('ROUTE_DENIED', path, `"${label}" is refused: ${denied.rule}.`, denied.hint));
  }
  if (!provider.usable) issues.push(missingCredential(provider, label, path));
  else if (!credentialFits(route)) issues.push(foreignKey(route, path));
  else context.trail?.push({ about: 'credential', text: credentialText(route) });
  return { route, notes, issues };
}

/** A named route's own chain, else `delegation.fallback`, which is only for children that pinned nothing. */
function fallbackOf({ ask }: Choice, { settings }: RoutingContext): { path: string; request: FallbackRequest }[] {
  const own = ask.named?.route.fallback;
  const chain = own ?? (ask.layer === 'task' || ask.layer === 'call' ? [] : settings.fallback);
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

function effortText(label: string, { effort, ask }: AskedEffort, note: string | undefined): string {
  const from = ask === undefined ? '' : `, asked by the ${ask.layer}`;
  return `${label}: ${note ?? `effort "${effort}"`}${from}.`;
}

/** Names where the key comes from, never the key. */
function credentialText({ credential, authority }: Route): string {
  if (credential.kind === 'none') return `No key is sent to ${authority}.`;
  const from = credential.kind === 'env' ? credential.name : `config of ${credential.provider}`;
  return `The key from ${from} goes to ${authority} and nowhere else.`;
}
