import { checkArguments } from '../core/check-arguments.ts';
import type { Answer, ToolCall, ToolResult } from '../core/provider.ts';
import type { Json } from '../core/task.ts';
import { cutText } from '../core/text/cut-text.ts';
import type { Tool, ToolOutcome, Toolset } from '../core/tool.ts';
import { type Agent, journal } from './agent.ts';
import { startTimer } from './timer.ts';

/** Calls of one answer that are run; the rest are answered with an error. */
export const MAX_CALLS_AN_ANSWER = 64;
/** Characters of one tool result; tools have closer limits of their own. */
const MAX_RESULT_CHARS = 100_000;

interface ReadyCall {
  readonly call: ToolCall;
  /** Of the call in its answer. */
  readonly position: number;
  readonly tool: Tool;
  readonly args: { readonly [key: string]: Json };
}

/** Takes the outcome of the call at this position. */
type End = (position: number, outcome: ToolOutcome, ms: number) => void;

/**
 * Runs the calls of an answer and gives their results in the order of the calls; an agent that was stopped
 * meanwhile gets those that had ended. What is unwritten (the answer) and the starts are in the journal before
 * a tool runs. Calls run together when all are idempotent, else one by one. The ends are in the journal before it
 * resolves, save those of idempotent calls: what is lost of them with the process can be had again, so they are left
 * unwritten. Nor does reading wait for the disk.
 * `notice` is for the model, under the last result.
 */
export async function runTools(agent: Agent, answer: Answer, notice?: string): Promise<readonly ToolResult[]> {
  const { tool_calls } = answer;
  const results: ToolResult[] = [];
  const ready: ReadyCall[] = [];
  const end: End = (position, { content, is_error }, ms) => {
    const { id, name } = tool_calls[position]!;
    // A key that is cut in two is not found any more.
    let text = cutText(agent.deps.filter(content), MAX_RESULT_CHARS, 'ask for less at once');
    const news = agent.own.news?.();
    if (news !== undefined) text += `\n\n[${agent.deps.filter(news)}]`;
    if (notice !== undefined && position === tool_calls.length - 1) text += `\n\n[${notice}]`;
    const result = { id, name, content: text, is_error };
    results[position] = result;
    agent.unwritten.push({ kind: 'tool-end', result, ms });
    agent.tell?.({ type: 'tool-end', tool: name, call_id: id, is_error, ms });
  };
  for (let position = 0; position < tool_calls.length; position += 1) {
    const prepared = prepare(tool_calls[position]!, position, agent.tools);
    if (typeof prepared === 'string') end(position, { content: prepared, is_error: true }, 0);
    else ready.push(prepared);
  }
  const together = ready.length > 0 && ready.every(({ tool }) => tool.idempotent);
  for (const batch of together ? [ready] : ready.map((call) => [call])) {
    const allowed = agent.permit === undefined ? batch : await permitted(agent, batch, end);
    for (const { call, tool } of allowed) {
      agent.unwritten.push({ kind: 'tool-start', call_id: call.id, tool: call.name, idempotent: tool.idempotent });
    }
    await journal(agent, together ? 'process' : 'disk');
    if (agent.sending.signal.aborted) break;
    if (allowed.length > 0) await runBatch(agent, allowed, end);
  }
  if (!together && !agent.sending.signal.aborted) await journal(agent);
  return results.filter((result) => result !== undefined);
}

/** Those of a batch that may run; the others have ended. */
async function permitted(agent: Agent, batch: readonly ReadyCall[], end: End): Promise<readonly ReadyCall[]> {
  const allowed: ReadyCall[] = [];
  for (const one of batch) {
    const denied = await agent.permit?.(one.call, one.tool, one.args);
    if (agent.sending.signal.aborted) break;
    if (denied === undefined) allowed.push(one);
    else end(one.position, { content: denied, is_error: true }, 0);
  }
  return allowed;
}

/** The call ready to run, or what is wrong with it, for the model to read. */
function prepare(call: ToolCall, position: number, tools: Toolset): ReadyCall | string {
  if (position >= MAX_CALLS_AN_ANSWER) {
    return `Not run: one answer may ask for ${MAX_CALLS_AN_ANSWER} calls. Ask again for what is still needed.`;
  }
  const tool = tools.get(call.name);
  if (tool === undefined) {
    return `There is no tool "${call.name.slice(0, 100)}". The tools are: ${[...tools.keys()].join(', ') || 'none'}.`;
  }
  let args: unknown;
  try {
    args = call.arguments.trim() === '' ? {} : JSON.parse(call.arguments);
  } catch (error) {
    return `The arguments of "${call.name}" are not JSON: ${(error as Error).message}. Send one JSON object.`;
  }
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    return `The arguments of "${call.name}" must be one JSON object.`;
  }
  const problems = tool.self_governed ? [] : checkArguments(tool.spec.parameters, args as ReadyCall['args']);
  if (problems.length > 0) return `The arguments of "${call.name}" do not fit: ${problems.join(' ')}`;
  return { call, position, tool, args: args as ReadyCall['args'] };
}

/**
 * Runs calls side by side under one limit, save those that are done in place. Resolves when all have ended, or the
 * limit or the child's signal has ended them: a tool that does not stop is not waited for.
 */
function runBatch(agent: Agent, batch: readonly ReadyCall[], end: End): Promise<void> | undefined {
  const { clock, settings } = agent.deps;
  const started = clock.now();
  const running = new Set<ReadyCall>();
  for (const ready of batch) {
    const { call, position, tool, args } = ready;
    agent.tell?.({ type: 'tool-start', tool: call.name, call_id: call.id, about: tool.about(args) });
    const outcome = outcomeNow(ready);
    if (outcome === undefined) running.add(ready);
    else end(position, outcome, Math.max(0, clock.now() - started));
  }
  if (running.size === 0) return undefined;
  const { signal } = agent.sending;
  const limit = settings.limits.tool_timeout_seconds;
  return new Promise((resolve) => {
    const controller = new AbortController();
    const close = (): void => {
      stopTimer();
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const stop = (): void => {
      running.clear();
      controller.abort();
      close();
    };
    const onLimit = (): void => {
      const content = `It gave no result within ${limit} s and was stopped.`;
      for (const { position } of running) end(position, { content, is_error: true }, limit * 1000);
      stop();
    };
    const self_governed = batch.some(({ tool }) => tool.self_governed);
    const stopTimer = self_governed ? () => {} : startTimer(limit, onLimit);
    signal.addEventListener('abort', stop);
    for (const ready of running) {
      void outcomeOf(ready, controller.signal).then((outcome) => {
        if (!running.delete(ready)) return;
        end(ready.position, outcome, Math.max(0, clock.now() - started));
        if (running.size === 0) close();
      });
    }
  });
}

async function outcomeOf({ call, tool, args }: ReadyCall, signal: AbortSignal): Promise<ToolOutcome> {
  try {
    return await tool.run(args, signal, call.id);
  } catch (error) {
    return broken(error);
  }
}

function outcomeNow({ tool, args }: ReadyCall): ToolOutcome | undefined {
  try {
    return tool.runNow?.(args);
  } catch (error) {
    return broken(error);
  }
}

/** A tool that throws has broken its contract; the model reads it as an error like any other. */
function broken(error: unknown): ToolOutcome {
  return { content: `It failed: ${error instanceof Error ? error.message : error}`, is_error: true };
}
