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
  readonly tool: Tool;
  readonly args: { readonly [key: string]: Json };
}

/**
 * Runs the calls of an answer and gives their results in the order of the calls; an agent that was stopped
 * meanwhile gets those that had ended. What is unwritten (the answer) and the starts are in the journal before
 * a tool runs. Calls run together when all are idempotent, else one by one. The ends are in the journal before it
 * resolves, save those of idempotent calls: what is lost of them with the process can be had again, so they are left
 * unwritten. Nor does reading wait for the disk.
 * `notice` is for the model, under the last result.
 */
export async function runTools(agent: Agent, answer: Answer, notice?: string): Promise<readonly ToolResult[]> {
  const results = new Map<ToolCall, ToolResult>();
  const ready: ReadyCall[] = [];
  const end = (call: ToolCall, { content, is_error }: ToolOutcome, ms: number): void => {
    // A key that is cut in two is not found any more.
    let text = cutText(agent.deps.filter(content), MAX_RESULT_CHARS, 'ask for less at once');
    const news = agent.own.news?.();
    if (news !== undefined) text += `\n\n[${agent.deps.filter(news)}]`;
    if (notice !== undefined && call === answer.tool_calls.at(-1)) text += `\n\n[${notice}]`;
    const result = { id: call.id, name: call.name, content: text, is_error };
    results.set(call, result);
    agent.unwritten.push({ kind: 'tool-end', result, ms });
    agent.tell?.({ type: 'tool-end', tool: call.name, call_id: call.id, is_error, ms });
  };
  for (const [position, call] of answer.tool_calls.entries()) {
    const prepared = prepare(call, position, agent.tools);
    if (typeof prepared === 'string') end(call, { content: prepared, is_error: true }, 0);
    else ready.push(prepared);
  }
  const together = ready.every(({ tool }) => tool.idempotent);
  for (const batch of together ? (ready.length > 0 ? [ready] : []) : ready.map((call) => [call])) {
    const allowed: ReadyCall[] = [];
    for (const one of batch) {
      const denied = await agent.permit?.(one.call, one.tool, one.args);
      if (agent.sending.signal.aborted) break;
      if (denied === undefined) allowed.push(one);
      else end(one.call, { content: denied, is_error: true }, 0);
    }
    for (const { call, tool } of allowed) {
      agent.unwritten.push({ kind: 'tool-start', call_id: call.id, tool: call.name, idempotent: tool.idempotent });
    }
    await journal(agent, together ? 'process' : 'disk');
    if (agent.sending.signal.aborted) break;
    if (allowed.length > 0) await runBatch(agent, allowed, end);
  }
  if (!(together && ready.length > 0) && !agent.sending.signal.aborted) await journal(agent);
  return answer.tool_calls.flatMap((call) => results.get(call) ?? []);
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
  return { call, tool, args: args as ReadyCall['args'] };
}

/**
 * Runs calls side by side under one limit. Resolves when all have ended, or the limit or the child's signal has
 * ended them: a tool that does not stop is not waited for.
 */
function runBatch(
  agent: Agent,
  batch: readonly ReadyCall[],
  end: (call: ToolCall, outcome: ToolOutcome, ms: number) => void,
): Promise<void> {
  const { clock, settings } = agent.deps;
  const { signal } = agent.sending;
  const limit = settings.limits.tool_timeout_seconds;
  return new Promise((resolve) => {
    const controller = new AbortController();
    const running = new Set(batch);
    const started = clock.now();
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
      for (const { call } of running) end(call, { content, is_error: true }, limit * 1000);
      stop();
    };
    const stopTimer = batch.some(({ tool }) => tool.self_governed) ? () => {} : startTimer(limit, onLimit);
    signal.addEventListener('abort', stop);
    for (const ready of batch) {
      const { call, tool, args } = ready;
      agent.tell?.({ type: 'tool-start', tool: call.name, call_id: call.id, about: tool.about(args) });
      void outcomeOf(ready, controller.signal).then((outcome) => {
        if (!running.delete(ready)) return;
        end(call, outcome, Math.max(0, clock.now() - started));
        if (running.size === 0) close();
      });
    }
  });
}

/** A tool that throws has broken its contract; the model reads it as an error like any other. */
async function outcomeOf({ call, tool, args }: ReadyCall, signal: AbortSignal): Promise<ToolOutcome> {
  try {
    return await tool.run(args, signal, call.id);
  } catch (error) {
    return { content: `It failed: ${error instanceof Error ? error.message : error}`, is_error: true };
  }
}
