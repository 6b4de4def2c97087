import { type Route, routeLabel } from '../../core/route.ts';
import type { Paint } from '../output.ts';

/** `provider/model`, marked where a script answers and no model does. Without `paint` in one colour. */
export function routeName(route: Pick<Route, 'provider' | 'model' | 'simulated'>, paint?: Paint): string {
  const label = routeLabel(route);
  return markSimulated(paint === undefined ? label : paint.cyan(label), route, paint);
}

export function markSimulated(name: string, { simulated }: { readonly simulated?: true }, paint?: Paint): string {
  if (simulated !== true) return name;
  return `${name} ${paint === undefined ? '(simulated)' : paint.magenta('simulated')}`;
}
