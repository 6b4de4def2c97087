import type { IncomingMessage } from 'node:http';
import type { Json } from '../core/task.ts';
import type { Dialect, JsonObject } from './dialect.ts';
import { objectOf, textOf } from './json-shape.ts';
import type { Mutable } from './play.ts';
import type { SeenRequest, TestWire } from './seen-request.ts';

/** Members of a body that carry reasoning effort, over all wires and dialects. */
const EFFORT_MEMBERS = [
  'reasoning_effort',
  'reasoning',
  'thinking',
  'enable_thinking',
  'output_config',
  'chat_template_kwargs',
  'verbosity',
] as const;

export interface Arrival {
  readonly at: number;
  readonly index: number;
  readonly connection: number;
  readonly in_flight: number;
  readonly incoming: IncomingMessage;
  readonly body: string;
  readonly wire: TestWire;
  readonly dialect: Dialect;
}

export function readRequest(arrival: Arrival): Mutable<SeenRequest> {
  const { incoming, dialect, ...facts } = arrival;
  const json = parse(arrival.body);
  const body = objectOf(json);
  const key = dialect.keyOf(incoming.headers) ?? keyAnywhere(incoming.headers);
  return {
    ...facts,
    ...dialect.read(body),
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    authority: `http://${incoming.headers.host ?? ''}`,
    ...(key === undefined ? {} : { key }),
    json,
    model: textOf(body.model),
    effort: effortOf(body),
    done: false,
    aborted: false,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A key that came where this wire does not look for one was sent all the same, and must be seen. */
function keyAnywhere(headers: SeenRequest['headers']): string | undefined {
  const value = headers.authorization ?? headers['x-api-key'] ?? headers['api-key'] ?? headers['x-goog-api-key'];
  return typeof value === 'string' ? value.replace(/^Bearer /, '') : undefined;
}

function effortOf(body: JsonObject): SeenRequest['effort'] {
  const found: Record<string, Json> = {};
  for (const member of EFFORT_MEMBERS) if (body[member] !== undefined) found[member] = body[member] as Json;
  return Object.keys(found).length === 0 ? null : found;
}
