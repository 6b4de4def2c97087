import pc from 'picocolors';
import type { Receipt, Route } from '../../core/route.ts';
import type { Reply, SessionRoute, SessionSpend } from '../../core/session.ts';
import { createTheme, type Theme } from './theme.ts';

/** Without colour, so that a test reads what a person reads. */
export const theme: Theme = createTheme(pc.createColors(false));

export const route: Route = {
  provider: 'lab',
  model: 'small-1',
  wire: 'openai-chat',
  base_url: 'http://127.0.0.1:1/v1',
  authority: 'http://127.0.0.1:1',
  credential: { kind: 'none', authority: 'http://127.0.0.1:1' },
  reasoning_effort: 'low',
  context: 100_000,
  simulated: true,
  fallback: [],
};

export const current: SessionRoute = {
  route,
  requested: {},
  source: { provider: 'parent', model: 'parent', reasoning_effort: 'task' },
  notes: [],
};

export const receipt: Receipt = {
  requested: {},
  resolved: route,
  source: current.source,
  served: { model: 'small-1', verified: 'match', request_ids: [] },
  hops: [],
  notes: [],
};

const usage = { input: 1200, output: 300, cache_read: 0, cache_write: 0, reasoning: 0 };

export const reply: Reply = {
  status: 'completed',
  text: 'Done.',
  route: receipt,
  usage,
  cost: { usd: 0.0012, complete: true },
  turns: 2,
  tool_calls: 1,
  timing: { queued_ms: 0, total_ms: 3100 },
  exit_reason: 'answered',
};

export function spendOf(more: Partial<SessionSpend> = {}): SessionSpend {
  return {
    usage,
    cost: { usd: 0.0012, complete: true },
    by_route: [{ route, usage, cost: { usd: 0.0012, complete: true }, turns: 2 }],
    children: {
      usage: { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 },
      cost: { usd: 0, complete: true },
    },
    ...more,
  };
}

/** Every escape but colour and the like, and every control: what must never reach a terminal from outside. */
export const RAW: RegExp =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /\u001b(?!\[[\d;]*m|\]8;;[^\u0007\u001b]*\u001b\\)|[\u0000-\u0008\u000b-\u001a\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u;
