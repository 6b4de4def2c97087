import type { Route, Sent } from '../../core/route.ts';
import type { Traffic } from './ai-sdk-fetch.ts';

/** Names under which vendors take effort, at the top of a body or in an object of settings in it. */
const EFFORT_FIELDS: ReadonlySet<string> = new Set([
  'reasoning',
  'reasoning_effort',
  'reasoningEffort',
  'reasoningConfig',
  'reasoning_config',
  'thinking',
  'thinkingConfig',
  'thinking_config',
  'enable_thinking',
  'output_config',
]);

/** What a package really sent, read from the body that left: its options are not the proof. */
export function sentBy(route: Route, { body, url }: Traffic): Sent {
  const named = (body as { model?: unknown } | undefined)?.model;
  const inUrl = url !== undefined && decodeURIComponent(url.pathname).includes(route.model);
  const model = typeof named === 'string' ? named : inUrl ? route.model : '';
  const reasoning = effortIn(body);
  return { model, reasoning: Object.keys(reasoning).length === 0 ? null : reasoning };
}

/** Messages, contents and tools are lists, so that nothing of the conversation is looked at. */
function effortIn(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const found: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    if (EFFORT_FIELDS.has(name)) {
      if (inner !== undefined && inner !== null) found[name] = inner;
      continue;
    }
    const deeper = effortIn(inner);
    if (Object.keys(deeper).length > 0) found[name] = deeper;
  }
  return found;
}
