import { DELEGATE_TOOL } from '../core/call/delegate-schema.ts';
import { type Ending, endingOfError, endingOfStop, type StopCause } from '../core/ending.ts';
import type { Image, Message, ToolSpec } from '../core/provider.ts';
import type { TaskResult } from '../core/result.ts';
import type { Store, TaskPlan } from '../core/store.ts';
import type { ChildTools, Remains, Toolset } from '../core/tool.ts';
import type { Transcript } from '../core/transcript.ts';
import type { Steps } from './agent.ts';
import { runTurns } from './agent-loop.ts';
import { type Child, countAbove, type Run, takenOver, tellOf } from './child.ts';
import { createDelegateTool } from './delegate-tool.ts';
import { finish } from './finish.ts';
import { tokensAtMost } from './limits/budget.ts';
import { createLedger } from './limits/ledger.ts';
import type { SharedLedger } from './limits/shared-ledger.ts';
import { createTally } from './limits/tally.ts';
import { closeTreeBudget, openTreeBudget, startProcesses } from './limits/tree-budget.ts';
import { openTools } from './open-tools.ts';
import { steersAtEnd } from './steering.ts';
import { firstTurn } from './system-prompt.ts';
import { tellDeltas } from './tell-deltas.ts';
import { startTimer } from './timer.ts';
import { countCommands } from './used-below.ts';

/** Tokens of one image, at most, by the providers known (Anthropic's largest is about 4,800). */
const IMAGE_TOKENS = 5_000;

/**
 * Runs one child from its claim to its written result. Never rejects: whatever happens is the result.
 * All its clocks start now; `queued_at` is when it was asked for. The controller aborts with a `StopCause`.
 */
export async function runChild(
  run: Run,
  plan: TaskPlan,
  {
    claimed,
    controller,
    queued_at,
  }: {
    /** As `Store.claim` resolves. */
    readonly claimed: Promise<number | undefined>;
    readonly controller: AbortController;
    readonly queued_at: number;
  },
): Promise<TaskResult> {
  const { clock, settings, transcripts } = run.deps;
  const started_at = clock.now();
  const seconds = Math.min(plan.input.timeout_seconds ?? Infinity, settings.limits.timeout_seconds ?? Infinity);
  const patience = settings.limits.first_token_timeout_seconds;
  const abort = (): void => controller.abort('timeout' satisfies StopCause);
  const stopTimer = seconds === Infinity ? undefined : startTimer(seconds, abort);

  let child: Child | undefined;
  let own: ChildTools | undefined;
  let attempt: number | undefined;
  let ending: Ending;
  const tally = createTally(run.parent_price);
  let kept: SharedLedger | undefined;
  const tell = run.emit && tellOf(run, plan, () => child?.route ?? plan.route, run.emit);
  const deltas = tell && tellDeltas(tell, run.deps.filterDeltas);
  let transcript: Transcript | undefined;
  try {
    attempt = await claimed;
    if (attempt === undefined) throw takenOver();
    tell?.({ type: 'task-start' });
    transcript = transcripts?.open({ delegation_id: run.of.delegation_id, ...plan });
    const { kit, toolsets, setup, tokens } = await run.equip(plan);
    own = await openTools(kit, { task_id: plan.id, index: plan.index }, { controller, seconds: patience });
    const text = firstTurn(plan.input);
    const images = await loadImages(run, plan);
    const first: Message = images.length === 0 ? { role: 'user', text } : { role: 'user', text, images };
    const base = tokens + tokensAtMost(text) + images.length * IMAGE_TOKENS;
    const conversation = (await run.deps.providerFor(plan.route)).open(plan.route, setup);
    conversation.append(first);
    transcript?.write('user', text);
    const scope = { of: 'task', id: plan.id } as const;
    // A budget of its own that processes can use which it starts; the call's is kept there by the call.
    const { budget } = plan.input;
    if (plan.budget && budget && startProcesses(toolsets)) kept = openTreeBudget(scope, plan.budget, run.deps);
    child = {
      run,
      deps: run.deps,
      plan,
      batch: run.of.delegation_id,
      steps: stepsOf(run.deps.store, plan.id, attempt),
      own,
      tools: withDelegation(own.tools, setup.tools, () => child!),
      toolsets,
      below: new Set(),
      delegations: new Set(),
      setup,
      first,
      tally,
      ledgers: [kept ?? createLedger(scope, plan.budget) ?? [], run.ledgers].flat(),
      sending: {
        signal: controller.signal,
        first_token_timeout_ms: settings.limits.first_token_timeout_seconds * 1000,
        idle_timeout_ms: settings.limits.idle_timeout_seconds * 1000,
        ...deltas?.listener,
      },
      ...(deltas && { endDeltas: deltas.end }),
      ...(seconds === Infinity ? {} : { timeout: { seconds, at: started_at + seconds * 1000 } }),
      ...(transcript && { transcript }),
      ...(tell && { tell }),
      steering: () => run.steering.get(plan.id),
      ...(run.within && { onUsed: (used) => countAbove({ run }, used) }),
      authors: [plan.route],
      route: plan.route,
      conversation,
      context: base,
      base,
      compacted: false,
      unwritten: [{ kind: 'message', message: { role: 'user', text } }],
    };
    ending = await runTurns(child);
  } catch (error) {
    const { aborted, reason } = controller.signal;
    const unopened = aborted && attempt !== undefined && own === undefined;
    ending = unopened ? endingOfStop(reason, reason === 'start' ? patience : seconds) : endingOfError(error, 1);
  } finally {
    stopTimer?.();
  }
  // Those below were stopped with it; what they leave counts as this child's too.
  await Promise.allSettled(child?.below ?? []);
  let remains: Remains | undefined;
  try {
    remains = await own?.close?.({ lost: ending.status === 'lost' });
  } catch (error) {
    // What its tools leave cannot be told; what it did is kept, but it is not whole.
    if (ending.status === 'completed') ending = { ...endingOfError(error, 1), status: 'partial' };
  }
  if (child !== undefined && ending.status !== 'lost') await countCommands(child);
  if (kept !== undefined) {
    await kept.rest();
    await closeTreeBudget(plan, run.deps);
  }
  const result = await finish(run, plan, {
    attempt,
    ending,
    tally,
    transcript,
    remains,
    steers: steersAtEnd(run.steering.get(plan.id)),
    entries: child?.unwritten ?? [],
    queued_ms: started_at - queued_at,
    total_ms: clock.now() - started_at,
  });
  for (const { id, state } of result.steers ?? []) if (state === 'missed') tell?.({ type: 'steer', id, state });
  tell?.({ type: 'task-end', result });
  run.deps.controls.ended();
  return result;
}

/** Writes as this attempt, and nothing once there is a newer one. */
function stepsOf(store: Store, task_id: string, attempt: number): Steps {
  return {
    async append(entries, until) {
      if (!(await store.append(task_id, attempt, entries, until))) throw takenOver();
    },
    read: () => store.journal(task_id),
  };
}

/** The child's tools, and `delegate_task` where it is on offer. */
function withDelegation(tools: Toolset, offered: readonly ToolSpec[], child: () => Child): Toolset {
  const spec = offered.find(({ name }) => name === DELEGATE_TOOL);
  return spec === undefined ? tools : new Map([...tools, [DELEGATE_TOOL, createDelegateTool(spec, child)]]);
}

async function loadImages({ deps, workspace }: Run, { input }: TaskPlan): Promise<readonly Image[]> {
  const images: Image[] = [];
  for (const ref of input.images ?? []) images.push(await deps.loadImage(ref, workspace));
  return images;
}
