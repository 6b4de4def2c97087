import { readFileSync } from 'node:fs';
import { DelegateError } from '../core/errors.ts';
import { type CatalogSnapshot, SNAPSHOT_FORMAT } from './catalog-snapshot.ts';

const SHIPPED = new URL('../../data/catalog.json', import.meta.url);

/**
 * The catalog's data: what `models refresh` fetched last (`catalog_file`), if it is newer than what the package
 * ships, else what it ships. A damaged cache is as good as none; a damaged package is an error.
 */
export function loadSnapshot({ catalog_file }: { readonly catalog_file?: string } = {}): CatalogSnapshot {
  const shipped = readFileSync(SHIPPED, 'utf8');
  const fetched = catalog_file === undefined ? undefined : readIfThere(catalog_file);
  // The day stands near the top of both texts: the one that loses is never parsed.
  if (fetched !== undefined && dayOf(fetched) > dayOf(shipped)) {
    const snapshot = parseSnapshot(fetched);
    if (snapshot !== undefined) return snapshot;
  }
  const snapshot = parseSnapshot(shipped);
  if (snapshot !== undefined) return snapshot;
  throw new DelegateError('INTERNAL', 'The catalog that comes with the package is damaged.', {
    hint: 'Install the package again.',
  });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function dayOf(text: string): string {
  return /"as_of":"(\d{4}-\d\d-\d\d)"/.exec(text.slice(0, 4096))?.[1] ?? '';
}

function parseSnapshot(text: string): CatalogSnapshot | undefined {
  try {
    const value = JSON.parse(text) as Partial<CatalogSnapshot>;
    const parts = [value.provider_aliases, value.families, value.providers, ...Object.values(value.providers ?? {})];
    return value.format === SNAPSHOT_FORMAT && parts.every(isObject) ? (value as CatalogSnapshot) : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
