/** Hosts we know by another name than the one they give themselves; the names are also those of `mcp install`. */
const KNOWN: readonly { readonly name: string; readonly is: RegExp; readonly wait_seconds: number }[] = [
  // Measured: a call with progress runs for minutes in these (docs/mcp.md).
  { name: 'claude', is: /^claude-code/, wait_seconds: 240 },
  { name: 'gemini', is: /^gemini-cli/, wait_seconds: 240 },
  { name: 'codex', is: /^codex/, wait_seconds: 110 },
  // Measured: cut at 60 s when silent.
  { name: 'opencode', is: /^opencode/, wait_seconds: 45 },
  { name: 'hermes', is: /^hermes/, wait_seconds: 45 },
  { name: 'cursor', is: /^cursor/, wait_seconds: 45 },
  { name: 'vscode', is: /^(visual-studio-code|vscode)/, wait_seconds: 45 },
];

/** Below the 60 s after which a host that nobody has measured may cut a call. */
const WAIT_SECONDS = 45;

export interface HostFacts {
  /** As in `hosts.<name>` of the configuration. */
  readonly name: string;
  readonly wait_seconds: number;
}

/** Who calls, from the name it gave on `initialize`; absent = it gave none. */
export function hostOf(client_name: string | undefined): HostFacts {
  const plain = (client_name ?? '').toLowerCase().replace(/\s+/g, '-');
  const known = KNOWN.find(({ is }) => is.test(plain));
  return known ?? { name: plain, wait_seconds: WAIT_SECONDS };
}
