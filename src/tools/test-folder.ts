import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Json } from '../core/task.ts';
import type { Tool, ToolOutcome } from '../core/tool.ts';
import type { ToolsOptions } from './tools-for.ts';

/** A folder with these files, gone at the end of the test. */
export function createFolder(files: Readonly<Record<string, string | Buffer>>): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'yardmaster-tools-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** Tools without a sandbox, which keep nothing. */
export function toolsOptions(more: Partial<ToolsOptions> = {}): ToolsOptions {
  return {
    env: process.env,
    sandbox: { kind: 'none', network: false, read_only: [] },
    worktrees: join(tmpdir(), 'yardmaster-no-worktrees'),
    tool_timeout_seconds: 60,
    filter: (text) => text,
    keep: async () => undefined,
    ...more,
  };
}

export function use(tool: Tool, args: { readonly [key: string]: Json }): Promise<ToolOutcome> {
  return tool.run(args, new AbortController().signal);
}
