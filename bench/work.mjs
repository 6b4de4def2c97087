// The job every contestant does: children that read one small file through a tool and answer.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const SYSTEM =
  'You are a focused subagent. Do the one task you were given with the tools you have, then answer with what you ' +
  'found, briefly and completely. You have no memory of other conversations.';

export const readFileTool = {
  name: 'read_file',
  description: 'Reads a text file of the workspace and returns its content.',
  parameters: {
    type: 'object',
    properties: { path: { type: 'string', description: 'Path relative to the workspace.' } },
    required: ['path'],
    additionalProperties: false,
  },
};

/** The files that there are to read; a long child reads one after the other, as a child that gets on would. */
export const FILES = Array.from({ length: 10 }, (_, index) => `value-${index}.txt`);

/** Makes the folder that the tool reads from. */
export function createWorkspace(folder) {
  mkdirSync(folder, { recursive: true });
  for (const file of FILES) writeFileSync(join(folder, file), `${'The value you were asked for is 42. '.repeat(7)}\n`);
}

/**
 * The tool of every contestant that brings its own: one synchronous read, the cheapest there is, so that the
 * comparison never favours Yardmaster, whose `read_file` also confines the path.
 */
export const fileReader = (workspace) => (path) => readFileSync(join(workspace, path), 'utf8');

/** `count` tasks, spread evenly over the providers. */
export function tasksFor(count, providers) {
  return Array.from({ length: count }, (_, index) => ({
    provider: providers[index % providers.length].id,
    goal: `Read value-1.txt and tell me the value it holds (task number ${index}).`,
  }));
}
