import type { Route, Verdict } from '../route.ts';
import { type ModelName, parseModelName } from './model-name.ts';

/**
 * Whether the model that the provider's own answer names is the one the route asked for. A `match` is one of:
 * the same id; an id that catalog or config names in `served_as`; the same name in other packaging (vendor
 * prefix, price variant, order of words, `4-5` for `4.5`), dated or not. Two different dates are two models.
 * A router stands for whatever serves. Everything else is a `mismatch`; `undefined` or blank is `unreported`.
 *
 * The pairs it is held to are in served-model.test.ts.
 */
export function verifyServed(
  route: Pick<Route, 'model' | 'served_as' | 'router'>,
  served: string | undefined,
): Verdict {
  if (served === undefined || served.trim() === '') return 'unreported';
  if (served === route.model || route.router === true) return 'match';
  const name = parseModelName(served);
  if (sameModel(parseModelName(route.model), name)) return 'match';
  const known = route.served_as?.some((id) => id === served || sameModel(parseModelName(id), name)) ?? false;
  return known ? 'match' : 'mismatch';
}

function sameModel(asked: ModelName, served: ModelName): boolean {
  if (asked.words.length === 0 && asked.versions.length === 0) return false;
  return (
    sameSnapshot(asked.snapshot, served.snapshot) &&
    sameSet(asked.versions, served.versions) &&
    sameWords(asked, served)
  );
}

/** `…-latest` asks for whatever snapshot is newest, so a dated answer without that word fulfils it. */
function sameWords(asked: ModelName, served: ModelName): boolean {
  if (sameSet(asked.words, served.words)) return true;
  return (
    served.snapshot !== undefined &&
    sameSet(
      asked.words.filter((word) => word !== 'latest'),
      served.words,
    )
  );
}

/** `0813` is the same day as `20250813`; a name without a date does not contradict one with it. */
function sameSnapshot(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  return one.endsWith(other) || other.endsWith(one);
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  const sorted = [...other].sort();
  return [...one].sort().every((item, index) => item === sorted[index]);
}
