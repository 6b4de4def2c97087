import { describeFile } from './describe-file.ts';
import { objectOf } from './json-shape.ts';
import type { Reply, ReplyFor, ReplyToolCall } from './reply.ts';
import type { SeenRequest } from './seen-request.ts';

/** A path with an extension, or anything in backticks that has a slash. */
const PATHS = /`([^`\s]*\/[^`\s]*)`|(?<![\w/.-])((?:[\w@.-]+\/)*[\w@-][\w@.-]*\.[A-Za-z][\w]{1,9})(?![\w/-])/g;
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
  const listed = request.tool_results.filter((result) => result.name === 'list_files');
  const read = request.tool_results.filter((result) => result.name === 'read_file');
  if (read.length > 0) {
    const described = read.map((result) => describeFile({ path: pathIn(result.arguments), goal, ...result }));
    return { text: `[simulated] A script read this, no model did.\n\n${described.join('\n')}` };
  }
  const paths = listed.length > 0 ? filesIn(listed.map((result) => result.content).join('\n')) : pathsIn(goal);
  const files = paths.filter((path) => !path.endsWith('/')).slice(0, MAX_FILES);
  if (files.length > 0 && has(request, 'read_file')) {
    return calling(
      request,
      files.map((path) => call(request, 'read_file', path)),
    );
  }
  if (listed.length === 0 && has(request, 'list_files')) {
    return calling(request, [call(request, 'list_files', paths[0]?.replace(/\/$/, '') ?? '.')]);
  }
  return { text: '[simulated] A script answers here, no model does. It found no file to read for this goal.' };
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

/** The files of a listing, what introduces a folder first. */
function filesIn(listing: string): readonly string[] {
  const files = pathsIn(listing).filter((path) => !path.endsWith('/'));
  const rank = (path: string): number => (/(^|\/)(readme|index|main)\./i.test(path) ? 0 : 1);
  return files.toSorted((a, b) => rank(a) - rank(b));
}
