import { readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** Who may import whom: the whole architecture. A layer may always import itself. */
const LAYERS: Record<string, { folders: readonly string[]; packages: readonly string[]; node: boolean }> = {
  // `fastest-levenshtein` is arithmetic on two strings: no world in it (docs/decisions/0002).
  core: { folders: [], packages: ['fastest-levenshtein'], node: false },
  engine: { folders: ['core'], packages: [], node: false },
  providers: { folders: ['core'], packages: ['undici', '@ai-sdk/provider'], node: true },
  store: { folders: ['core'], packages: ['libsql'], node: true },
  config: { folders: ['core'], packages: ['valibot', 'yaml', 'fastest-levenshtein'], node: true },
  tools: { folders: ['core'], packages: ['ajv', '@modelcontextprotocol/client', 'html-to-text'], node: true },
  testing: { folders: ['core', 'store', 'providers'], packages: [], node: true },
  'testing.ts': { folders: ['core', 'testing', 'store'], packages: [], node: true },
  'yardmaster.ts': { folders: ['core', 'config'], packages: [], node: false },
  'app.ts': {
    folders: ['core', 'engine', 'providers', 'store', 'config', 'tools', 'yardmaster.ts'],
    packages: [],
    node: true,
  },
  'compile-cache.ts': { folders: ['config'], packages: [], node: true },
  'setup.ts': { folders: ['core', 'config', 'yardmaster.ts'], packages: [], node: true },
  sdk: { folders: ['core', 'yardmaster.ts'], packages: [], node: false },
  'index.ts': { folders: ['core', 'app.ts', 'yardmaster.ts', 'sdk'], packages: [], node: false },
  mcp: {
    folders: ['core', 'app.ts', 'yardmaster.ts'],
    packages: ['@modelcontextprotocol/server', 'jsonc-parser', 'smol-toml', 'yaml'],
    node: true,
  },
  cli: {
    folders: ['core', 'app.ts', 'yardmaster.ts', 'setup.ts', 'compile-cache.ts', 'mcp'],
    packages: [
      '@earendil-works/pi-tui',
      'commander',
      'picocolors',
      'yaml',
      'log-update',
      'cli-truncate',
      'string-width',
      'wrap-ansi',
    ],
    node: true,
  },
};

interface Import {
  readonly file: string;
  readonly specifier: string;
}

const files = sourceFiles(SRC);
const imports = files.flatMap((file) => importsOf(file));

describe('architecture', () => {
  test('every source file belongs to a known layer', () => {
    expect(files.map(layerOf).filter((layer) => !(layer in LAYERS))).toEqual([]);
  });

  test.each(Object.keys(LAYERS))('%s imports only what its row allows', (layer) => {
    const row = LAYERS[layer]!;
    const wrong = imports
      .filter(({ file }) => layerOf(file) === layer)
      .filter(({ file, specifier }) => {
        if (specifier.startsWith('.')) {
          const target = layerOf(relative(SRC, resolve(SRC, dirname(file), specifier)));
          return target !== layer && !row.folders.includes(target);
        }
        if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return !row.node;
        return !row.packages.includes(packageOf(specifier));
      })
      .map(({ file, specifier }) => `${file} → ${specifier}`);
    expect(wrong).toEqual([]);
  });

  test('no imports go round in a circle', () => {
    const graph = new Map(files.map((file) => [file, [] as string[]]));
    for (const { file, specifier } of imports) {
      if (specifier.startsWith('.')) graph.get(file)?.push(relative(SRC, resolve(SRC, dirname(file), specifier)));
    }
    expect(circleIn(graph)).toEqual([]);
  });

  test('nobody below the surfaces prints or exits', () => {
    const loud = files
      .filter((file) => !file.startsWith('cli/'))
      .filter((file) => /\bconsole\.|process\.(exit|stdout|stderr|argv)\b/.test(code(file)));
    expect(loud).toEqual([]);
  });

  test('core and engine read neither clock nor chance nor environment', () => {
    const impure = files
      .filter((file) => /^(core|engine)\//.test(file))
      .filter((file) => /\bDate\.now\(|new Date\(\)|Math\.random\(|process\.env|performance\.now\(/.test(code(file)));
    expect(impure).toEqual([]);
  });
});

function sourceFiles(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? sourceFiles(path) : [relative(SRC, path)]))
    .filter((file) => file.endsWith('.ts') && !/\.(test|contract)\.ts$/.test(file) && !/(^|\/)test-/.test(file))
    .sort();
}

function layerOf(file: string): string {
  return file.split('/')[0] ?? file;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The file without comments, so that prose about `process.exit` is no finding. */
function code(file: string): string {
  return readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}

function importsOf(file: string): Import[] {
  const pattern = /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...code(file).matchAll(pattern)].map((match) => ({ file, specifier: (match[1] ?? match[2])! }));
}

/** The files of one circle, or nothing. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const circle = walk(next, [...path, file]);
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const circle = walk(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}
