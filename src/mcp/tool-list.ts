import type { Tool } from '@modelcontextprotocol/server';
import { DELEGATE_FIELDS, type DelegateField, type FieldName } from '../core/call/delegate-fields.ts';
import type { PreflightContext } from '../core/call/preflight.ts';
import { type Teaching, teachDelegation } from '../core/call/teach-delegation.ts';
import type { Json } from '../core/task.ts';
import { plainSchema } from './plain-schema.ts';

type JsonObject = { readonly [key: string]: Json };

export const STATUS_ACTIONS = ['list', 'status', 'wait', 'result', 'steer', 'stop'] as const;
export type StatusAction = (typeof STATUS_ACTIONS)[number];

/**
 * The tools as a host lists them: the same bytes for the same configuration, catalog and keys. One known host cuts
 * descriptions at 2,048 characters, so each stays below that, and the list of models stands with the field `model`.
 */
export function toolList(context: PreflightContext): readonly Tool[] {
  return [delegateTask(context), DELEGATION_STATUS, LIST_ROUTES, explainRoute(context)];
}

const LOOKS = { readOnlyHint: true, idempotentHint: true, destructiveHint: false, openWorldHint: false };

function delegateTask(context: PreflightContext): Tool {
  const { name, description, parameters } = teachDelegation(context, TEACHING);
  return {
    name,
    title: 'Delegate tasks to subagents',
    description,
    inputSchema: inputSchema(plainSchema(parameters), SPAWNS),
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  };
}

const TEACHING: Teaching = {
  finding: 'list_routes finds more, explain_route says what a call would do and cost',
  elsewhere: 'list_routes finds them',
  afterwards:
    'Results come back with a receipt each: which model was asked for, which one served, cost. Work that outlasts the call returns a delegation_id: collect it with delegation_status, action "wait".',
};

/** Fields that start children; the actions that look after them are a tool of their own. */
const SPAWNS = (name: string): boolean =>
  name === 'tasks' ||
  (name !== 'action' && (DELEGATE_FIELDS[name as FieldName] as DelegateField).onTop.includes('spawn'));

function explainRoute(context: PreflightContext): Tool {
  const { inputSchema: schema } = delegateTask(context);
  return {
    name: 'explain_route',
    title: 'Explain a delegation',
    description:
      'Say which provider, model and effort each task of a delegate_task call would get, why, and what it may cost. Takes the same arguments, sends nothing to any model and starts nothing.',
    inputSchema: inputSchema(withoutTexts(schema as JsonObject), (name) => name !== 'background' && name !== 'dry_run'),
    annotations: LOOKS,
  };
}

const DELEGATION_STATUS: Tool = {
  name: 'delegation_status',
  title: 'Running and finished delegations',
  description: [
    'Look after subagents that delegate_task started, in this session or an earlier one.',
    'list: every delegation that runs or whose results nobody has collected. status: how its children stand, without waiting.',
    'wait: wait for it and collect the results. result: the results it has by now, with the whole text of one child when its t_ id is given.',
    'steer: tell a running child something, with message. stop: cancel it and everything below it; what it has is kept.',
  ].join('\n'),
  inputSchema: {
    type: 'object',
    properties: {
      action: { type: 'string', enum: [...STATUS_ACTIONS], description: 'Default: status with an id, list without.' },
      ...controlFields(['id', 'message', 'wait_seconds']),
    },
    additionalProperties: false,
  },
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
};

const LIST_ROUTES: Tool = {
  name: 'list_routes',
  title: 'Usable models and routes',
  description:
    'List the named routes and the models that a delegate_task call can use here: provider, model, price, reasoning effort levels, context, abilities. Filter with query and provider.',
  inputSchema: {
    type: 'object',
    properties: {
      query: { type: 'string', description: 'Words that provider, id or name must hold.' },
      provider: { type: 'string', description: 'Of one provider.' },
      limit: { type: 'integer', description: 'How many models at most; default 50.' },
    },
    additionalProperties: false,
  },
  annotations: LOOKS,
};

function controlFields(names: readonly FieldName[]): JsonObject {
  return Object.fromEntries(
    names.map((name) => {
      const { kind, about } = DELEGATE_FIELDS[name];
      return [name, { ...plainSchema(kind.schema), description: about }];
    }),
  );
}

/** Lists of names stand once, at the fields of a task. */
function inputSchema(schema: JsonObject, shown: (name: string) => boolean): Tool['inputSchema'] {
  const properties = Object.entries(schema.properties as { readonly [name: string]: JsonObject })
    .filter(([name]) => shown(name))
    .map(([name, field]): [string, JsonObject] => {
      const { description } = field;
      return [
        name,
        typeof description === 'string' ? { ...field, description: description.split('\n')[0] ?? '' } : field,
      ];
    });
  return { ...schema, type: 'object', properties: Object.fromEntries(properties) } as Tool['inputSchema'];
}

/** Without the texts that delegate_task says already. */
function withoutTexts(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => key !== 'description' || typeof value !== 'string')
      .map(([key, value]): [string, Json] => {
        if (key === 'properties') {
          const inner = Object.entries(value as JsonObject);
          return [key, Object.fromEntries(inner.map(([name, one]) => [name, withoutTexts(one as JsonObject)]))];
        }
        return [key, key === 'items' ? withoutTexts(value as JsonObject) : value];
      }),
  );
}
