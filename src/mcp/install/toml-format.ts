import { parse, stringify } from 'smol-toml';
import type { Value } from './host-file.ts';
import type { TextFormat } from './text-format.ts';

/**
 * TOML, changed as text: writers of TOML lose comments. Only a section of its own is found and only keys on one line
 * are replaced; whoever asked compares what the text says before and after.
 */
export const TOML_FORMAT: TextFormat = {
  parse: (text) => parse(text),
  edit(text, path, entry) {
    const eol = text.includes('\r\n') ? '\r\n' : '\n';
    const lines = text.split(/\r?\n/);
    const start = lines.findIndex((line) => isHeader(line, path));
    const pairs = Object.entries(entry).map(([key, value]) => ({ key, line: pair(key, value) }));
    if (start < 0) {
      const body = text.trimEnd();
      const section = [`[${path.join('.')}]`, ...pairs.map(({ line }) => line)].join(eol);
      return `${body === '' ? '' : `${body}${eol}${eol}`}${section}${eol}`;
    }
    const after = lines.findIndex((line, index) => index > start && /^\s*\[/.test(line));
    const end = after < 0 ? lines.length : after;
    const missing: string[] = [];
    for (const { key, line } of pairs) {
      const at = lines.findIndex((own, index) => index > start && index < end && isKey(own, key));
      if (at < 0) missing.push(line);
      else if (!says(lines[at] ?? '', line)) lines[at] = line;
    }
    lines.splice(start + 1, 0, ...missing);
    return lines.join(eol);
  },
};

function pair(key: string, value: Value): string {
  return stringify({ [key]: value }).trim();
}

/** Whether a line with a key has that value already: its comment stays then. */
function says(line: string, wanted: string): boolean {
  try {
    return stringify(parse(line)) === stringify(parse(wanted));
  } catch {
    return false;
  }
}

function isHeader(line: string, path: readonly string[]): boolean {
  const [, name] = /^\s*\[([^[\]]+)\]\s*(?:#.*)?$/.exec(line) ?? [];
  const steps = name?.split('.').map((step) => step.trim().replace(/^(["'])(.*)\1$/, '$2'));
  return steps !== undefined && steps.length === path.length && steps.every((step, index) => step === path[index]);
}

function isKey(line: string, key: string): boolean {
  return new RegExp(`^\\s*(?:${key}|"${key}"|'${key}')\\s*=`).test(line);
}
