import { DelegateError, type Issue } from '../../core/errors.ts';
import { createResolver } from '../../core/resolve-route.ts';
import { createRedactor, createSecretFilter } from '../../core/text/redact.ts';
import { buildCatalog } from '../catalog/build-catalog.ts';
import type { CatalogSnapshot } from '../catalog/catalog-snapshot.ts';
import { checkAgainstCatalog } from '../catalog/check-against-catalog.ts';
import { writeKeyPath } from '../config-source.ts';
import { isReference } from '../expand-variables.ts';
import type { ConfigFile } from '../files/config-file.ts';
import type { Env } from '../files/config-paths.ts';
import { type ConfigEdit, editConfigText, SCHEMA_LINE } from '../files/edit-config.ts';
import { freeName } from '../files/free-name.ts';
import { readText } from '../files/read-text.ts';
import { writeFileAtomically } from '../files/write-file.ts';
import { type LoadedConfig, loadConfig } from '../load-config.ts';
import { parseConfig } from '../parse-config.ts';
import { mapHermes } from './map-hermes.ts';
import { type Merged, mergeImport } from './merge-import.ts';
import { isMapping } from './notebook.ts';
import { readHermes } from './read-hermes.ts';

/** What became of one key of the other file. */
export interface ImportedLine {
  /** In the other file, from 1. */
  readonly line: number;
  readonly from: string;
  readonly state: Merged['state'];
  /** The key of ours. */
  readonly to?: string;
  readonly note?: string;
}

export interface Imported {
  /** The file that was read. */
  readonly source: string;
  /** The file that was changed, or would be. */
  readonly file: string;
  readonly written: boolean;
  /** Where the text before is; absent when there was none or nothing was written. */
  readonly backup?: string;
  /** In the order of the source. */
  readonly lines: readonly ImportedLine[];
  /** What is configured then and cannot run yet, such as a provider without a key. */
  readonly open: readonly Issue[];
  /** The whole file as it is then, keys taken out. */
  readonly text: string;
}

export interface ImportOptions {
  readonly source: string;
  readonly file: string;
  readonly cwd: string;
  readonly env: Env;
  readonly snapshot: CatalogSnapshot;
  readonly dry_run: boolean;
}

/**
 * Takes a configuration of Hermes over into ours (`file`), which keeps every value and comment it has. The result is
 * loaded and held against the catalog first: when it is refused (`CONFIG_INVALID`), nothing is written.
 */
export async function importHermes({ source, file, cwd, env, snapshot, dry_run }: ImportOptions): Promise<Imported> {
  const { value, lineOf } = readHermes(source);
  const before = readText(file);
  const yours = before === undefined ? {} : parseConfig(before, { file, kind: 'user' }).config;
  const { edits, merged } = mergeImport(yours, mapHermes(value, { snapshot }), snapshot);
  const after = editConfigText(before ?? SCHEMA_LINE, edits);
  const theirs = secretsOf(value);
  refuseKeys(edits, theirs);
  const open = await check(after, { file, cwd, env, snapshot });
  const changed = edits.length > 0;
  const backup = !changed || dry_run || before === undefined ? undefined : freeName(file);
  if (changed && !dry_run) {
    if (backup !== undefined && before !== undefined) writeFileAtomically(backup, before);
    writeFileAtomically(file, after);
  }
  const redact = createRedactor([...theirs, ...literalKeys(yours)]);
  const lines = merged.map(({ path, to, state, note }): ImportedLine => {
    const key = to && writeKeyPath(to);
    return {
      line: lineOf(path),
      from: redact(writeKeyPath(path)),
      state,
      ...(key === undefined || state === 'no_counterpart' ? {} : { to: redact(key) }),
      ...(note === undefined ? {} : { note: redact(note) }),
    };
  });
  return {
    source,
    file,
    written: changed && !dry_run,
    ...(backup === undefined ? {} : { backup }),
    lines: lines.sort((one, other) => one.line - other.line),
    open: open.map((issue) => ({ ...issue, message: redact(issue.message) })),
    text: redact(after),
  };
}

/** Throws for a text that does not load; gives what loads and could not run as things are. */
async function check(
  text: string,
  { file, cwd, env, snapshot }: Pick<ImportOptions, 'file' | 'cwd' | 'env' | 'snapshot'>,
): Promise<readonly Issue[]> {
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfig({ cwd, env, given: parseConfig(text, { file, kind: 'user' }).config });
    const catalog = buildCatalog({ snapshot, providers: loaded.providers, env, where: loaded.where });
    checkAgainstCatalog(loaded, catalog);
    const { routing } = loaded;
    const resolver = createResolver(catalog, routing);
    const asked = [
      ...(routing.parent === undefined ? [] : [{ task: routing.parent, call: {} }]),
      ...(Object.keys(routing.delegation).length === 0 ? [] : [{ task: {}, call: {} }]),
      ...[...routing.routes.keys()].map((route) => ({ task: { route }, call: {} })),
    ];
    const issues = asked.flatMap((layers) => {
      const resolution = resolver.resolve(layers);
      return resolution.ok ? [] : resolution.issues;
    });
    return [...new Map(issues.map((issue) => [issue.message, issue])).values()];
  } catch (error) {
    if (!(error instanceof DelegateError)) throw error;
    throw new DelegateError(
      error.code,
      `What comes of it could not be loaded, so nothing was written. ${error.message}`,
      {
        hint: error.hint || 'Mend the place in your configuration or in the file that is imported, and run it again.',
        issues: error.issues,
        cause: error,
      },
    );
  }
}

const SECRET_NAME = /key|token|secret|password|authorization|credential/i;
/** Below this a key is often a plain word (`ollama`, `lm-studio`), which every other line may say. */
const SHORTEST = 16;

/** Texts in places where keys stand, whatever they look like: none of them may leave. */
function secretsOf(value: unknown, inSecret = false): string[] {
  if (typeof value === 'string') {
    return inSecret && value.length >= SHORTEST && !value.includes('${') && !/^[A-Z][A-Z0-9_]*$/.test(value)
      ? [value]
      : [];
  }
  if (Array.isArray(value)) return value.flatMap((item) => secretsOf(item, inSecret));
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) => secretsOf(entry, SECRET_NAME.test(key)));
}

/** The last gate: a text that is somebody's key does not become an id, an address or anything else of ours. */
function refuseKeys(edits: readonly ConfigEdit[], secrets: readonly string[]): void {
  const filter = createSecretFilter(secrets);
  for (const [path, value] of edits) {
    const text = JSON.stringify([path, value]);
    if (filter(text) === text) continue;
    throw new DelegateError(
      'CONFIG_INVALID',
      'A key of that file stands in another place of it, too; nothing was written.',
      {
        hint: 'Take it out there: a key belongs under api_key or, better, into an environment variable.',
      },
    );
  }
}

function literalKeys({ providers = {} }: ConfigFile): string[] {
  return Object.values(providers).flatMap(({ api_key }) =>
    api_key === undefined || isReference(api_key) ? [] : [api_key],
  );
}
