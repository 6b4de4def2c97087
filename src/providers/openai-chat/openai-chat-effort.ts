import type { Route } from '../../core/route.ts';

/** Members of the body that carry the route's effort; empty = nothing about effort on the wire. */
export function chatEffort(route: Route): Readonly<Record<string, unknown>> {
  const { reasoning_effort: level, effort_dialect: dialect } = route;
  if (level === undefined || dialect === 'omit') return {};
  const word = route.effort_word ?? level;
  const on = level !== 'none';
  switch (dialect) {
    case 'reasoning_object':
      return { reasoning: on ? { effort: word } : { enabled: false } };
    case 'reasoning_toggle':
      return { reasoning: { enabled: on } };
    case 'thinking_toggle':
      return { thinking: { type: on ? 'enabled' : 'disabled' } };
    case 'thinking_and_effort':
      return on ? { thinking: { type: 'enabled' }, reasoning_effort: word } : { thinking: { type: 'disabled' } };
    case 'enable_thinking':
      return { enable_thinking: on };
    default:
      // The dialects of the messages wire do not exist here, so the plain form holds.
      return { reasoning_effort: word };
  }
}
