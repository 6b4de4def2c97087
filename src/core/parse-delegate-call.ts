import {
  type Action,
  DELEGATE_FIELDS,
  type DelegateField,
  FIELD_NAMES,
  type FieldName,
  type FieldValues,
} from './delegate-fields.ts';
import { type Issue, refusal } from './errors.ts';
import { cut, GOAL_HINT, isObject, type Place, refuse, refuseUnknown, wrongType } from './field-kinds.ts';
import { quote } from './parse-name.ts';
import type { RouteRequest } from './route.ts';
import type { ControlCall, DelegateCall, SpawnCall, TaskInput } from './task.ts';

/** In a batch, a goal shorter than this says too little for a child that knows nothing else. Characters. */
const MIN_BATCH_GOAL = 10;

/** So many issues are listed one by one; the rest are counted. */
const MAX_ISSUES = 200;

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
  const { id, message, wait_seconds } = readFields(
    args,
    place,
    (field) => field.onTop.includes(action),
    `action "${action}"`,
  );
  if (action !== 'list' && id === undefined && !named(place, 'id')) {
    refuse({ ...place, path: 'id' }, `The action "${action}" needs an id.`, 'Give the id of a delegation or a child.');
  }
  if (action === 'steer' && message === undefined && !named(place, 'message')) {
    refuse({ ...place, path: 'message' }, 'The action "steer" needs a message.', 'Say what the child is to be told.');
  }
  return {
    action,
    ...(id === undefined ? {} : { id }),
    ...(message === undefined ? {} : { message }),
    ...(wait_seconds === undefined ? {} : { wait_seconds }),
  };
}

function readSpawn(args: { readonly [key: string]: unknown }, place: Place): SpawnCall {
  const given = Object.hasOwn(args, 'tasks') ? args.tasks : undefined;
  const list = isAbsent(given) ? undefined : readTaskList(given, { ...place, path: 'tasks' });
  const batch = !isAbsent(given);
  // Beside tasks[], a blank top-level goal is a calling model filling in the form.
  const top = batch && typeof args.goal === 'string' && args.goal.trim() === '' ? { ...args, goal: null } : args;
  const { goal, budget, background, dry_run, ...values } = readFields(
    top,
    place,
    (field) => field.onTop.includes('spawn'),
    'the top level',
    ['tasks'],
  );
  const route = routeOf(values);
  const { context, output_schema, timeout_seconds } = values;
  const defaults: Omit<TaskInput, 'goal'> = {
    ...(context === undefined ? {} : { context }),
    ...(output_schema === undefined ? {} : { output_schema }),
    ...(timeout_seconds === undefined ? {} : { timeout_seconds }),
  };

  if (batch && goal !== undefined) {
    refuse(
      { ...place, path: 'goal' },
      'Both "goal" and "tasks" are given.',
      'Put the goal into tasks[], or leave tasks out.',
    );
  }
  const tasks = batch ? readTasks(list ?? [], defaults, place.issues) : [{ ...defaults, goal: goal ?? '' }];
  if (!batch && goal === undefined && !named(place, 'goal')) {
    refuse(
      { ...place, path: 'tasks' },
      'There is nothing to delegate: no "tasks" and no "goal".',
      'Give tasks: [{ "goal": "…" }].',
    );
  }
  return {
    action: 'spawn',
    tasks,
    route,
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
  try {
    return JSON.parse(text);
  } catch {
    return refuse(place, `The text ${quote(text)} is not JSON.`, 'Give a list, or the JSON text of one.');
  }
}

function readTasks(list: readonly unknown[], defaults: Omit<TaskInput, 'goal'>, issues: Issue[]): TaskInput[] {
  return Array.from(list, (value, index) => {
    const place: Place = { path: `tasks[${index}]`, issues };
    if (!isObject(value)) {
      wrongType(value, 'an object with a goal', place);
      return { goal: '' };
    }
    const { goal, images, toolsets, budget, ...values } = readFields(value, place, (field) => field.inTask, 'a task');
    const { context, output_schema, timeout_seconds } = values;
    const at = { ...place, path: `${place.path}.goal` };
    if (goal === undefined && !named(place, 'goal')) refuse(at, 'The task has no goal.', GOAL_HINT);
    if (goal !== undefined && list.length > 1 && goal.trim().length < MIN_BATCH_GOAL) {
      refuse(at, `The goal ${quote(goal)} is shorter than ${MIN_BATCH_GOAL} characters.`, GOAL_HINT);
    }
    return {
      ...defaults,
      goal: goal ?? '',
      ...(context === undefined ? {} : { context }),
      ...routeOf(values),
      ...(output_schema === undefined ? {} : { output_schema }),
      ...(images === undefined ? {} : { images }),
      ...(toolsets === undefined ? {} : { toolsets }),
      ...(budget === undefined ? {} : { budget }),
      ...(timeout_seconds === undefined ? {} : { timeout_seconds }),
    };
  });
}

/** Never arguments: where a request goes and with which key is configuration. */
const NEVER: readonly string[] = ['base_url', 'api_key', 'headers', 'command', 'args', 'env', 'url', 'key'];

/** Reads every own field that `allowed` lets stand here; all others are issues. */
function readFields(
  object: { readonly [key: string]: unknown },
  place: Place,
  allowed: (field: DelegateField) => boolean,
  where: string,
  others: readonly string[] = [],
): Values {
  const names = FIELD_NAMES.filter((name) => allowed(DELEGATE_FIELDS[name]));
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    if (others.includes(key)) continue;
    const name = names.find((candidate) => candidate === key);
    const at: Place = { path: join(place.path, cut(key)), issues: place.issues };
    const value = object[key];
    if (name === undefined) {
      // `null` for a field of another action is a calling model filling in the form.
      if (isAbsent(value) && Object.hasOwn(DELEGATE_FIELDS, key)) continue;
      refuseUnknown(key, [...others, ...names], at, misplaced(key, where));
    } else if (!isAbsent(value)) {
      const read = DELEGATE_FIELDS[name].kind.read(value, at);
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

/** The routing fields. A model given as an object speaks for its provider as the text form does. */
function routeOf(values: Pick<Values, 'model' | 'provider' | 'reasoning_effort' | 'route'>): RouteRequest {
  const { model: asked, reasoning_effort, route } = values;
  let { provider } = values;
  let model = asked?.model;
  if (asked?.provider !== undefined && asked.provider.trim() !== '') {
    if (provider === undefined || provider.trim() === '') provider = asked.provider;
    // Two providers: whether they are one by another name is the resolver's to say, as for the inline flag.
    else if (provider !== asked.provider) model = `${model ?? ''} --provider ${asked.provider}`.trim();
  }
  return {
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
    ...(reasoning_effort === undefined ? {} : { reasoning_effort }),
    ...(route === undefined ? {} : { route }),
  };
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined;
}

/** Whether an issue about this field was already added. */
function named(place: Place, field: string): boolean {
  const path = join(place.path, field);
  return place.issues.some((issue) => issue.path === path);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
