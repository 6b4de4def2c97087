import { describeFile } from './describe-file.ts';
import { objectOf } from './json-shape.ts';
import type { Reply, ReplyFor, ReplyToolCall } from './reply.ts';
import type { SeenRequest, SeenToolResult } from './seen-request.ts';

/** A path with an extension, or anything in backticks that has a slash. */
const PATHS = /`([^`\s]*\/[^`\s]*)`|(?<![\w/.-])((?:[\w@.-]+\/)*[\w@-][\w@.-]*\.[A-Za-z][\w]{1,9})(?![\w/-])/g;
/** What is read first of a folder: what introduces it, prose, the rest, hidden files. */
const ORDER = [/^(readme|index|main)\b/i, /\.(md|txt|rst)$/i, /^[^.]/, /^/] as const;
const MAX_FILES = 5;

/**
 * A stand-in for a model that works without one: it asks for `read_file` on the files that the goal names (where it
 * names none, for `list_files`, and reads the first few), and answers with what can be counted and quoted in what
 * came back. Every answer begins with `[simulated]`. It keeps no state.
 *
 * `reply` goes into each of its answers: pauses, usage, a served model.
 */
export function readerModel(reply: Reply = {}): ReplyFor {
  return (request) => ({ ...reply, ...next(request) });
}

function next(request: SeenRequest): Reply {
  const goal = request.texts[0] ?? '';
  const [listing] = request.tool_results.filter((result) => result.name === 'list_files');
  const read = request.tool_results.filter((result) => result.name === 'read_file');
  if (read.length > 0) {
    return {
      text: said(read.map((result) => describeFile({ ...result, path: pathIn(result.arguments), goal })).join('\n')),
    };
  }
  const named = listing === undefined ? pathsIn(goal) : filesIn(listing);
  const files = named.filter((path) => !path.endsWith('/')).slice(0, MAX_FILES);
  if (files.length > 0 && has(request, 'read_file')) {
    return calling(
      request,
      files.map((path) => call(request, 'read_file', path)),
    );
  }
  if (listing !== undefined)
    return { text: said(`There is no file to read in ${pathIn(listing.arguments)}: ${listing.content}`) };
  if (has(request, 'list_files')) {
    return calling(request, [call(request, 'list_files', named[0]?.replace(/\/$/, '') ?? '.')]);
  }
  return { text: said('It found nothing to read for this goal.') };
}

function said(what: string): string {
  return `[simulated] A script answers here, no model does.\n\n${what}`;
}

/** Thinks aloud only where effort was asked for, as reasoning models do. */
function calling(request: SeenRequest, tool_calls: readonly ReplyToolCall[]): Reply {
  const names = tool_calls.map((one) => pathIn(one.arguments)).join(', ');
  return {
    tool_calls,
    ...(request.effort === null ? {} : { reasoning: `The goal needs ${names}. I look there first.` }),
  };
}

function has(request: SeenRequest, name: string): boolean {
  return request.tools.some((tool) => tool.name === name);
}

/** A call with the path where the tool's own schema wants it. */
function call(request: SeenRequest, name: string, path: string): ReplyToolCall {
  const schema = objectOf(request.tools.find((tool) => tool.name === name)?.parameters);
  const required = Array.isArray(schema.required) ? schema.required : [];
  const argument = 'path' in objectOf(schema.properties) ? 'path' : String(required[0] ?? 'path');
  return { name, arguments: { [argument]: path } };
}

function pathIn(args: ReplyToolCall['arguments']): string {
  const values = Object.values(typeof args === 'string' ? JSON.parse(args) : args);
  return String(values.find((value) => typeof value === 'string') ?? '');
}

function pathsIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(PATHS)].map((match) => match[1] ?? match[2] ?? ''))];
}

/** The files right in a listed folder, what introduces it first. */
function filesIn(listing: SeenToolResult): readonly string[] {
  const folder = pathIn(listing.arguments);
  const rank = (name: string): number => ORDER.findIndex((fits) => fits.test(name));
  return listing.content
    .split('\n')
    .filter((name) => !/[\])/]$/.test(name))
    .toSorted((a, b) => rank(a) - rank(b))
    .map((name) => (folder === '.' || folder === '' ? name : `${folder}/${name}`));
}
