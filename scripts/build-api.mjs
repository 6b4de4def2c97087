// docs/api.md from the docstrings of the built package: what it exports, and the types these name.
// `--check` writes nothing and fails when the page is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/api.md');
const ENTRIES = [
  { file: 'dist/index.d.ts', from: 'yardmaster' },
  { file: 'dist/testing.d.ts', from: 'yardmaster/testing' },
];

const files = new Map();
const text = render();
if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/api.md is not what the docstrings say: run `npm run api`.');
  process.exitCode = 1;
}

function render() {
  const exported = ENTRIES.map(({ file, from }) => ({ from, found: exportsOf(join(root, file)) }));
  const shown = new Set(exported.flatMap(({ found }) => found));
  const named = [];
  for (const declaration of shown) {
    for (const name of declaration.references) {
      const other = find(declaration.file, name);
      // Without a docstring it is the inner working of a type, and says nothing by itself.
      if (other === undefined || shown.has(other) || (!other.isExported && other.about === '')) continue;
      shown.add(other);
      named.push(other);
    }
  }
  const silent = [...shown].filter(({ about }) => about === '').map(({ name, file }) => `${name} (${file})`);
  if (silent.length > 0) throw new Error(`Without a docstring: ${silent.join(', ')}.`);
  const titles = new Set([...shown].map(({ name }) => name));
  const section = (title, declarations) =>
    `## ${title}\n\n${declarations
      .sort(byName)
      .map((one) => entry(one, titles))
      .join('\n')}`;
  return [
    '# API\n\nMade from the docstrings by `npm run api`; [library.md](library.md) is the page to begin with.\n',
    ...exported.map(({ from, found }) => section(`\`${from}\``, found)),
    section('Types that these name', named),
  ].join('\n');
}

function entry({ name, file, about, code, references, values }, titles) {
  const before = [...values].map((value) => `${find(file, value).code}\n`).join('');
  const links = [...references].filter((other) => other !== name && titles.has(other)).sort();
  const see = links.map((other) => `[${other}](#${other.toLowerCase()})`).join(' · ');
  return `### ${name}\n\n${about}\n\n\`\`\`ts\n${before}${code}\n\`\`\`\n${see === '' ? '' : `\n${see}\n`}`;
}

/** Every declaration a module exports, by whichever file it stands in. */
function exportsOf(file) {
  const { exports, declarations } = load(file);
  return [...exports.keys(), ...declarations.keys()].map((name) => find(file, name));
}

function find(file, name) {
  const { declarations, exports, imports } = load(file);
  const own = declarations.get(name);
  if (own !== undefined) return own;
  const { from, as } = exports.get(name) ?? imports.get(name) ?? {};
  return from?.startsWith('.') ? find(resolve(dirname(file), from.replace(/\.[jt]s$/, '.d.ts')), as) : undefined;
}

function load(file) {
  const known = files.get(file);
  if (known !== undefined) return known;
  const source = readFileSync(file, 'utf8');
  const module = { declarations: new Map(), exports: new Map(), imports: new Map() };
  files.set(file, module);
  for (const node of parseAst(source, { lang: 'dts' }).body) {
    const from = node.source?.value;
    if (node.type === 'ImportDeclaration') {
      for (const { local, imported } of node.specifiers) module.imports.set(local.name, { from, as: imported?.name });
    } else if (from !== undefined) {
      for (const { local, exported } of node.specifiers) module.exports.set(exported.name, { from, as: local.name });
    } else {
      const isExported = node.type === 'ExportNamedDeclaration';
      const declared = isExported ? node.declaration : node;
      const name = (declared?.id ?? declared?.declarations?.[0].id)?.name;
      if (name === undefined) continue;
      const internal = internalOf(declared, source);
      const code = cut(source, [node.start, node.end], internal)
        .replace(/^export (declare )?|^declare /, '')
        .replace(/^(?: {4})+/gm, (indent) => ' '.repeat(indent.length / 2));
      const about = docstring(source, node.start);
      const { references, values } = namesOf(declared, internal);
      module.declarations.set(name, { name, file, isExported, about, code, references, values });
    }
  }
  return module;
}

/** Members marked `@internal`: what surfaces of this package need and nobody else does. Ranges with their docstrings. */
function internalOf(declared, source) {
  return (declared.body?.body ?? [])
    .map((member) => ({ member, begin: beginOf(source, member.start) }))
    .filter(({ member, begin }) => source.slice(begin, member.start).includes('@internal'))
    .map(({ member, begin }) => [begin, member.end]);
}

/** Where the docstring right before a position begins; the position itself when there is none. */
function beginOf(source, position) {
  const before = source.slice(0, position).trimEnd();
  return before.endsWith('*/') ? before.lastIndexOf('/**') : position;
}

function docstring(source, position) {
  const comment = source.slice(beginOf(source, position), position).trimEnd();
  return comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^ *\* ?/gm, '')
    .trim();
}

function cut(source, [start, end], ranges) {
  let code = '';
  let from = start;
  for (const [begin, stop] of ranges) {
    code += source.slice(from, begin).trimEnd();
    from = stop;
  }
  return code + source.slice(from, end);
}

/** The types a declaration names, and the values it takes types from (`typeof LAYERS`). */
function namesOf(node, skip, names = { references: new Set(), values: new Set() }) {
  if (typeof node !== 'object' || node === null) return names;
  if (skip.some(([begin, end]) => node.start >= begin && node.end <= end)) return names;
  if (node.type === 'TSTypeReference' && node.typeName.type === 'Identifier') names.references.add(node.typeName.name);
  if (node.type === 'TSInterfaceHeritage') names.references.add(node.expression.name);
  if (node.type === 'TSTypeQuery') names.values.add(node.exprName.name);
  for (const value of Object.values(node)) namesOf(value, skip, names);
  return names;
}

/** What can be called before what it takes and gives. */
function byName(one, other) {
  const rank = ({ code, name }) => `${/^(async )?function/.test(code) ? 0 : 1}${name}`;
  return rank(one) < rank(other) ? -1 : 1;
}
