import type { SandboxSettings } from '../../core/settings.ts';
import type { Env } from './command-env.ts';

/** A part of the file system that is there, at the same path, in the sandbox. Later ones lie over earlier ones. */
export interface Mount {
  readonly path: string;
  readonly writable: boolean;
}

/** What one child's commands have of the machine. */
export interface Reach {
  readonly mounts: readonly Mount[];
  /** The child's own folder for temporary files, gone with it. In a sandbox it is `/tmp`. */
  readonly scratch: string;
}

export interface Command {
  /** For `/bin/sh -c`. */
  readonly line: string;
  readonly cwd: string;
  /** Unique, letters, digits and `.-_`. */
  readonly id: string;
  readonly reach: Reach;
  /** Variables beside those of `commandEnv`. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Isolated {
  readonly argv: readonly string[];
  /** The whole environment of the program that is started here. */
  readonly env: Readonly<Record<string, string>>;
}

/** The Sandbox port. */
export interface Sandbox {
  readonly kind: SandboxSettings['kind'];
  /** Throws `ABILITY_MISSING` or `CONFIG_INVALID` when it cannot be used here. Asked before anything starts. */
  check(): Promise<void>;
  wrap(command: Command): Isolated;
  /** Ends what is left of a command once its process group is gone. */
  end(id: string, stopped: boolean): Promise<void>;
}

export interface SandboxOptions {
  readonly settings: SandboxSettings;
  readonly env: Env;
  readonly hasSecret: (value: string) => boolean;
}
