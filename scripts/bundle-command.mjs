// Puts the command's modules into few files: a process that lives for one call pays for every file it opens, and the
// 250 files between `yardmaster delegate` and its first request cost more than all they do. The library stays as it is.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';

/** What a call loads, in many small files. All other packages are loaded as they are, when they are needed. */
const BUNDLED = [
  '@earendil-works/pi-tui',
  'commander',
  'fastest-levenshtein',
  'get-east-asian-width',
  'marked',
  'picocolors',
  'undici',
  'valibot',
  'yaml',
];

/** Modules of ours that go into one file, because what needs one of them needs most. */
const TOGETHER = [
  { name: 'errors', test: /dist[\\/]core[\\/]errors\b/ },
  { name: 'main', test: /dist[\\/](compile-cache|config[\\/]files[\\/]config-paths)\b/ },
  // Apart from the configuration, which the chat reads when its input is on screen already.
  { name: 'core', test: /dist[\\/]core\b/ },
  { name: 'decide', test: /dist[\\/](app|config)\b/ },
  { name: 'run', test: /dist[\\/](engine|providers|store)\b/ },
  {
    name: 'print',
    test: /dist[\\/]cli[\\/](open|output|run-action|render[\\/](receipt|refusal|route-name|status-mark))\b/,
  },
];

export async function bundleCommand(root) {
  const dist = join(root, 'dist');
  const folder = join(dist, 'cli');
  const bundle = await rolldown({
    input: { main: join(folder, 'main.js'), background: join(folder, 'background.js') },
    platform: 'node',
    logLevel: 'silent',
    external: (id) => /^[@a-z]/i.test(id) && !BUNDLED.some((name) => id === name || id.startsWith(`${name}/`)),
    plugins: [keepPlaces({ dist, folder }), withoutHttp2],
  });
  const { output } = await bundle.generate({
    format: 'esm',
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: { groups: TOGETHER },
    // Names stay, for stack traces.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  });
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  for (const { fileName, code } of output) writeFileSync(join(folder, fileName), code);
  writeFileSync(join(folder, 'LICENSES.txt'), licences(root));
  chmodSync(join(folder, 'main.js'), 0o755);
}

/** A module that looks for files beside itself still finds them. */
const keepPlaces = ({ dist, folder }) => ({
  name: 'keep-places',
  transform(code, id) {
    if (!id.startsWith(dist) || dirname(id) === folder || !code.includes('import.meta.url')) return null;
    return code.replaceAll('import.meta.url', `new URL('${relative(folder, id)}', import.meta.url).href`);
  },
});

/** undici loads Node's HTTP/2, 18 ms, for connections that are never made: they have to be asked for. */
const withoutHttp2 = {
  name: 'without-http2',
  load: (id) => (/undici[\\/]lib[\\/]dispatcher[\\/]client-h2\.js$/.test(id) ? 'module.exports = undefined' : null),
};

function licences(root) {
  return BUNDLED.map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((one) => /^licen[cs]e(\.md)?$/i.test(one));
    const text = file === undefined ? ownWords(license, author) : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version}\n\n${text}\n`;
  }).join(`\n${'-'.repeat(80)}\n\n`);
}

/** The licence of a package that names it and brings no text of it. */
function ownWords(license, author) {
  if (license !== 'MIT') throw new Error(`A bundled package brings no text of its licence ${license}.`);
  return MIT.replace('AUTHOR', typeof author === 'string' ? author : author.name);
}

const MIT = `MIT License

Copyright (c) AUTHOR

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
