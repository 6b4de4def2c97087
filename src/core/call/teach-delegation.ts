import { routeLabel } from '../route.ts';
import type { Json } from '../task.ts';
import { childToolsets } from '../toolsets.ts';
import { type DelegateTool, delegateTool } from './delegate-schema.ts';
import { modelList, usableModels } from './model-list.ts';
import { ceilingOf, type PreflightContext } from './preflight.ts';

type JsonObject = { readonly [key: string]: Json };

/** What differs between those who delegate. */
export interface Teaching {
  /** What follows on choosing a model: "list_routes finds more". */
  readonly finding: string;
  /** Where models are that the list leaves out. */
  readonly elsewhere: string;
  /** How results come back. */
  readonly afterwards: string;
  /** The default is its own route. */
  readonly inherits?: true;
  /** Every call is waited for: nothing is shown about children that run on. */
  readonly waits?: true;
}

/**
 * `delegate_task` as a model gets it that shall use it well: when to delegate, how to choose among the models that are
 * usable here, and what comes back. The same bytes for the same configuration, catalog and keys.
 */
export function teachDelegation(context: PreflightContext, teaching: Teaching): DelegateTool {
  const { name, description, parameters } = delegateTool({
    policy: context.routing.policy,
    routes: context.routing.routes,
    limits: context.limits,
    toolsets: childToolsets(undefined, ceilingOf(context)),
    ...(teaching.waits && { nested: true }),
  });
  return {
    name,
    description: [description, WHEN, ...choosing(context, teaching), teaching.afterwards].join('\n'),
    parameters: withModels(parameters, context, teaching),
  };
}

const WHEN =
  'Use it for independent pieces of work side by side, for a second opinion from another model or provider, and to keep long reading out of this conversation. Put every piece into tasks[] of one call.';

/** How to choose, as far as the operator leaves a choice. */
function choosing({ routing, resolver }: PreflightContext, { finding, inherits }: Teaching): string[] {
  const { selection } = routing.policy;
  if (selection === 'off') return [];
  const fallback = resolver.resolve({ task: {}, call: {} });
  const effort = fallback.ok && fallback.route.reasoning_effort;
  const standard = !fallback.ok
    ? 'and here there is none: name one'
    : inherits && fallback.source.model === 'parent'
      ? 'which is the model you run on'
      : `here ${routeLabel(fallback.route)}${effort ? ` at effort ${effort}` : ''}`;
  if (selection === 'routes') {
    return [`Choose by "route", whose purposes are listed there; leave it out for the default route, ${standard}.`];
  }
  return [
    `Model, provider and reasoning_effort that are left out inherit the default, ${standard}. Name a cheap model for looking up, extracting, summarising and mechanical edits; a strong one with high effort for design, hard bugs and review. Never guess an id: the field "model" lists what is usable, ${finding}.`,
  ];
}

/** The list of usable models goes where a calling model looks for it, and there alone: it is the longest part. */
function withModels(schema: JsonObject, { routing, resolver }: PreflightContext, { elsewhere }: Teaching): JsonObject {
  if (routing.policy.selection !== 'open') return schema;
  const list = modelList(usableModels(resolver), { elsewhere });
  const properties = schema.properties as JsonObject;
  const tasks = properties.tasks as JsonObject;
  const items = tasks.items as JsonObject;
  const fields = items.properties as JsonObject;
  const model = fields.model as JsonObject;
  const edited = { ...fields, model: { ...model, description: `${model.description}${list}` } };
  return { ...schema, properties: { ...properties, tasks: { ...tasks, items: { ...items, properties: edited } } } };
}
