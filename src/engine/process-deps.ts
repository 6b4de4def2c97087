import type { DelegationSettings } from '../core/settings.ts';
import type { Store } from '../core/store.ts';
import type { Clock } from './clock.ts';
import { createControls } from './controls.ts';
import type { EngineDeps } from './deps.ts';
import { createLeases } from './leases.ts';
import { createDailyBudget } from './limits/daily-budget.ts';
import { createGovernor } from './limits/governor.ts';

/** What a process has once, for all its delegations, over one store; `owner` names it, uniquely among its processes. */
export function createProcessDeps(
  owner: string,
  { store, clock, settings }: { readonly store: Store; readonly clock: Clock; readonly settings: DelegationSettings },
): Pick<EngineDeps, 'store' | 'clock' | 'settings' | 'leases' | 'controls' | 'governor' | 'daily'> {
  const leases = createLeases(store, owner);
  const shared = { store, leases, clock };
  const { daily_usd } = settings;
  return {
    ...shared,
    settings,
    controls: createControls(store, owner),
    governor: createGovernor(shared),
    ...(daily_usd !== undefined && { daily: createDailyBudget(daily_usd, shared) }),
  };
}
