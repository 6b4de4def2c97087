import type { TaskRecord } from './store.ts';

/** Who a line of a transcript is from. */
export type TranscriptRole = 'system' | 'user' | 'assistant' | 'reasoning' | 'tool' | 'note';

/**
 * One task's readable transcript. It is for people, never the record (that is the journal), so neither
 * method throws, waits for a disk, or makes a task fail.
 */
export interface Transcript {
  readonly path: string;
  /** Whole texts, not deltas: what is redacted must not be cut in two. */
  write(role: TranscriptRole, text: string): void;
  /** Everything written is in the file when this returns. Later writes are ignored. */
  end(): void;
}

/** The Transcripts port: readable files beside the store. */
export interface Transcripts extends AsyncDisposable {
  /** Starts a task's transcript with its route and goal; a later attempt goes on in the same file. */
  open(task: Pick<TaskRecord, 'delegation_id' | 'id' | 'index' | 'input' | 'route'>): Transcript;
  /**
   * Keeps a text that was too long for a result. Resolves to the file's path, `full_ref` of the result;
   * undefined when it could not be written (the journal has it still).
   */
  saveFull(task_id: string, text: string): Promise<string | undefined>;
}
