import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';

/** A running program of `test-child.ts`, ready to go. */
export interface Running {
  readonly process: ChildProcess;
  /** What it said since `ready`, in order. */
  readonly said: readonly string[];
  go(): void;
  /** Resolves with what it said when it has ended and nothing is left to read. */
  ended(): Promise<readonly string[]>;
}

export type Start = (
  program: string,
  options: {
    readonly file: string;
    readonly name: string;
    readonly command?: readonly string[];
    readonly uid?: number;
  },
) => Promise<Running>;

/** Compiles the child's program into `folder`; gives what starts it. */
export async function compileChild(folder: string): Promise<Start> {
  const { resolve } = createRequire(import.meta.url);
  const packages = ['libsql', 'libsql/promise'];
  const paths = Object.fromEntries(packages.map((name) => [name, pathToFileURL(resolve(name)).href]));
  await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      ssr: join(import.meta.dirname, 'test-child.ts'),
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: {
        external: packages,
        output: { paths, entryFileNames: 'child.mjs' },
      },
    },
  });
  return async (program, { file, name, command = [], uid }) => {
    const [executable = '', ...args] = [...command, process.execPath, join(folder, 'child.mjs'), program, file, name];
    const child = spawn(executable, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(uid === undefined ? {} : { uid }),
    });
    const said: string[] = [];
    const lines = createInterface({ input: child.stdout });
    const closed = Promise.all([once(lines, 'close'), once(child, 'close')]);
    await once(lines, 'line');
    lines.on('line', (line) => said.push(line));
    return {
      process: child,
      said,
      go: () => child.stdin?.end('go\n'),
      ended: async () => {
        await closed;
        return said;
      },
    };
  };
}
