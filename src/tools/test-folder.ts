import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Json } from '../core/task.ts';
import type { Remains, Tool, ToolOutcome } from '../core/tool.ts';
import { createToolsFor, type ToolsOptions } from './tools-for.ts';

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

/** What the model reads, had as the loop has it. */
export async function use(
  tool: Tool,
  args: { readonly [key: string]: Json },
  signal: AbortSignal = new AbortController().signal,
): Promise<ToolOutcome> {
  return tool.runNow?.(args) ?? tool.run(args, signal);
}

/** One child with these toolsets; it is closed at the end of the test. */
export interface TestChild extends AsyncDisposable {
  /** What the model reads; errors too. */
  call(tool: string, args: { readonly [key: string]: Json }, signal?: AbortSignal): Promise<ToolOutcome>;
  news(): string | undefined;
  /** What it leaves behind; later calls give the same. */
  close(): Promise<Remains>;
  readonly workspace: string;
}

/** Children of one delegation, each with all of these toolsets. */
export async function openChildren(
  folder: string,
  { count = 1, toolsets = ['read', 'write'], worktree = false, ...more }: TestChildren = {},
): Promise<readonly TestChild[]> {
  const kit = await createToolsFor(toolsOptions(more))(folder).kit(toolsets, { worktree });
  return Promise.all(
    Array.from({ length: count }, async (_, index): Promise<TestChild> => {
      const own = await kit.open({ task_id: `t_${index}`, index });
      let remains: Promise<Remains> | undefined;
      const close = (): Promise<Remains> => {
        remains ??= own.close?.({ lost: false }) ?? Promise.resolve({ artifacts: [] });
        return remains;
      };
      return {
        workspace: own.workspace,
        call: (tool, args, signal) => use(own.tools.get(tool)!, args, signal),
        news: () => own.news?.(),
        close,
        [Symbol.asyncDispose]: async () => void (await close()),
      };
    }),
  );
}

interface TestChildren extends Partial<ToolsOptions> {
  readonly count?: number;
  readonly toolsets?: readonly string[];
  readonly worktree?: boolean;
}
