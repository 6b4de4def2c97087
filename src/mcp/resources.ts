import { readFile } from 'node:fs/promises';
import type { ReadResourceResult, Resource, ResourceTemplateType } from '@modelcontextprotocol/server';
import { DelegateError } from '../core/errors.ts';
import type { TaskResult } from '../core/result.ts';
import type { TaskRecord } from '../core/store.ts';
import type { Yardmaster } from '../yardmaster.ts';
import { resultUri, transcriptUri } from './delegation-answers.ts';

/** Tasks that a list of resources shows. */
const LISTED = 50;

export const RESOURCE_TEMPLATES: readonly ResourceTemplateType[] = [
  {
    uriTemplate: resultUri('{id}'),
    name: 'result',
    title: 'Result of a child',
    description: 'The whole of what a child wrote, with its receipt, usage and cost.',
    mimeType: 'application/json',
  },
  {
    uriTemplate: transcriptUri('{id}'),
    name: 'transcript',
    title: 'Transcript of a child',
    description: 'Every step of a child in order, one JSON object a line.',
    mimeType: 'application/x-ndjson',
  },
];

/** Results of the tasks that ended last. */
export async function listResources(yard: Yardmaster): Promise<readonly Resource[]> {
  const store = await yard.store();
  const tasks = await store.tasks({ limit: LISTED });
  return tasks
    .filter(({ result }) => result !== undefined)
    .map(({ id, input, status }) => ({
      uri: resultUri(id),
      name: id,
      title: `${status}: ${input.goal.slice(0, 100).replace(/\s+/g, ' ')}`,
      mimeType: 'application/json',
    }));
}

/** Reads `yardmaster://task/<id>/result` or `…/transcript`. Throws `NOT_FOUND` for everything else. */
export async function readResource(uri: string, yard: Yardmaster): Promise<ReadResourceResult> {
  const [, id = '', part] = /^yardmaster:\/\/task\/([\w-]{1,200})\/(result|transcript)$/.exec(uri) ?? [];
  if (part === undefined) {
    throw new DelegateError('NOT_FOUND', `"${uri.slice(0, 200)}" is no resource here.`, {
      hint: `Resources are ${resultUri('<id>')} and ${transcriptUri('<id>')}.`,
    });
  }
  if (part === 'result') {
    const { result } = await readResult(id, yard);
    return { contents: [{ uri, mimeType: 'application/json', text: JSON.stringify(result, null, 1) }] };
  }
  const store = await yard.store();
  const task = await taskOf(id, yard);
  const lines = (await store.journal(task.id)).map((entry) => JSON.stringify(entry));
  return { contents: [{ uri, mimeType: 'application/x-ndjson', text: lines.join('\n') }] };
}

/** A task's result with its whole text: what was cut is read from where it was kept. */
export async function readResult(
  task_id: string,
  yard: Yardmaster,
): Promise<{ readonly result: TaskResult; readonly text: string }> {
  const { result, status } = await taskOf(task_id, yard);
  if (result === undefined) {
    throw new DelegateError('NOT_FOUND', `"${task_id}" has no result yet: it is ${status}.`, {
      hint: 'Wait for it with delegation_status, action "wait".',
      retryable: true,
    });
  }
  const { full_ref } = result;
  const text = full_ref === undefined ? result.summary : await readFile(full_ref, 'utf8').catch(() => result.summary);
  return { result: { ...result, summary: text }, text };
}

async function taskOf(id: string, yard: Yardmaster): Promise<TaskRecord> {
  await yard.recover();
  const task = await (await yard.store()).task(id);
  if (task !== undefined) return task;
  throw new DelegateError('NOT_FOUND', `There is no task "${id}".`, {
    hint: 'delegation_status, action "list", shows what there is.',
  });
}
