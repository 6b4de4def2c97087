import type { TaskRecord } from './store.ts';

/** Who a line of a transcript is from. */
export type TranscriptRole = 'system' | 'user' | 'assistant' | 'reasoning' | 'tool' | 'note';

/**
 * One task's part of its delegation's readable transcript. It is for people, never the record (that is the
 * journal), so neither method throws or makes a task fail. What is written is in the file within 250 ms, and when
 * the delegation's last open transcript has ended, or the Transcripts are disposed.
 */
export interface Transcript {
  /** The file of the whole delegation; its lines name their task. */
  readonly path: string;
  /** Whole texts, not deltas: what is redacted must not be cut in two. */
  write(role: TranscriptRole, text: string): void;
  /** Later writes are ignored. */
  end(): void;
}

/** The Transcripts port: readable files beside the store. */
export interface Transcripts extends AsyncDisposable {
  /** Starts a task's transcript with its route; a later attempt, and the task's siblings, write to the same file. */
  open(task: Pick<TaskRecord, 'delegation_id' | 'id' | 'index' | 'input' | 'route'>): Transcript;
  /**
   * Keeps a text that was too long for a result. Resolves to the file's path, `full_ref` of the result;
   * undefined when it could not be written (the journal has it still).
   */
  saveFull(task_id: string, text: string): Promise<string | undefined>;
  /** Removes the files of tasks that are in the store no more. */
  remove(tasks: readonly Pick<TaskRecord, 'id' | 'delegation_id'>[]): Promise<void>;
}
