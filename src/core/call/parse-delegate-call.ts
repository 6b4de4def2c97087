import { type Issue, refusal } from '../errors.ts';
import type { RouteRequest } from '../route.ts';
import { quote } from '../routing/parse-name.ts';
import type { ControlCall, DelegateCall, SpawnCall, TaskInput } from '../task.ts';
import {
  type Action,
  DELEGATE_FIELDS,
  type DelegateField,
  FIELD_NAMES,
  type FieldName,
  type FieldValues,
} from './delegate-fields.ts';
import { cut, GOAL_HINT, isObject, MAX_ISSUES, type Place, refuse, refuseUnknown, wrongType } from './field-kinds.ts';
import { repeatedName } from './repeated-name.ts';

/** In a batch, a goal shorter than this says too little for a child that knows nothing else. Characters. */
const MIN_BATCH_GOAL = 10;

/** What could be read of a call, and everything that is wrong with its shape. */
export interface ReadCall {
  /** As far as it could be understood; absent when nothing could. Only to be run when `issues` is empty. */
  readonly call?: DelegateCall;
  /** In the order of the arguments. */
  readonly issues: readonly Issue[];
}

/**
 * Every accepted shape of `delegate_task`'s arguments (docs/delegation.md) → one call: `tasks[]`, a JSON string of
 * it, one task at the top level, control actions, `model` as text or object. `null` counts as absent everywhere.
 * Throws a refusal naming all issues; nothing is dropped and nothing is cut.
 */
export function parseDelegateCall(args: unknown): DelegateCall {
  const { call, issues } = readDelegateCall(args);
  if (call === undefined || issues.length > 0) throw refusal(issues);
  return call;
}

/** `parseDelegateCall` for those who want to find more issues before they refuse. */
export function readDelegateCall(args: unknown): ReadCall {
  const issues: Issue[] = [];
  const call = readCall(args, { path: '', issues });
  const listed = issues.slice(0, MAX_ISSUES);
  if (issues.length > MAX_ISSUES) {
    const more = `${issues.length - MAX_ISSUES} more problems are not listed.`;
    listed.push({ code: 'REQUEST_INVALID', path: '', message: more, hint: 'Mend those above first.', suggestions: [] });
  }
  return { ...(call === undefined ? {} : { call }), issues: listed };
}

/** The routing fields of a request that is no call, read as those of a task are. */
export function readRouteRequest(request: unknown): {
  readonly request: RouteRequest;
  readonly issues: readonly Issue[];
} {
  const place: Place = { path: '', issues: [] };
  if (!isObject(request)) {
    wrongType(request, 'an object with model, provider, reasoning_effort or route', place);
    return { request: {}, issues: place.issues };
  }
  const values = readFields(request, place, ({ choice }) => choice !== undefined, 'a route');
  return { request: withRoute(values), issues: place.issues };
}

/** The values of an object's known fields, read. */
type Values = Partial<FieldValues>;

function readCall(args: unknown, place: Place): DelegateCall | undefined {
  if (!isObject(args)) return wrongType(args, 'an object of arguments', place);
  const known = place.issues.length;
  const action = readAction(args, place.issues);
  if (action === undefined && place.issues.length > known) return undefined;
  return action === undefined || action === 'spawn' ? readSpawn(args, place) : readControl(action, args, place);
}

function readAction(args: { readonly [key: string]: unknown }, issues: Issue[]): Action | undefined {
  const value = Object.hasOwn(args, 'action') ? (args.action ?? undefined) : undefined;
  return value === undefined ? undefined : DELEGATE_FIELDS.action.kind.read(value, { path: 'action', issues });
}

function readControl(
  action: ControlCall['action'],
  args: { readonly [key: string]: unknown },
  place: Place,
): ControlCall {
  const allowed = (field: DelegateField): boolean => field.onTop.includes(action);
  const values = readFields(args, place, allowed, `action "${action}"`);
  if (action !== 'list' && values.id === undefined && !complained(place, 'id')) {
    refuse(at(place, 'id'), `The action "${action}" needs an id.`, 'Give the id of a delegation or a child.');
  }
  if (action === 'steer' && values.message === undefined && !complained(place, 'message')) {
    refuse(at(place, 'message'), 'The action "steer" needs a message.', 'Say what the child is to be told.');
  }
  return { ...values, action };
}

function readSpawn(args: { readonly [key: string]: unknown }, place: Place): SpawnCall {
  const given = Object.hasOwn(args, 'tasks') ? args.tasks : undefined;
  const batch = !isAbsent(given);
  const list = batch ? readTaskList(given, at(place, 'tasks')) : undefined;
  // Beside tasks[], a blank top-level goal is a calling model filling in the form.
  const top = batch && typeof args.goal === 'string' && args.goal.trim() === '' ? { ...args, goal: null } : args;
  const allowed = (field: DelegateField): boolean => field.onTop.includes('spawn');
  const { goal, action, budget, background, dry_run, ...rest } = readFields(
    top,
    place,
    allowed,
    'the top level',
    'tasks',
  );
  // What is left are the call's route and defaults for every task: a field that is added goes to the tasks by itself.
  const { model, provider, reasoning_effort, route, ...defaults } = withRoute(rest);
  if (batch && goal !== undefined) {
    refuse(at(place, 'goal'), 'Both "goal" and "tasks" are given.', 'Put the goal into tasks[], or leave tasks out.');
  }
  if (!batch && goal === undefined && !complained(place, 'goal')) {
    const message = 'There is nothing to delegate: no "tasks" and no "goal".';
    refuse(at(place, 'tasks'), message, 'Give tasks: [{ "goal": "…" }].');
  }
  return {
    action: 'spawn',
    tasks: batch ? readTasks(list ?? [], defaults, place) : [{ ...defaults, goal: goal ?? '' }],
    route: present({ model, provider, reasoning_effort, route }),
    ...(budget === undefined ? {} : { budget }),
    background: background ?? false,
    dry_run: dry_run ?? false,
  };
}

/** `tasks` as a list, or as the JSON text of one. */
function readTaskList(value: unknown, place: Place): readonly unknown[] | undefined {
  const list = typeof value === 'string' ? parseJson(value, place) : value;
  if (list === undefined) return undefined;
  if (!Array.isArray(list)) return wrongType(list, 'a list of tasks', place);
  if (list.length === 0)
    return refuse(place, 'The list of tasks is empty.', 'Give at least one task, or leave "tasks" out.');
  return list;
}

function parseJson(text: string, place: Place): unknown {
  const hint = 'Give a list, or the JSON text of one.';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(place, `The text ${quote(text)} is not JSON.`, hint);
  }
  const repeated = repeatedName(text);
  return repeated === undefined ? value : refuse(place, `In one object ${quote(repeated)} stands twice.`, hint);
}

function readTasks(list: readonly unknown[], defaults: Omit<TaskInput, 'goal'>, place: Place): TaskInput[] {
  return Array.from(list, (value, index) => {
    // Each task has its own list, so that looking into it does not cost more with every task.
    const own: Place = { path: `tasks[${index}]`, issues: [] };
    const task = readTask(value, own, list.length > 1);
    for (const issue of own.issues) place.issues.push(issue);
    return { ...defaults, ...task };
  });
}

function readTask(value: unknown, place: Place, inBatch: boolean): TaskInput {
  if (!isObject(value)) {
    wrongType(value, 'an object with a goal', place);
    return { goal: '' };
  }
  const { goal, ...rest } = readFields(value, place, (field) => field.inTask, 'a task');
  if (goal === undefined && !complained(place, 'goal')) refuse(at(place, 'goal'), 'The task has no goal.', GOAL_HINT);
  if (goal !== undefined && inBatch && goal.trim().length < MIN_BATCH_GOAL) {
    const message = `The goal ${quote(goal)} is shorter than ${MIN_BATCH_GOAL} characters.`;
    refuse(at(place, 'goal'), message, GOAL_HINT);
  }
  return { ...withRoute(rest), goal: goal ?? '' };
}

/** Never arguments: where a request goes and with which key is configuration. */
const NEVER: readonly string[] = ['base_url', 'api_key', 'headers', 'command', 'args', 'env', 'url', 'key'];

/** Reads every own field that `allowed` lets stand here; all others are issues. */
function readFields(
  object: { readonly [key: string]: unknown },
  place: Place,
  allowed: (field: DelegateField) => boolean,
  where: string,
  ...others: readonly string[]
): Values {
  const names = FIELD_NAMES.filter((name) => allowed(DELEGATE_FIELDS[name]));
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    if (others.includes(key)) continue;
    const name = names.find((candidate) => candidate === key);
    const here = at(place, cut(key));
    const value = object[key];
    if (name === undefined) {
      // `null` for a field of another action is a calling model filling in the form.
      if (isAbsent(value) && Object.hasOwn(DELEGATE_FIELDS, key)) continue;
      refuseUnknown(key, [...others, ...names], here, misplaced(key, where));
    } else if (!isAbsent(value)) {
      const read = DELEGATE_FIELDS[name].kind.read(value, here);
      if (read !== undefined) values[name] = read;
    }
  }
  return values as Values;
}

/** What to do about a field that exists, but not here. */
function misplaced(key: string, where: string): string | undefined {
  if (NEVER.includes(key)) return 'Endpoints, keys, headers and commands are configuration, never arguments.';
  if (key === 'tasks') return `"tasks" does not go with ${where}.`;
  if (!Object.hasOwn(DELEGATE_FIELDS, key)) return undefined;
  const field: DelegateField = DELEGATE_FIELDS[key as FieldName];
  if (where === 'a task') return `"${key}" stands at the top level, beside "tasks".`;
  if (where === 'the top level' && field.inTask) return `"${key}" stands inside tasks[].`;
  return `"${key}" goes with action ${field.onTop.map((action) => `"${action}"`).join(', ') || '"spawn"'}.`;
}

/** With the model as text: given as an object it speaks for its provider too. */
function withRoute({ model: asked, ...rest }: Values): Omit<Values, 'model'> & RouteRequest {
  const provider = asked?.provider?.trim();
  if (provider === undefined || provider === '') return { ...rest, ...present({ model: asked?.model }) };
  if (isBlank(rest.provider)) return { ...rest, ...present({ model: asked?.model }), provider };
  // Two providers: whether they are one by another name is the resolver's to say, as for the inline flag.
  return { ...rest, model: `${asked?.model ?? ''} --provider ${provider}`.trim() };
}

/** Without the fields that say nothing. */
function present(request: { readonly [Field in keyof RouteRequest]?: string | undefined }): RouteRequest {
  return Object.fromEntries(Object.entries(request).filter(([, text]) => text !== undefined));
}

function isBlank(text: string | undefined): boolean {
  return text === undefined || text.trim() === '';
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined;
}

/** Whether an issue about this field was already added. */
function complained(place: Place, field: string): boolean {
  const { path } = at(place, field);
  return place.issues.some((issue) => issue.path === path);
}

/** The place of a field of what stands here. */
function at({ path, issues }: Place, field: string): Place {
  return { path: path === '' ? field : `${path}.${field}`, issues };
}
