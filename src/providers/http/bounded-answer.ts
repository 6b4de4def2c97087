import { isDeep } from '../../core/is-deep.ts';
import type { Answer } from '../../core/provider.ts';
import type { StreamFailure } from '../stream.ts';

/** The answer, if what of it is kept as the provider wrote it (replay, extras) can be journalled and sent again. */
export function boundedAnswer<T extends Pick<Answer, 'replay' | 'tool_calls'>>(answer: T): T {
  if (isDeep(answer.replay) || answer.tool_calls.some(({ extra }) => isDeep(extra))) {
    throw { class: 'protocol', upstream: 'an answer with JSON of more than a hundred levels' } satisfies StreamFailure;
  }
  return answer;
}
