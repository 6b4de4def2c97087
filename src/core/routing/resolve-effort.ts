import { EFFORTS, type Effort } from '../effort.ts';
import { suggestNames } from '../text/suggest.ts';

/** Words people use for a level that has another name here. They are suggested, never substituted. */
const OTHER_WORDS: Readonly<Record<string, Effort>> = {
  ultra: 'max',
  maximum: 'max',
  highest: 'max',
  'x-high': 'xhigh',
  'extra-high': 'xhigh',
  normal: 'medium',
  lowest: 'minimal',
  off: 'none',
  disabled: 'none',
};

/** A level, or undefined for a word that is none. Letter case does not matter; `false` means `none`. */
export function parseEffort(word: string): Effort | undefined {
  const level = word.trim().toLowerCase();
  if (level === 'false') return 'none';
  return EFFORTS.find((effort) => effort === level);
}

/** The levels nearest to a word that is none. */
export function suggestEfforts(word: string): readonly string[] {
  const meant = OTHER_WORDS[word.trim().toLowerCase()];
  return meant === undefined ? suggestNames(word, EFFORTS) : [meant];
}

export interface EffortDecision {
  /** What goes into the route; absent = nothing about effort on the wire. */
  readonly effort?: Effort;
  /** Set when it is not what was asked, or cannot be known to be taken. */
  readonly note?: string;
  /** True when the model does not take what was asked: `effort_policy: strict` refuses this. */
  readonly clamped: boolean;
}

/**
 * What a model does with a level: takes it; or the nearest weaker one it takes (never `none`, unless asked);
 * or, if it takes none weaker, its weakest. `supported: undefined` = nobody knows: passed as asked, with a note.
 * `supported: []` = it takes no effort at all: nothing is sent.
 */
export function clampEffort(asked: Effort, supported: readonly Effort[] | undefined, model: string): EffortDecision {
  if (supported === undefined) {
    return {
      effort: asked,
      note: `effort "${asked}" is sent as asked: the levels of ${model} are not known`,
      clamped: false,
    };
  }
  if (supported.includes(asked)) return { effort: asked, clamped: false };
  if (supported.length === 0) {
    if (asked === 'none') return { clamped: false };
    return { note: `effort "${asked}" is left out: ${model} takes no reasoning effort`, clamped: true };
  }
  const ladder = EFFORTS.filter((level) => level !== 'none' && supported.includes(level));
  const effort = ladder.findLast((level) => EFFORTS.indexOf(level) < EFFORTS.indexOf(asked)) ?? ladder[0];
  if (effort === undefined) {
    return { effort: 'none', note: `effort "${asked}" became "none": ${model} takes nothing else`, clamped: true };
  }
  return {
    effort,
    note: `effort "${asked}" became "${effort}": ${model} takes ${supported.join(', ')}`,
    clamped: true,
  };
}
