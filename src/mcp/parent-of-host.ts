import { createResolver } from '../core/resolve-route.ts';
import type { RouteRequest } from '../core/route.ts';
import type { Yardmaster } from '../yardmaster.ts';

/** What the host itself runs on, as far as children can inherit it. */
export interface HostParent {
  readonly parent?: RouteRequest;
  /** A model that it said it runs on and that nobody here offers. */
  readonly unusable?: string;
}

/**
 * First that is known: `hosts.<name>.parent`; `model` of the configuration (then there is none to tell here); the
 * model that the host names with its call. That one is observed, not asked for: where nobody here has it, it must not
 * get in the way of tasks that name another.
 */
export function parentOfHost(
  name: string,
  meta: Readonly<Record<string, unknown>> | undefined,
  yard: Yardmaster,
): HostParent {
  const { hosts, routing } = yard.config;
  const configured = hosts.get(name)?.parent;
  if (configured !== undefined) return { parent: configured };
  const told = routing.parent === undefined ? hostModel(meta) : undefined;
  if (told?.model === undefined) return {};
  const { catalog } = yard.decisions().resolver;
  const { parent } = createResolver(catalog, { ...routing, parent: told });
  return parent === undefined ? { unusable: told.model } : { parent: told };
}

/** What Codex tells with every call about the model that made it. */
const CODEX_TURN = 'x-codex-turn-metadata';

/** The model of the host, where its request tells it; undefined when it does not. */
function hostModel(meta: Readonly<Record<string, unknown>> | undefined): RouteRequest | undefined {
  const told = meta?.[CODEX_TURN];
  const turn = typeof told === 'string' ? parsed(told) : told;
  if (typeof turn !== 'object' || turn === null || !('model' in turn)) return undefined;
  const { model } = turn;
  return typeof model === 'string' && model.trim() !== '' && model.length <= 200 ? { model: model.trim() } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
