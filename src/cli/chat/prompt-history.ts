import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Longer ones are pastes; the conversation has them. */
const MOST_CHARACTERS = 10_000;

/** As many as the input goes back through; the file may grow to ten times that before it is cut. */
const KEPT = 100;

/** What was typed in sessions before, oldest first; one file for all folders, only its owner can read it. */
export interface PromptHistory {
  readonly prompts: readonly string[];
  add(prompt: string): void;
}

/** A file that cannot be read or written costs the history, never the chat. */
export function loadPromptHistory(file: string): PromptHistory {
  const lines = readLines(file);
  const prompts = lines.slice(-KEPT).flatMap(parse);
  if (lines.length > 10 * KEPT)
    attempt(() => writeFileSync(file, `${lines.slice(-KEPT).join('\n')}\n`, { mode: 0o600 }));
  let last = prompts.at(-1);
  return {
    prompts,
    add(prompt) {
      if (prompt === last || prompt.length > MOST_CHARACTERS) return;
      last = prompt;
      attempt(() => {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        appendFileSync(file, `${JSON.stringify(prompt)}\n`, { mode: 0o600 });
      });
    },
  };
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

function parse(line: string): string[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'string' ? [value] : [];
  } catch {
    return [];
  }
}

function attempt(write: () => void): void {
  try {
    write();
  } catch {}
}
