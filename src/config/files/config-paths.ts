import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Variables by name, as `process.env` has them. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What the platform's conventions depend on. */
export interface Place {
  readonly env: Env;
  /** Default: the system's. */
  readonly platform?: NodeJS.Platform;
  /** Default: the user's home folder. */
  readonly home?: string;
}

/** Where things stand. Nothing is created by asking. */
export interface Paths {
  /** The user's own folder of settings. */
  readonly config: string;
  /** The user's configuration file. */
  readonly config_file: string;
  /** Folders the user has trusted. */
  readonly trust_file: string;
  /** `YARDMASTER_HOME`, or the platform's data folder. */
  readonly data: string;
  /** The embedded store. */
  readonly store_file: string;
  readonly transcripts: string;
  readonly results: string;
  /** Saved sessions. */
  readonly sessions: string;
  /** What a person allowed in each folder for good. */
  readonly permissions_file: string;
  /** Worktrees of children that work in one. */
  readonly worktrees: string;
  readonly cache: string;
  /** The catalog that `models refresh` fetched. */
  readonly catalog_file: string;
}

/** The name of a project's configuration file. */
export const PROJECT_FILE = 'yardmaster.yaml';

export function resolvePaths({ env, platform = process.platform, home = homedir() }: Place): Paths {
  const config = join(configBase(env, platform, home), 'yardmaster');
  const data = set(env, 'YARDMASTER_HOME') ?? join(dataBase(env, platform, home), 'yardmaster');
  return {
    config,
    config_file: join(config, 'config.yaml'),
    trust_file: join(config, 'trusted.json'),
    data,
    store_file: join(data, 'yardmaster.db'),
    transcripts: join(data, 'transcripts'),
    results: join(data, 'results'),
    sessions: join(data, 'sessions'),
    permissions_file: join(data, 'permissions.json'),
    worktrees: join(data, 'worktrees'),
    cache: join(data, 'cache'),
    catalog_file: join(data, 'cache', 'catalog.json'),
  };
}

/** The places of a project's file, nearest first. */
export function projectFiles(cwd: string): string[] {
  const files: string[] = [];
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    files.push(join(folder, PROJECT_FILE));
    if (dirname(folder) === folder) return files;
  }
}

function configBase(env: Env, platform: NodeJS.Platform, home: string): string {
  if (platform === 'win32') return set(env, 'APPDATA') ?? join(home, 'AppData', 'Roaming');
  const xdg = set(env, 'XDG_CONFIG_HOME');
  if (xdg !== undefined) return xdg;
  return platform === 'darwin' ? join(home, 'Library', 'Application Support') : join(home, '.config');
}

function dataBase(env: Env, platform: NodeJS.Platform, home: string): string {
  if (platform === 'win32') return set(env, 'LOCALAPPDATA') ?? join(home, 'AppData', 'Local');
  const xdg = set(env, 'XDG_DATA_HOME');
  if (xdg !== undefined) return xdg;
  return platform === 'darwin' ? join(home, 'Library', 'Application Support') : join(home, '.local', 'share');
}

/** An empty variable counts as not set. */
function set(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}
