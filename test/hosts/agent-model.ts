import { type ChatCompletionRequest, LLMock } from '@copilotkit/aimock';
import { type ReplyToolCall, type SeenRequest, startProvider, type TestWire } from '../../src/testing.ts';

/** One request of an agent to its model, as far as a script needs it. */
export interface AgentTurn {
  readonly tools: readonly string[];
  /** The user's texts and the instructions. */
  readonly said: string;
  /** Answers the model has given in this conversation. */
  readonly turn: number;
  /** What its last tool calls gave. */
  readonly results: readonly { readonly name: string; readonly arguments: string; readonly content: string }[];
  /** The body as sent. */
  readonly body: unknown;
}

export type AgentReply = { readonly text: string } | { readonly call: ReplyToolCall };
export type AgentScript = (turn: AgentTurn) => AgentReply;

/** The model behind an agent: a server on loopback that follows a script and remembers what it was sent. */
export interface AgentModel extends AsyncDisposable {
  readonly url: string;
  readonly turns: readonly AgentTurn[];
}

/** `gemini` is the one wire that `yardmaster/testing` does not speak. */
export type AgentWire = TestWire | 'gemini';

export async function startAgentModel(wire: AgentWire, script: AgentScript): Promise<AgentModel> {
  const turns: AgentTurn[] = [];
  const decide = (turn: AgentTurn): AgentReply => {
    turns.push(turn);
    return script(turn);
  };
  if (wire === 'gemini') return startGemini(turns, decide);
  const server = await startProvider({
    wire,
    // Agents send members that only their own vendor knows.
    check: false,
    reply: (request) => {
      const reply = decide(turnOf(request));
      return 'text' in reply ? reply : { tool_calls: [reply.call] };
    },
  });
  return { url: server.base_url, turns, [Symbol.asyncDispose]: () => server.close() };
}

function turnOf({ tools, texts, system, turn, tool_results, json }: SeenRequest): AgentTurn {
  return {
    tools: tools.map(({ name }) => name),
    said: [...texts, system].join('\n'),
    turn,
    results: tool_results.map(({ name, arguments: args, content }) => ({ name, arguments: args, content })),
    body: json,
  };
}

async function startGemini(turns: readonly AgentTurn[], decide: AgentScript): Promise<AgentModel> {
  const mock = new LLMock({ port: 0, logLevel: 'silent' });
  mock.on({ predicate: () => true }, (request) => {
    const reply = decide(turnOfChat(request));
    if ('text' in reply) return { content: reply.text };
    const { name, arguments: args } = reply.call;
    return { toolCalls: [{ name, arguments: typeof args === 'string' ? args : JSON.stringify(args) }] };
  });
  const url = await mock.start();
  return { url, turns, [Symbol.asyncDispose]: () => mock.stop() };
}

/** aimock shows every wire's request as a chat completion. */
function turnOfChat(request: ChatCompletionRequest): AgentTurn {
  const { messages, tools = [] } = request;
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  const calls = messages[last]?.tool_calls ?? [];
  const text = (content: unknown): string => (typeof content === 'string' ? content : JSON.stringify(content ?? ''));
  return {
    tools: tools.map((tool) => tool.function.name),
    said: messages
      .filter(({ role }) => role !== 'assistant' && role !== 'tool')
      .map(({ content }) => text(content))
      .join('\n'),
    turn: messages.filter(({ role }) => role === 'assistant').length,
    results: messages
      .slice(last + 1)
      .filter(({ role }) => role === 'tool')
      .map(({ tool_call_id, content }, index) => {
        const call = calls.find(({ id }) => id === tool_call_id) ?? calls[index];
        return { name: call?.function.name ?? '', arguments: call?.function.arguments ?? '', content: text(content) };
      }),
    body: request,
  };
}
