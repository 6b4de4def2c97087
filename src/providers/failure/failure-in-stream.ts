import type { StreamFailure } from '../stream.ts';
import { classifyFailure } from './classify-failure.ts';

/** The failure that an error event inside a 200 stream tells of; the event itself is the upstream word. */
export function failureInStream(data: string): StreamFailure {
  return { ...classifyFailure({ headers: {}, body: data }), upstream: data };
}
