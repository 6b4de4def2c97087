import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DelegateError } from '../../core/errors.ts';

/** The part of an AI SDK language model (specifications v2, v3 and v4) that is used here. */
export interface LanguageModel {
  readonly specificationVersion: string;
  doStream(options: Readonly<Record<string, unknown>>): PromiseLike<{
    readonly stream: ReadableStream<StreamPart>;
    readonly response?: { readonly headers?: Readonly<Record<string, string>> };
  }>;
}

/** One part of a model's stream; which fields it has depends on `type`. */
export type StreamPart = { readonly type: string } & Readonly<Record<string, unknown>>;

/** What `create…` of a provider package takes; a package ignores what it does not know. */
interface FactorySettings {
  readonly name?: string;
  readonly apiKey: string;
  readonly baseURL: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  /** Without it `@ai-sdk/openai-compatible` reports no usage of streams. */
  readonly includeUsage: true;
}

export type Factory = (settings: FactorySettings) => { languageModel(model: string): LanguageModel };

/** A bare package name: nothing that could be read as a path or a URL. */
const PACKAGE_NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/**
 * Loads the function that makes a provider out of an AI SDK package. It is looked for in the `node_modules` of
 * `roots`, in order, and then where this package itself is installed. Nothing is ever installed.
 * Throws `WIRE_UNAVAILABLE` when it is not there or is no such package.
 */
export async function loadAiSdkFactory(name: string, roots: readonly string[]): Promise<Factory> {
  const file = PACKAGE_NAME.test(name) ? entryOf(name, roots) : undefined;
  if (file === undefined) {
    throw new DelegateError('WIRE_UNAVAILABLE', `"${name}" is needed to speak to this provider and is not installed`, {
      hint: PACKAGE_NAME.test(name)
        ? `Install it where Yardmaster is installed, or in the working folder if that is trusted: npm install ${name}`
        : 'Write the name of an npm package.',
      data: { package: name },
    });
  }
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new DelegateError('WIRE_UNAVAILABLE', `"${name}" is installed and does not load`, {
      hint: `Install it again, in a version for Node ${process.versions.node}: npm install ${name}`,
      data: { package: name },
      cause,
    });
  }
  const factory = factoryIn(exported, name);
  if (factory === undefined) {
    throw new DelegateError('WIRE_UNAVAILABLE', `"${name}" is installed and is no AI SDK provider`, {
      hint: 'Write the name of a package that exports a `create…` function, such as "@ai-sdk/google".',
      data: { package: name },
    });
  }
  return factory;
}

/** The file that `import` of the package would load; undefined = not installed in any of the places. */
function entryOf(name: string, roots: readonly string[]): string | undefined {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const root of [...roots, here]) {
    for (const folder of createRequire(join(root, 'package.json')).resolve.paths(name) ?? []) {
      const manifest = join(folder, name, 'package.json');
      if (!existsSync(manifest)) continue;
      const { exports, module, main } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>;
      const dot = typeof exports === 'object' && exports !== null && '.' in exports ? exports['.'] : exports;
      const entry = imported(dot) ?? imported(module) ?? imported(main) ?? 'index.js';
      return join(folder, name, entry);
    }
  }
  return undefined;
}

/** The target of an `exports` entry for `import` in Node: the first condition that holds, as Node reads it. */
function imported(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (Array.isArray(target)) return imported(target[0]);
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, inner] of Object.entries(target)) {
    if (condition === 'node' || condition === 'import' || condition === 'module-sync' || condition === 'default') {
      const found = imported(inner);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** By convention `create` and the name of the service; a package may export other functions that begin so. */
function factoryIn(exported: Readonly<Record<string, unknown>>, name: string): Factory | undefined {
  const wanted = `create${name
    .split('/')
    .at(-1)!
    .replaceAll(/[^a-z0-9]/g, '')}`;
  const names = Object.keys(exported).filter((key) => /^create[A-Z]/.test(key) && typeof exported[key] === 'function');
  const found = names.find((key) => key.toLowerCase() === wanted) ?? names[0];
  return found === undefined ? undefined : (exported[found] as Factory);
}
