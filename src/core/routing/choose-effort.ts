import type { Effort } from '../effort.ts';
import type { Issue } from '../errors.ts';
import type { Choice, ChoiceOrIssues } from './choice.ts';
import { type Ask, isAboutEffort } from './read-layer.ts';

/** Who asked for which effort; both absent when nobody did. */
export interface AskedEffort {
  readonly effort?: Effort;
  readonly ask?: Ask;
  /** The word that was to decide is no effort. */
  readonly issues: readonly Issue[];
}

/**
 * The effort asked for, along the same layers as the model but on its own: the nearest layer that says one.
 * The parent's counts only when the child runs on the parent's very provider and model.
 */
export function chooseEffort(asks: readonly Ask[], choice: Choice, parent: ChoiceOrIssues | undefined): AskedEffort {
  const ask = asks.find((layer) => speaksOfEffort(layer) && (layer.layer !== 'parent' || isSameModel(choice, parent)));
  if (ask === undefined) return { issues: [] };
  if (ask.effort === undefined) return { issues: ask.issues.filter(isAboutEffort) };
  return { effort: ask.effort, ask, issues: [] };
}

function speaksOfEffort({ effort, issues }: Ask): boolean {
  return effort !== undefined || issues.some(isAboutEffort);
}

function isSameModel(choice: Choice, parent: ChoiceOrIssues | undefined): boolean {
  return (
    parent?.ok === true &&
    parent.offer.provider === choice.offer.provider &&
    parent.offer.model.id === choice.offer.model.id
  );
}
