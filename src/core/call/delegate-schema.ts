import type { Limits, NamedRoute, RoutingPolicy } from '../settings.ts';
import type { Json } from '../task.ts';
import { DELEGATE_FIELDS, type DelegateField, FIELD_NAMES, type FieldName } from './delegate-fields.ts';

type JsonObject = { readonly [key: string]: Json };

/** What the tool's definition depends on, and nothing else: the same input gives the same bytes. */
export interface SchemaInput {
  readonly policy: Pick<RoutingPolicy, 'selection'>;
  readonly routes: ReadonlyMap<string, NamedRoute>;
  readonly limits: Pick<Limits, 'max_children_per_call' | 'max_concurrent_children'>;
  /** Toolsets a child may have here. */
  readonly toolsets: readonly string[];
  /** For a child, and wherever else every call is waited for: there are none to look after. */
  readonly nested?: boolean;
}

export const DELEGATE_TOOL = 'delegate_task';

export interface DelegateTool {
  readonly name: typeof DELEGATE_TOOL;
  readonly description: string;
  /** JSON Schema of the arguments; it leads with `tasks`, because calling models fill in fields of array items. */
  readonly parameters: JsonObject;
}

/**
 * The `delegate_task` tool as a calling model sees it, made from the table that the parser reads with.
 * `selection: routes` shows the names of all routes and no model fields; `off` shows neither.
 */
export function delegateTool(input: SchemaInput): DelegateTool {
  const shown = FIELD_NAMES.filter((name) => isShown(DELEGATE_FIELDS[name], input));
  const inTask = shown.filter((name) => DELEGATE_FIELDS[name].inTask);
  const onTop = shown.filter(
    (name) => DELEGATE_FIELDS[name].onTop.length > 0 && !(input.nested && NOT_NESTED.has(name)),
  );
  const { max_children_per_call, max_concurrent_children } = input.limits;
  return {
    name: DELEGATE_TOOL,
    description: [
      'Delegate work to subagents, each on its own model, and get one result a task, in the order asked.',
      'Children share nothing with this conversation: put everything they need into goal and context.',
      `At most ${max_children_per_call} tasks a call; ${max_concurrent_children} run at once and the rest wait their turn.`,
      'A request that cannot be fulfilled exactly is refused as a whole, with every reason, before anything starts.',
    ].join(' '),
    parameters: {
      type: 'object',
      properties: {
        tasks: {
          type: 'array',
          minItems: 1,
          description: 'One entry a child.',
          items: {
            type: 'object',
            properties: describe(inTask, input),
            required: ['goal'],
            additionalProperties: false,
          },
        },
        ...describe(onTop, input, 'Default for all tasks that do not say. '),
      },
      additionalProperties: false,
    },
  };
}

/** Fields about children that run while their parent goes on. */
const NOT_NESTED: ReadonlySet<FieldName> = new Set(['action', 'id', 'message', 'wait_seconds', 'background']);

function isShown({ choice }: DelegateField, { policy, routes }: SchemaInput): boolean {
  if (choice === undefined) return true;
  if (choice === 'route') return policy.selection !== 'off' && routes.size > 0;
  return policy.selection === 'open';
}

function describe(names: readonly FieldName[], input: SchemaInput, prefix = ''): JsonObject {
  return Object.fromEntries(
    names.map((name) => {
      const { kind, about, inTask } = DELEGATE_FIELDS[name] as DelegateField;
      const shared = inTask && name !== 'goal' ? prefix : '';
      return [
        name,
        { ...kind.schema, ...namesFor(name, input), description: `${shared}${about}${listFor(name, input)}` },
      ];
    }),
  );
}

/** The names that can be asked for, where configuration bounds them. */
function namesFor(name: FieldName, { routes, toolsets }: SchemaInput): JsonObject {
  if (name === 'route') return { enum: [...routes.keys()].sort() };
  if (name === 'toolsets') return { items: { type: 'string', enum: toolsets } };
  return {};
}

/** One line a route, so that a model can choose by purpose. */
function listFor(name: FieldName, { routes }: SchemaInput): string {
  if (name !== 'route') return '';
  const lines = [...routes].map(([key, { description }]) =>
    description === undefined ? key : `${key}: ${description}`,
  );
  return `\n${lines.sort().join('\n')}`;
}
