import type { ProviderEntry } from '../catalog.ts';
import type { ErrorCode, Issue } from '../errors.ts';

export function issueOf(
  code: ErrorCode,
  path: string,
  message: string,
  hint: string,
  suggestions: readonly string[] = [],
): Issue {
  return { code, path, message, hint, suggestions };
}

/** `"a", "b" or "c"`. */
export function orList(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

/** A route is asked for on a provider whose key is not there. Names the variables that could hold it, never a key. */
export function missingCredential({ id, key_env }: ProviderEntry, label: string, path: string): Issue {
  return issueOf(
    'CREDENTIAL_MISSING',
    path,
    `"${label}" needs a key for ${id}, and none is present.`,
    key_env.length === 0 ? `Set key_env or api_key under "providers.${id}".` : `Set ${key_env.join(' or ')}.`,
  );
}

/** Without the repetitions: one problem of a shared layer concerns many tasks and is said once. */
export function uniqueIssues(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues.filter(({ code, path, message }) => {
    const key = `${code} ${path} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}
