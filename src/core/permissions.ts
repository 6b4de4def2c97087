import type { Json } from './task.ts';

/** The Permissions port: what a person has allowed in one folder for good. */
export interface Permissions {
  has(rule: string): boolean;
  /** Throws `CONFIG_INVALID` when it cannot be kept. */
  add(rules: readonly string[]): void;
}

/** Those of a process that writes nothing to disk. */
export function createMemoryPermissions(): Permissions {
  const given = new Set<string>();
  return {
    has: (rule) => given.has(rule),
    add: (rules) => {
      for (const rule of rules) given.add(rule);
    },
  };
}

/** What a call of the parent needs a person's word for. */
export interface Rule {
  /** The same for calls that one word covers. */
  readonly rule: string;
  /** What `always` allows, for the person to read. */
  readonly says: string;
}

/**
 * The rule that a tool call falls under; undefined: it only reads in the workspace, or delegates. Files of the workspace
 * are one rule; a command is one as it is written, since what follows its first word decides what it does; a page is
 * its host; a tool of an MCP server is one.
 */
export function ruleOf(
  toolset: string | undefined,
  { tool, args }: { readonly tool: string; readonly args: { readonly [key: string]: Json } },
): Rule | undefined {
  if (toolset === undefined || toolset === 'read') return undefined;
  if (toolset === 'write') return { rule: 'write', says: 'write and change files in this folder' };
  if (toolset === 'terminal') {
    const { command, cwd } = args;
    const where = typeof cwd === 'string' && cwd !== '.' ? ` in ${JSON.stringify(cwd)}` : '';
    return { rule: `terminal${where}: ${command}`, says: `run exactly this command${where}` };
  }
  if (toolset === 'web') {
    const url = String(args.url);
    const host = hostOf(url);
    return host === undefined
      ? { rule: `web: ${url}`, says: 'fetch exactly this address' }
      : { rule: `web: ${host}`, says: `fetch pages of ${host}` };
  }
  return { rule: `${toolset}: ${tool}`, says: `call ${tool}` };
}

/** The rule of a route that the operator's policy refuses. */
export function ruleOfRoute(label: string): string {
  return `route: ${label}`;
}

/** Core has no URL; what is between `//` and the next `/`, `?` or `#`, without a user, is the host as it was written. */
function hostOf(url: string): string | undefined {
  return /^[a-z]+:\/\/([^/?#\\@\s]+)(?=[/?#]|$)/i.exec(url)?.[1]?.toLowerCase();
}
