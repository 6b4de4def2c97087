import { isIPv6 } from 'node:net';
import { type Issue, refusal } from '../core/errors.ts';
import { byPosition, type KeyPath, writeKeyPath } from './config-source.ts';
import type { ConfigFile } from './files/config-file.ts';

/** Throws `CONFIG_INVALID` for a host that no URL can have. */
export function checkHosts({ web }: ConfigFile, where: (path: KeyPath) => string): void {
  const issues = (web?.allow_hosts ?? []).flatMap((host, index): Issue[] => {
    if (URL.canParse(`http://${isIPv6(host) ? `[${host}]` : host}`)) return [];
    const path = ['web', 'allow_hosts', index];
    const message = `"${host}" is not a host.`;
    const hint =
      'Write a name or an address, and a port after it if only that one is meant: wiki.example, 10.0.0.7:8080.';
    return [{ code: 'CONFIG_INVALID', path: `${where(path)} ${writeKeyPath(path)}`, message, hint, suggestions: [] }];
  });
  if (issues.length > 0) throw refusal(issues.sort(byPosition));
}
