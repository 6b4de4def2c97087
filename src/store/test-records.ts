import type { Answer } from '../core/provider.ts';
import type { TaskResult } from '../core/result.ts';
import type { Receipt, Route } from '../core/route.ts';
import type { DelegationRecord, TaskPlan } from '../core/store.ts';

/** Records of the size that real ones have, for tests of stores. */

const ROUTE: Route = {
  provider: 'lab',
  model: 'some-model-1',
  wire: 'openai-chat',
  base_url: 'https://lab.example/v1',
  authority: 'https://lab.example:443',
  credential: { kind: 'env', name: 'LAB_KEY', authority: 'https://lab.example:443' },
  reasoning_effort: 'high',
  context: 200_000,
  max_output: 64_000,
  price: { in: 3, out: 15, cache_read: 0.3, cache_write: 3.75 },
  tools: true,
  vision: true,
  fallback: [],
};

const RECEIPT: Receipt = {
  requested: { task: { provider: 'lab', model: 'some-model' } },
  resolved: {
    provider: ROUTE.provider,
    model: ROUTE.model,
    wire: ROUTE.wire,
    authority: ROUTE.authority,
    reasoning_effort: 'high',
  },
  source: { provider: 'task', model: 'task', reasoning_effort: 'config' },
  sent: { model: ROUTE.model, reasoning: { effort: 'high' } },
  served: { model: ROUTE.model, verified: 'match', request_ids: ['req_01', 'req_02'] },
  hops: [],
  notes: [],
};

export function aPlan(id: string, index: number): TaskPlan {
  return {
    id,
    index,
    input: { goal: `Read the file number ${index} and say in one paragraph what it is about`, model: 'some-model' },
    requested: RECEIPT.requested,
    route: ROUTE,
    source: RECEIPT.source,
    notes: [],
  };
}

export function aDelegation(id: string, task_ids: readonly string[]): DelegationRecord {
  return { id, root_id: id, depth: 1, origin: 'library', created_at: 1_000, tasks: task_ids.map(aPlan) };
}

export function anAnswer(): Answer {
  return {
    text: 'I will read the file first.',
    reasoning: 'The goal names a file.',
    tool_calls: [{ id: 'call_1', name: 'read_file', arguments: '{"path":"src/core/store.ts"}' }],
    stop: 'tool_calls',
    usage: { input: 1_200, output: 40, cache_read: 1_024, cache_write: 0, reasoning: 12 },
    served_model: ROUTE.model,
    request_id: 'req_01',
    sent: { model: ROUTE.model, reasoning: { effort: 'high' } },
    first_token_ms: 12.25,
    notes: [],
  };
}

export function aResult(id: string, changes: Partial<TaskResult> = {}): TaskResult {
  return {
    index: 0,
    id,
    status: 'completed',
    summary: 'The file declares the Store port and the records that it keeps. '.repeat(4),
    route: RECEIPT,
    usage: { input: 2_400, output: 100, cache_read: 1_024, cache_write: 0, reasoning: 12 },
    cost: { usd: 0.0087, complete: true },
    turns: 2,
    tool_calls: 1,
    timing: { queued_ms: 1, first_token_ms: 12.25, total_ms: 100.5 },
    exit_reason: 'answered',
    artifacts: [],
    ...changes,
  };
}
