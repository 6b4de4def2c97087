import { type Ending, ended, judgeAnswer } from '../core/ending.ts';
import type { Answer, ToolCall, ToolResult } from '../core/provider.ts';
import { routeLabel } from '../core/route.ts';
import { quote } from '../core/routing/parse-name.ts';
import { type Agent, journal } from './agent.ts';
import { type Shortage, shortageOf, tokensAtMost } from './limits/budget.ts';
import { endingOfBudget } from './limits/ending-of-budget.ts';
import { totalOf } from './limits/tally.ts';
import { readOutput } from './read-output.ts';
import { request, stopped } from './request.ts';
import { runTools } from './run-tools.ts';
import { deliverSteers, showSteers } from './steering.ts';
import { transcribeAnswer, transcribeResults } from './transcribe.ts';

/** The same calls this many times in a row: the model is told. */
export const WARN_REPEATS = 4;
/** … and this many times: the child ends. */
export const STOP_REPEATS = 8;

/**
 * Turns until the agent ends: ask, write the answer down, run its tools, write down what cannot be had again, ask again.
 * What is unwritten when it returns belongs in the same write as the result.
 */
export async function runTurns(agent: Agent): Promise<Ending> {
  const { plan, deps, tally, sending } = agent;
  const { limits, on_mismatch } = deps.settings;
  const { max_turns } = limits;
  let repairs = 0;
  let repeats = 1;
  let last = '';
  for (;;) {
    if (sending.signal.aborted) return stopped(agent);
    const turn = tally.turns + 1;
    agent.tell?.({ type: 'turn-start', turn });
    showSteers(agent);
    const asked = await request(agent);
    if ('ending' in asked) return asked.ending;
    const { answer } = asked;
    deliverSteers(agent, turn);
    agent.unwritten.push({ kind: 'answer', turn, answer });
    transcribeAnswer(agent.transcript, answer);
    agent.tell?.({ type: 'usage', ...totalOf(tally) });

    if (asked.verdict === 'mismatch' && on_mismatch === 'fail') return mismatch(agent, answer);
    const ending = judgeAnswer(answer);
    if (ending !== undefined) {
      if (asked.capped && ending.exit_reason === 'length') return { ...ending, exit_reason: 'budget' };
      if (ending.status !== 'completed' || plan.input.output_schema === undefined) return ending;
      const read = await readOutput(deps.filter(answer.text), plan.input.output_schema, deps.validateOutput);
      if ('output' in read) return { ...ending, output: read.output };
      if (repairs > 0 || turn >= max_turns || turnsLeft(agent) < 1) return invalidOutput(read.problems);
      repairs += 1;
      repair(agent, answer, read.problems);
      await journal(agent);
      continue;
    }
    if (turn >= max_turns) return outOfTurns(max_turns);
    // Without a turn to come nobody would read what the tools give.
    const short = shortageOfTurns(agent);
    if (short !== undefined) return endingOfBudget(agent, short);

    const calls = answer.tool_calls.map(({ name, arguments: args }) => `${name} ${args}`).join('\n');
    repeats = calls === last ? repeats + 1 : 1;
    last = calls;
    if (repeats >= STOP_REPEATS) return goingRound(answer.tool_calls[0]!);
    const notice =
      turn + 1 >= max_turns || turnsLeft(agent) <= 1
        ? 'This was the last turn with tools: answer now, from what you have.'
        : repeats >= WARN_REPEATS
          ? `You have made exactly this call ${repeats} times in a row. Do something else, or answer.`
          : undefined;
    const results = await runTools(agent, answer, notice);
    transcribeResults(agent.transcript, results);
    if (sending.signal.aborted) return stopped(agent);
    go(agent, answer, results);
  }
}

/** Turns that its budgets have for certain: those that others have set aside may come back. */
function turnsLeft({ ledgers }: Agent): number {
  return Math.min(...ledgers.map((ledger) => ledger.unused().turns));
}

function shortageOfTurns({ ledgers }: Agent): Shortage | undefined {
  const used = ledgers.find((ledger) => ledger.unused().turns < 1);
  return used && shortageOf(used, { kind: 'turns', needs: 1 });
}

/** Takes the answer and its tool results into the conversation. */
function go(agent: Agent, answer: Answer, results: readonly ToolResult[]): void {
  agent.conversation.append({ role: 'assistant', answer });
  agent.conversation.append({ role: 'tool', results });
  agent.context = contextAfter(agent, answer);
  for (const { content } of results) agent.context += tokensAtMost(content);
}

/** One more turn for a final answer that does not validate, with the reasons. */
function repair(agent: Agent, answer: Answer, problems: readonly string[]): void {
  const text = `That does not validate:\n${problems.map((problem) => `- ${problem}`).join('\n')}\nAnswer again with the corrected JSON value and nothing else.`;
  agent.conversation.append({ role: 'assistant', answer });
  agent.conversation.append({ role: 'user', text });
  agent.unwritten.push({ kind: 'message', message: { role: 'user', text } });
  agent.transcript?.write('user', text);
  agent.context = contextAfter(agent, answer) + tokensAtMost(text);
}

function contextAfter({ context }: Agent, { usage, text, tool_calls }: Answer): number {
  if (usage !== undefined && usage.input > 0) return usage.input + usage.output;
  return tool_calls.reduce((sum, call) => sum + tokensAtMost(call.arguments), context + tokensAtMost(text));
}

function mismatch({ route }: Agent, { served_model }: Answer): Ending {
  return ended('failed', 'mismatch', {
    code: 'SERVED_MISMATCH',
    message: `"${routeLabel(route)}" was asked for, and the provider says that ${quote(served_model ?? '')} answered.`,
    hint: "If that is the same model, name it in `served_as` of the model's entry under the provider; `on_mismatch: warn` accepts any.",
  });
}

function outOfTurns(max_turns: number): Ending {
  return ended('partial', 'max_turns', {
    code: 'TURNS_EXHAUSTED',
    message: `All ${max_turns} turns were used without a final answer.`,
    hint: 'Raise max_turns, or split the task.',
  });
}

function goingRound({ name }: ToolCall): Ending {
  return ended('partial', 'loop', {
    code: 'TURNS_EXHAUSTED',
    message: `The same "${name}" call was asked for ${STOP_REPEATS} times in a row, so it was stopped.`,
    hint: 'Word the goal more definitely, or give the task to another model.',
  });
}

function invalidOutput(problems: readonly string[]): Ending {
  return ended('invalid_output', 'answered', {
    code: 'OUTPUT_INVALID',
    message: `The answer does not validate against output_schema: ${problems.join(' ')}`,
    hint: 'The text is kept in the summary.',
  });
}
