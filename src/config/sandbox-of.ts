import { homedir } from 'node:os';
import { join } from 'node:path';
import type { SandboxSettings } from '../core/settings.ts';
import type { FullConfig } from './defaults.ts';
import type { Expand } from './settings-of.ts';

/** What keeps commands apart, as configured; `~/` is the user's home. */
export function sandboxOf({ delegation }: FullConfig, expand: Expand): SandboxSettings {
  const { sandbox } = delegation;
  const { kind, network = false, image, read_only = [] } = typeof sandbox === 'string' ? { kind: sandbox } : sandbox;
  const path = ['delegation', 'sandbox'];
  return {
    kind,
    network,
    ...(image === undefined ? {} : { image: expand([...path, 'image'], image) }),
    read_only: read_only.map((given, index) => {
      const each = expand([...path, 'read_only', index], given);
      return each.startsWith('~/') ? join(homedir(), each.slice(2)) : each;
    }),
  };
}
