import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildCatalog } from './config/catalog/build-catalog.ts';
import { loadSnapshot } from './config/catalog/load-catalog.ts';
import { type Refreshed, refreshModels } from './config/catalog/refresh-models.ts';
import { detectLocal, type LocalServer } from './config/detect-local.ts';
import { type Paths, PROJECT_FILE, projectFiles, resolvePaths } from './config/files/config-paths.ts';
import {
  type ConfigValue,
  getConfigValue,
  parseKeyPath,
  setConfigValue,
  withoutKeys,
} from './config/files/edit-config.ts';
import { freeName } from './config/files/free-name.ts';
import { isTrusted, trustFolder } from './config/files/trust.ts';
import { writeFileAtomically } from './config/files/write-file.ts';
import { type FoundKey, findKeys } from './config/find-keys.ts';
import type { Imported, ImportedLine } from './config/hermes/import-hermes.ts';
import { type LoadedConfig, loadConfig } from './config/load-config.ts';
import { DelegateError } from './core/errors.ts';
import type { YardmasterOptions } from './yardmaster.ts';

export type { ImportedLine };

/**
 * What people do before and beside delegating: find out what is here, write a first configuration, change it,
 * trust a folder, fetch a newer catalog. Nothing here starts a child.
 */
export interface Setup {
  readonly paths: Paths;
  /** Keys in the environment or configuration, and servers on this machine. */
  found(): Promise<{ readonly keys: readonly FoundKey[]; readonly local: readonly LocalServer[] }>;
  /** Files in the order they are read. `trusted` only for a project's file. */
  files(): readonly { readonly file: string; readonly exists: boolean; readonly trusted?: boolean }[];
  /** One value and where it stands, or the whole configuration in force without keys. */
  get(key: string | undefined): Promise<ConfigValue>;
  /** Changes the user's file (or the one named by `config_file`); returns the file. Comments stay. */
  set(key: string, value: string): string;
  /** The JSON Schema of the configuration. */
  schema(): string;
  /** Writes `text` as a first configuration; returns its path and that of the backup, if there was one before. */
  write(
    text: string,
    options: { readonly project: boolean; readonly force: boolean },
  ): { readonly file: string; readonly backup?: string };
  /**
   * Changes another program's file: what `edit` makes of its text ('' = there is no file) is put in its place, and
   * the old text beside it. Nothing is written when the text stays the same, or when `edit` throws.
   */
  editFile(
    file: string,
    edit: (before: string) => Promise<string>,
  ): Promise<{ readonly file: string; readonly changed: boolean; readonly backup?: string }>;
  /**
   * Takes a configuration of Hermes (default: the one in its own folder) over into the user's file, or the one named by
   * `config_file`. With `dry_run` nothing is written. Throws `CONFIG_INVALID` when it cannot be read or would not load.
   */
  importHermes(options: { readonly source?: string; readonly dry_run: boolean }): Promise<Imported>;
  trust(folder: string): string;
  refresh(signal: AbortSignal): Promise<Refreshed>;
  load(): Promise<LoadedConfig>;
}

const SCHEMA = new URL('../data/config.schema.json', import.meta.url);

export function createSetup(options: YardmasterOptions = {}): Setup {
  const cwd = resolve(options.cwd ?? process.cwd());
  const env = options.env ?? process.env;
  const paths = resolvePaths({ env });
  const named = options.config_file ?? (env.YARDMASTER_CONFIG || undefined);
  const file = named === undefined ? undefined : resolve(cwd, named);
  const load = (): Promise<LoadedConfig> => loadConfig({ cwd, env, ...(file === undefined ? {} : { file }) });

  return {
    paths,
    load,
    async found() {
      // `init --config` names the file that it is to write.
      const none = file !== undefined && !existsSync(file);
      const { providers, where } = await (none ? loadConfig({ cwd, env, given: {} }) : load());
      const catalog = buildCatalog({ snapshot: loadSnapshot(paths), providers, env, where });
      return { keys: findKeys(catalog), local: await detectLocal(catalog) };
    },
    files() {
      if (file !== undefined) return [{ file, exists: existsSync(file) }];
      const project = projectFiles(cwd).find((candidate) => existsSync(candidate));
      return [
        { file: paths.config_file, exists: existsSync(paths.config_file) },
        ...(project === undefined
          ? []
          : [{ file: project, exists: true, trusted: isTrusted(resolve(project, '..'), paths) }]),
      ];
    },
    async get(key) {
      const loaded = await load();
      if (key !== undefined) return getConfigValue(loaded, parseKeyPath(key));
      return {
        key: '',
        value: withoutKeys(loaded.config),
        source: loaded.files.map((one) => one.file).join(', ') || 'default',
      };
    },
    set: (key, value) => setConfigValue(parseKeyPath(key), value, { paths, ...(file === undefined ? {} : { file }) }),
    schema: () => readFileSync(SCHEMA, 'utf8'),
    write(text, { project, force }) {
      const target = file ?? (project ? resolve(cwd, PROJECT_FILE) : paths.config_file);
      if (!existsSync(target)) {
        writeFileAtomically(target, text);
        return { file: target };
      }
      if (!force) {
        throw new DelegateError('CONFIG_INVALID', `"${target}" is there already.`, {
          hint: 'Change it with `yardmaster config set`, or start again with --force (a backup is kept).',
        });
      }
      const backup = `${target}.bak`;
      writeFileAtomically(backup, readFileSync(target, 'utf8'));
      writeFileAtomically(target, text);
      return { file: target, backup };
    },
    async editFile(file, edit) {
      const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
      const after = await edit(before ?? '');
      if (after === before) return { file, changed: false };
      if (before === undefined) {
        writeFileAtomically(file, after);
        return { file, changed: true };
      }
      const backup = freeName(`${file}.yardmaster`);
      writeFileAtomically(backup, before);
      writeFileAtomically(file, after);
      return { file, changed: true, backup };
    },
    async importHermes({ source, dry_run }) {
      const { importHermes } = await import('./config/hermes/import-hermes.ts');
      return importHermes({
        source:
          source === undefined
            ? join(env.HERMES_HOME || join(homedir(), '.hermes'), 'config.yaml')
            : resolve(cwd, source),
        file: file ?? paths.config_file,
        cwd,
        env,
        snapshot: loadSnapshot(paths),
        dry_run,
      });
    },
    trust(folder) {
      const place = resolve(cwd, folder);
      if (statSync(place, { throwIfNoEntry: false })?.isDirectory() === true) return trustFolder(place, paths);
      throw new DelegateError('CONFIG_INVALID', `"${place}" is no folder.`, { hint: 'Name the folder to trust.' });
    },
    refresh: (signal) =>
      refreshModels({
        snapshot: loadSnapshot(paths),
        catalog_file: paths.catalog_file,
        today: new Date().toISOString().slice(0, 10),
        signal,
      }),
  };
}
