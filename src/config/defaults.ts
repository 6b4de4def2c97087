import { DEFAULT_FALLBACK_ON } from '../core/after-failure.ts';
import { DEFAULT_LIMITS } from '../core/settings.ts';
import type { ConfigFile, DelegationConfig } from './files/config-file.ts';

/** Everything that has a default, and the default. What is absent here is absent until somebody sets it. */
export const DEFAULTS: ConfigFile & { readonly delegation: DelegationDefaults } = {
  delegation: {
    selection: 'open',
    allow: ['*'],
    deny: [],
    above_parent_price: 'allow',
    on_mismatch: 'fail',
    effort_policy: 'clamp',
    toolsets: ['read'],
    sandbox: 'none',
    fallback_on: DEFAULT_FALLBACK_ON,
    ...DEFAULT_LIMITS,
  },
  toolsets: ['read'],
  web: { allow_hosts: [] },
};

type Defaulted =
  | 'selection'
  | 'allow'
  | 'deny'
  | 'above_parent_price'
  | 'on_mismatch'
  | 'effort_policy'
  | 'toolsets'
  | 'sandbox'
  | 'fallback_on';
type DelegationDefaults = DelegationConfig & Required<Pick<DelegationConfig, Defaulted>> & typeof DEFAULT_LIMITS;

/** A configuration in which every key that has a default is set. */
export interface FullConfig extends ConfigFile {
  readonly delegation: DelegationDefaults;
  readonly toolsets: readonly string[];
  readonly web: { readonly allow_hosts: readonly string[] };
}

export function withDefaults(config: ConfigFile): FullConfig {
  return {
    ...config,
    delegation: { ...DEFAULTS.delegation, ...config.delegation },
    toolsets: config.toolsets ?? DEFAULTS.toolsets ?? [],
    web: { allow_hosts: config.web?.allow_hosts ?? [] },
  };
}
