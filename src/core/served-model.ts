import type { Route, Verdict } from './route.ts';

/** Whether the model that the provider's answer names is the one the route asked for. */
export function verifyServed(
  route: Pick<Route, 'model' | 'served_as' | 'router'>,
  served: string | undefined,
): Verdict {
  if (served === undefined || served.trim() === '') return 'unreported';
  return served === route.model ? 'match' : 'mismatch';
}
