import type { Catalog } from './core/catalog.ts';
import type { EventListener } from './core/events.ts';
import type { DelegationResult } from './core/result.ts';
import type { DelegationSettings, RoutingSettings } from './core/settings.ts';
import type { Store } from './core/store.ts';

/** What every surface calls. Surfaces parse and render; nothing else decides or runs. */
export interface Yardmaster extends AsyncDisposable {
  /**
   * Runs a call of `delegate_task` (any accepted shape) to its end.
   * Throws a `DelegateError` with all issues when it is refused; then nothing was sent or stored.
   * What happens to a child is a result, not an error.
   */
  delegate(args: unknown, options?: DelegateOptions): Promise<DelegationResult>;
  /** What `delegate` would do with the same arguments; sends nothing. Refusals throw as `delegate`'s do. */
  explain(args: unknown): import('./core/explain.ts').Explanation;
  readonly catalog: Catalog;
  readonly routing: RoutingSettings;
  readonly settings: DelegationSettings;
  /** Opened on first use. */
  store(): Promise<Store>;
}

export interface DelegateOptions {
  readonly signal?: AbortSignal;
  readonly on?: EventListener;
  /** Which surface asks; default `library`. */
  readonly origin?: string;
}
