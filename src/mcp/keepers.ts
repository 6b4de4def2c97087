import type { Yardmaster } from '../yardmaster.ts';
import { createKeeper, type Keeper, type KeeperOptions } from './keeper.ts';

/** The applications of all folders that hosts work in: one keeper each, made when the first host works there. */
export interface Keepers extends AsyncDisposable {
  /** Absent = the folder the server was started in. */
  in(folder?: string): Keeper;
  /** Resolves when no children run here any more. */
  idle(): Promise<void>;
}

export interface KeepersOptions extends Omit<KeeperOptions, 'open'> {
  /** Opens the application in a folder (absent = the one the server was started in), with its configuration or the one given. */
  readonly open: OpenIn;
}

export type OpenIn = (options: { readonly config?: object; readonly cwd?: string }) => Promise<Yardmaster>;

export function createKeepers({ open, ...options }: KeepersOptions): Keepers {
  const keepers = new Map<string | undefined, Keeper>();
  return {
    in(cwd) {
      let keeper = keepers.get(cwd);
      if (keeper === undefined) {
        keeper = createKeeper({
          ...options,
          open: (config) =>
            open({ ...(cwd === undefined ? {} : { cwd }), ...(config === undefined ? {} : { config }) }),
        });
        keepers.set(cwd, keeper);
      }
      return keeper;
    },
    async idle() {
      await Promise.all([...keepers.values()].map((keeper) => keeper.idle()));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...keepers.values()].map((keeper) => keeper[Symbol.asyncDispose]()));
    },
  };
}
