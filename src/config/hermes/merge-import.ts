import { isDeepStrictEqual } from 'node:util';
import { canonicalProvider } from '../catalog/build-catalog.ts';
import type { CatalogSnapshot } from '../catalog/catalog-snapshot.ts';
import { type KeyPath, writeKeyPath } from '../config-source.ts';
import type { ConfigFile } from '../files/config-file.ts';
import type { ConfigEdit } from '../files/edit-config.ts';
import type { Finding } from './notebook.ts';

/** What became of one key, once what the user has set himself is known. */
export interface Merged extends Omit<Finding, 'state'> {
  readonly state: Finding['state'] | 'kept_yours';
}

/**
 * What has to be set in `yours` so that it says what `theirs` says, where it says nothing yet. What belongs together
 * (a route, a provider, an alias) is taken or kept as a whole: no key of one is put beside a key of another.
 */
export function mergeImport(
  yours: ConfigFile,
  { config: theirs, findings }: { readonly config: ConfigFile; readonly findings: readonly Finding[] },
  snapshot: CatalogSnapshot,
): { readonly edits: readonly ConfigEdit[]; readonly merged: readonly Merged[] } {
  const edits: ConfigEdit[] = [];
  const kept = new Map<string, string>();
  const unit = (path: KeyPath, has: unknown, wants: unknown, note?: string): void => {
    if (wants === undefined || isDeepStrictEqual(has, wants)) return;
    if (isUnset(has)) edits.push([path, wants]);
    else kept.set(writeKeyPath(path), note ?? 'It was set already and stays as it is.');
  };

  unit(['model'], yours.model, theirs.model);
  for (const [id, entry] of Object.entries(theirs.providers ?? {})) {
    const name = Object.keys(yours.providers ?? {}).find((each) => canonicalProvider(each, snapshot) === id) ?? id;
    const note = `It was set already and stays as it is; what is imported for "${id}" uses yours.`;
    unit(['providers', name], yours.providers?.[name], entry, note);
    const why = kept.get(writeKeyPath(['providers', name]));
    if (why !== undefined) kept.set(writeKeyPath(['providers', id]), why);
  }
  for (const [alias, target] of Object.entries(theirs.aliases ?? {})) {
    const name = Object.keys(yours.aliases ?? {}).find((each) => each.toLowerCase() === alias) ?? alias;
    unit(['aliases', name], yours.aliases?.[name], target);
    if (kept.has(writeKeyPath(['aliases', name]))) kept.set(writeKeyPath(['aliases', alias]), 'It was set already.');
  }
  for (const [name, route] of Object.entries(theirs.routes ?? {})) unit(['routes', name], yours.routes?.[name], route);

  const { provider, model, route, ...settings } = theirs.delegation ?? {};
  const has = { provider: yours.delegation?.provider, model: yours.delegation?.model, route: yours.delegation?.route };
  const wants = { provider, model, route };
  const pinned = Object.values(has).some((value) => value !== undefined);
  for (const key of ['provider', 'model', 'route'] as const) {
    if (wants[key] === undefined || isDeepStrictEqual(has, wants)) continue;
    if (pinned) kept.set(`delegation.${key}`, 'Your children have a route already; it stays as it is.');
    else edits.push([['delegation', key], wants[key]]);
  }
  for (const [key, value] of Object.entries(settings)) {
    unit(['delegation', key], yours.delegation?.[key as keyof typeof settings], value);
  }

  const merged = findings.map((finding): Merged => {
    const keys = finding.to?.map((_, end) => writeKeyPath(finding.to!.slice(0, end + 1))) ?? [];
    const why = keys.map((key) => kept.get(key)).find((note) => note !== undefined);
    return why === undefined ? finding : { ...finding, state: 'kept_yours', note: why };
  });
  return { edits, merged };
}

/** A key without a value, and a provider without settings, say nothing. */
function isUnset(value: unknown): boolean {
  return (
    value === undefined ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0 && !Array.isArray(value))
  );
}
