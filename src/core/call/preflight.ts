import { type Issue, refusal } from '../errors.ts';
import type { Resolution, Resolved, Resolver } from '../resolve-route.ts';
import { type Route, routeLabel } from '../route.ts';
import { uniqueIssues } from '../routing/routing-issues.ts';
import type { DelegationSettings, Limits, RoutingSettings } from '../settings.ts';
import type { TaskPlan } from '../store.ts';
import type { Budget, SpawnCall, TaskInput } from '../task.ts';
import { childToolsets, type ToolsetCeiling, toolsetIssues } from '../toolsets.ts';

/** A task with everything decided; its id is given by whoever starts it. */
export type PlannedTask = Omit<TaskPlan, 'id'>;

export interface PreflightContext {
  readonly resolver: Resolver;
  readonly limits: Limits;
  readonly settings: DelegationSettings;
  readonly routing: RoutingSettings;
  /** Toolsets that exist here and that the parent may use; children get those that `settings.toolsets` allows. */
  readonly toolsets: readonly string[];
  /** Whether a text holds a key that is known here. Absent = none is known. */
  readonly holdsKey?: (text: string) => boolean;
}

/**
 * Checks a whole call before anything starts: routes, policy, credentials, limits, abilities, toolsets, budgets.
 * One bad task refuses the call with every issue of every task. Otherwise the plans, one a task, in order: none
 * is left out and none is cut. `found` are issues already known from reading the arguments.
 */
export function preflight(
  call: SpawnCall,
  context: PreflightContext,
  found: readonly Issue[] = [],
): readonly PlannedTask[] {
  const { limits, resolver } = context;
  const issues: Issue[] = [...found];
  const { length } = call.tasks;
  if (length > limits.max_children_per_call) {
    issues.push({
      code: 'LIMIT_EXCEEDED',
      path: 'tasks',
      message: `"${length}" tasks are asked for, and one call may start ${limits.max_children_per_call}.`,
      hint: 'Split them over several calls, or raise delegation.max_children_per_call.',
      suggestions: [],
    });
  }
  const plans: PlannedTask[] = [];
  // Beyond the limit the answer is known; checking thousands of tasks more would only make it longer.
  for (const [index, input] of call.tasks.slice(0, limits.max_children_per_call).entries()) {
    if (isUnread(found, index)) continue;
    const resolution = resolver.resolve({ task: input, call: call.route });
    const budget = lowestBudget([input.budget, call.budget, context.settings.budget]);
    const wrong = issuesOf(input, resolution, { path: `tasks[${index}]`, budget }, context);
    issues.push(...wrong);
    if (resolution.ok && wrong.length === 0) plans.push(planOf(input, index, resolution, budget));
  }
  if (issues.length > 0) throw refusal(inOrder(uniqueIssues(issues)));
  return plans;
}

function planOf(
  input: TaskInput,
  index: number,
  { route, requested, source, notes }: Resolved,
  budget: Budget | undefined,
): PlannedTask {
  if (budget === undefined) return { index, input, requested, route, source, notes };
  return { index, input, requested, route, source, notes: [...notes, ...loweredNotes(input.budget, budget)], budget };
}

function issuesOf(
  input: TaskInput,
  resolution: Resolution,
  { path, budget }: { readonly path: string; readonly budget: Budget | undefined },
  context: PreflightContext,
): Issue[] {
  const ceiling = ceilingOf(context);
  const routes = resolution.ok ? [resolution.route, ...resolution.route.fallback] : [];
  return [
    ...(resolution.ok ? [] : resolution.issues.map((issue) => ({ ...issue, path: argumentPath(issue.path, path) }))),
    ...toolsetIssues(input.toolsets, ceiling, `${path}.toolsets`),
    ...keyIssues(input, context, path),
    ...routes.flatMap((route) => [
      ...abilityIssues(input, route, ceiling, path),
      ...unpricedIssues(route, budget, { path, daily_usd: context.settings.daily_usd }),
    ]),
  ];
}

/** A key in a child's prompt would go to a provider that it does not belong to. The text is never repeated. */
function keyIssues({ goal, context, output_schema }: TaskInput, { holdsKey }: PreflightContext, path: string): Issue[] {
  if (holdsKey === undefined) return [];
  const texts = { goal, context, output_schema: output_schema && JSON.stringify(output_schema) };
  return Object.entries(texts).flatMap(([field, text]): Issue[] => {
    if (text === undefined || !holdsKey(text)) return [];
    const message = `"${field}" holds a key that is configured here, and it would be sent to the provider of the child.`;
    const hint = 'Take it out: requests carry their keys by themselves, and no child needs to know one.';
    return [{ code: 'REQUEST_INVALID', path: `${path}.${field}`, message, hint, suggestions: [] }];
  });
}

/** The ceiling of a child's toolsets under this context. */
export function ceilingOf({ settings, toolsets }: PreflightContext): ToolsetCeiling {
  return { allowed: settings.toolsets, available: toolsets };
}

/** What the task needs and the model is known not to have; an unknown ability is allowed. */
function abilityIssues(input: TaskInput, route: Route, ceiling: ToolsetCeiling, path: string): Issue[] {
  const issues: Issue[] = [];
  const label = routeLabel(route);
  const lack = (field: string, message: string, hint: string): void => {
    issues.push({ code: 'ABILITY_MISSING', path: `${path}.${field}`, message, hint, suggestions: [] });
  };
  if (route.vision === false && (input.images?.length ?? 0) > 0) {
    lack('images', `"${label}" cannot see images.`, 'Ask for a model with vision, or leave the images out.');
  }
  const tools = childToolsets(input.toolsets, ceiling);
  if (route.tools === false && tools.length > 0) {
    lack(
      'toolsets',
      `"${label}" cannot call tools, and the task has ${tools.join(', ')}.`,
      'Ask for another model, or give "toolsets": [].',
    );
  }
  return issues;
}

/** A budget in USD, the task's or the day's, can only be kept where every token has a known price. */
export function unpricedIssues(
  route: Route,
  budget: Budget | undefined,
  { path, daily_usd }: { readonly path: string; readonly daily_usd: number | undefined },
): Issue[] {
  const usd = budget?.usd ?? daily_usd;
  if (usd === undefined || (route.price?.in !== undefined && route.price.out !== undefined)) return [];
  const daily = budget?.usd === undefined;
  const message = `"${routeLabel(route)}" has no known price, so a ${daily ? 'daily ' : ''}budget of "${usd}" USD cannot be kept.`;
  const hint = `State its price under "providers.${route.provider}" (0 is one)${daily ? '' : ', or give the budget in tokens'}.`;
  return [{ code: 'BUDGET_EXCEEDED', path: daily ? path : `${path}.budget`, message, hint, suggestions: [] }];
}

/** What of a task's own budget did not hold, because call or config allow less. */
function loweredNotes(asked: Budget | undefined, budget: Budget): string[] {
  return BUDGET_KINDS.filter((kind) => (asked?.[kind] ?? 0) > (budget[kind] ?? Number.POSITIVE_INFINITY)).map(
    (kind) => `budget: ${asked?.[kind]} ${kind} lowered to ${budget[kind]}`,
  );
}

const BUDGET_KINDS = ['usd', 'tokens', 'turns'] as const satisfies readonly (keyof Budget)[];

/** The lower of each kind; undefined = no limit of any kind. */
export function lowestBudget(budgets: readonly (Budget | undefined)[]): Budget | undefined {
  const lowest: { usd?: number; tokens?: number; turns?: number } = {};
  for (const kind of BUDGET_KINDS) {
    const amounts = budgets.map((budget) => budget?.[kind]).filter((amount) => amount !== undefined);
    if (amounts.length > 0) lowest[kind] = Math.min(...amounts);
  }
  return Object.keys(lowest).length === 0 ? undefined : lowest;
}

/** A resolver's path (`task.model`, `call.model`, `config.…`) as it stands in the arguments. */
function argumentPath(path: string, task: string): string {
  if (path.startsWith('task.')) return `${task}${path.slice('task'.length)}`;
  return path.startsWith('call.') ? path.slice('call.'.length) : path;
}

/** A task whose routing fields could not even be read would only be misjudged. */
function isUnread(found: readonly Issue[], index: number): boolean {
  return found.some(({ path }) => {
    const field = path.startsWith(`tasks[${index}]`) ? path.slice(`tasks[${index}].`.length) : path;
    return path === `tasks[${index}]` || /^(model|provider|reasoning_effort|route)\b/.test(field);
  });
}

/** The call's own issues first, then task by task; within one, as they were found. */
function inOrder(issues: readonly Issue[]): Issue[] {
  const position = ({ path }: Issue): number => Number(/^tasks\[(\d+)\]/.exec(path)?.[1] ?? -1);
  return [...issues].sort((one, other) => position(one) - position(other));
}
