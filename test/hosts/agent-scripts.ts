import type { AgentScript, AgentTurn } from './agent-model.ts';
import type { Agent } from './agents.ts';

/** Longer conversations than these scripts need: something goes round in a circle. */
const MOST_TURNS = 12;

/** Of a delegation. Text inside of JSON may have a letter of an escape right before it. */
const ID = /d_[0-9a-z]{12,}/;

type Step = (
  result: string | undefined,
  args: string,
) => { readonly text: string } | { readonly use: string; readonly with: object };

/** Calls `delegate_task`, collects what outlasts the call, and says that it has read the results. */
export function delegating(agent: Agent, args: object): AgentScript {
  return following(agent, (result) => {
    if (result === undefined) return { use: 'delegate_task', with: args };
    const id = runningIn(result);
    return id === undefined ? { text: 'READ IT ALL' } : { use: 'delegation_status', with: { action: 'wait', id } };
  });
}

/** Lists what nobody has collected, collects it, and lists again. */
export function collecting(agent: Agent): AgentScript {
  return following(agent, (result, args) => {
    if (result === undefined) return { use: 'delegation_status', with: { action: 'list' } };
    if (!args.includes('list')) return { use: 'delegation_status', with: { action: 'list' } };
    const [id] = ID.exec(result) ?? [];
    return id === undefined ? { text: 'NOTHING IS LEFT' } : { use: 'delegation_status', with: { action: 'wait', id } };
  });
}

/** What calls of our tools gave, as the agent told its model. */
export function resultsIn(turns: readonly AgentTurn[], tool: string): readonly string[] {
  return turns.flatMap(({ results }) =>
    results.filter(({ name }) => name.endsWith(tool)).map(({ content }) => content),
  );
}

function following(agent: Agent, step: Step): AgentScript {
  return (turn) => {
    const { tools, results } = turn;
    // Agents also have titles made, and the like.
    if (tools.length === 0 || turn.turn > MOST_TURNS) return { text: 'ok' };
    const last = results.find(({ name }) => /delegat/.test(name));
    const searched = results.some(({ name }) => name === 'ToolSearch');
    if (tools.includes('ToolSearch') && last === undefined && !searched) {
      const names = ['delegate_task', 'delegation_status'].map(agent.toolName);
      return { call: { name: 'ToolSearch', arguments: { query: `select:${names.join(',')}`, max_results: 5 } } };
    }
    const next = step(last?.content, last?.arguments ?? '');
    if (!('use' in next)) return next;
    const { callExtra: extra } = agent;
    return { call: { name: agent.toolName(next.use), arguments: next.with as never, ...(extra && { extra }) } };
  };
}

function runningIn(result: string): string | undefined {
  return / runs(: \d| in the background)|"state":"running"/.test(result) ? ID.exec(result)?.[0] : undefined;
}
