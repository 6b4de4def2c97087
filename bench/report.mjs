// From the numbers of all rounds to two tables: Yardmaster beside its targets, and everybody beside the raw loop.
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { contestants } from './contestants.mjs';
import { median } from './scenarios.mjs';

const DOCS = join(import.meta.dirname, '../docs/benchmarks.md');
const START = '<!-- measured: written by `npm run bench -- --write` -->';
const END = '<!-- /measured -->';

/** Plain data: for each row and contestant the median, its range, and the ratio to what the row is held against. */
export function createReport({ rows, names, rounds, node, quick, failures }) {
  const measured = rows.map((row) => ({
    ...row,
    results: Object.fromEntries(names.map((name) => [name, resultOf(row, name, rounds)])),
  }));
  return {
    date: new Date().toISOString().slice(0, 10),
    node,
    cores: availableParallelism(),
    rounds: rounds.length,
    quick,
    contestants: names.map((name) => ({ name, ...contestants[name], version: versionOf(contestants[name].package) })),
    rows: measured.map((row) => ({ ...row, verdict: verdictOf(row) })),
    failures,
  };
}

function resultOf(row, name, rounds) {
  const values = [];
  const ratios = [];
  for (const round of rounds) {
    const value = round[name]?.[row.scenario]?.[row.id];
    if (!Number.isFinite(value)) continue;
    values.push(value);
    const base = round[row.over ?? 'raw']?.[row.scenario]?.[row.id];
    if (base > 0) ratios.push(value / base);
  }
  if (values.length === 0) return null;
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    ratio: ratios.length > 0 ? median(ratios) : null,
  };
}

function verdictOf(row) {
  const result = row.results.yardmaster;
  const value = row.over ? result?.ratio : result?.median;
  if (row.must === undefined || value === undefined || value === null) return null;
  const meets = (limit) => (row.atLeast ? value >= limit : value <= limit);
  return meets(row.aim) ? 'aim' : meets(row.must) ? 'must' : 'missed';
}

export function renderReport(report) {
  const parts = [setting(report)];
  if (report.contestants.some(({ name }) => name === 'yardmaster')) parts.push(targetTable(report));
  parts.push(peerTable(report));
  if (report.failures.length > 0)
    parts.push(report.failures.map((one) => `- ${one.contestant}, ${one.scenario}: failed`).join('\n'));
  return parts.join('\n\n');
}

function setting({ date, node, cores, rounds, quick, contestants: names }) {
  const versions = names.filter(({ version }) => version).map((one) => `${one.package} ${one.version}`);
  return (
    `Measured on ${date}: Node ${node}, ${cores} cores, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}` +
    `${quick ? ' (quick)' : ''}; ${[...new Set(versions)].join(', ')}.`
  );
}

const MARKS = { aim: '✓✓', must: '✓', missed: '✗' };

function targetTable({ rows }) {
  return table(
    ['metric', 'must', 'aim', 'measured', '× raw', ''],
    rows.map((row) => {
      const result = row.results.yardmaster;
      return [
        row.title,
        limit(row, row.must),
        limit(row, row.aim),
        result ? `${amount(result.median)} ${row.unit}${range(result)}` : '–',
        result?.ratio ? `${amount(result.ratio)}×${row.over && row.over !== 'raw' ? ` ${row.over}` : ''}` : '',
        MARKS[row.verdict] ?? '',
      ];
    }),
  );
}

const range = ({ min, max }) => (min === max ? '' : ` (${amount(min)}–${amount(max)})`);

function limit(row, value) {
  if (value === undefined) return '';
  if (row.over) return value === 1 ? '=' : `≤ ${value}× ${row.over}`;
  return `${row.atLeast ? '≥' : '≤'} ${amount(value)} ${row.unit}`;
}

function peerTable({ rows, contestants: names }) {
  const compared = rows.filter((row) => names.some(({ name }) => name !== 'yardmaster' && row.results[name]));
  return table(
    ['metric', ...names.map((one) => one.label)],
    compared.map((row) => [
      `${row.title}, ${row.unit}`,
      ...names.map(({ name }) => {
        const result = row.results[name];
        if (!result) return '–';
        const ratio = name !== (row.over ?? 'raw') && result.ratio ? ` (${amount(result.ratio)}×)` : '';
        return amount(result.median) + ratio;
      }),
    ]),
  );
}

function table(head, body) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

/** Three significant digits, thousands grouped, never in scientific notation. */
function amount(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function versionOf(name) {
  if (!name) return undefined;
  return JSON.parse(readFileSync(join(import.meta.dirname, 'package.json'), 'utf8')).dependencies[name];
}

/** Puts the tables between the two marks of docs/benchmarks.md. */
export function writeReport(report) {
  const text = readFileSync(DOCS, 'utf8');
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`docs/benchmarks.md has lost its marks "${START}" and "${END}".`);
  writeFileSync(DOCS, `${before}${START}\n${renderReport(report)}\n${END}${after}`);
}
