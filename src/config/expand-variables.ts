import type { Env } from './files/config-paths.ts';

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

export interface Expansion {
  /** With every reference to a set variable replaced; the others as written. */
  readonly text: string;
  /** Variables that are not set (or empty), in the order of the text. */
  readonly missing: readonly string[];
}

/** `${VAR}` in a text of the configuration. What a variable holds is not expanded again. */
export function expandVariables(text: string, env: Env): Expansion {
  const missing: string[] = [];
  const expanded = text.replaceAll(REFERENCE, (reference, name: string) => {
    const value = env[name];
    if (value !== undefined && value !== '') return value;
    missing.push(name);
    return reference;
  });
  return { text: expanded, missing };
}

/** Names of the variables a text refers to. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(REFERENCE)].map((match) => match[1]!);
}

/** A reference and nothing else: what a key in a file should be. */
export function isReference(text: string): boolean {
  return /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(text);
}
