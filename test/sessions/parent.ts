import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Reply, ReplyFor, SeenRequest } from '../../src/testing.ts';

/** What the parent runs on. */
export const MODEL = { provider: 'chat', model: 'chat-1' };

export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const calls = (name: string, args: object): Reply => ({ tool_calls: [{ name, arguments: args as never }] });
export const delegates = (args: object): Reply => calls('delegate_task', args);
export const lastResult = (seen: SeenRequest): string => seen.tool_results.at(-1)?.content ?? '';

/** A parent at `chat` that does `turns`, one a request since the last message; children elsewhere say what `child` says. */
export function parentWith(
  turns: readonly (Reply | ((seen: SeenRequest) => Reply | Promise<Reply>))[],
  child: Reply | ReplyFor = { text: 'The child is done.' },
): ReplyFor {
  let at = 0;
  return (seen) => {
    if (seen.wire !== 'openai-chat') return typeof child === 'function' ? child(seen) : child;
    const turn = turns[Math.min(at++, turns.length - 1)] ?? {};
    return typeof turn === 'function' ? turn(seen) : turn;
  };
}

export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
