import type { Issue } from '../errors.ts';
import type { RouteSource } from '../route.ts';
import type { Offer } from './catalog-index.ts';
import type { Ask } from './read-layer.ts';

/** Provider and model, decided together. */
export interface Choice {
  readonly ok: true;
  readonly offer: Offer;
  /** The layer that decided. */
  readonly ask: Ask;
  readonly source: Pick<RouteSource, 'provider' | 'model'>;
}
export type ChoiceOrIssues = Choice | { readonly ok: false; readonly issues: readonly Issue[] };

/** The parent's own choice; undefined when there is no parent. */
export type ParentChoice = () => ChoiceOrIssues | undefined;
