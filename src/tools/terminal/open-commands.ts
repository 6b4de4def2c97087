import { DelegateError } from '../../core/errors.ts';
import type { SandboxSettings } from '../../core/settings.ts';
import type { ChildPlace } from '../child-place.ts';
import type { ToolMaker } from '../define-tool.ts';
import type { Env } from './command-env.ts';
import { openSandbox } from './open-sandbox.ts';
import { createRunCommand } from './run-command.ts';
import { createTerminal, type OpenTerminal } from './terminal.ts';

/** Between a command's own limit and that of a tool call: for the command to end and to be told of. */
const MARGIN_SECONDS = 10;

export interface CommandsOptions {
  /** What of it commands get is a short list (docs/security.md). */
  readonly env: Env;
  readonly sandbox: SandboxSettings;
  readonly tool_timeout_seconds: number;
  /** Takes known keys out of a text. */
  readonly filter: (text: string) => string;
  /** Keeps a long text under a name; gives where, undefined when it could not. */
  readonly keep: (name: string, text: string) => Promise<string | undefined>;
}

/** What it takes to run commands here. */
export interface Commands {
  readonly openTerminal: OpenTerminal;
  readonly createTool: ToolMaker<ChildPlace>;
}

/** Throws `ABILITY_MISSING` or `CONFIG_INVALID` when commands cannot be run as configured. */
export async function openCommands(options: CommandsOptions): Promise<Commands> {
  if (process.platform === 'win32') {
    throw new DelegateError(
      'ABILITY_MISSING',
      'The toolset "terminal" cannot be used on Windows: there is no /bin/sh.',
      {
        hint: 'Take it out of the toolsets, or run Yardmaster in WSL.',
      },
    );
  }
  const { env, sandbox: settings, filter, keep } = options;
  const sandbox = await openSandbox({ settings, env, hasSecret: (value) => filter(value) !== value });
  await sandbox.check();
  return {
    openTerminal: (of) => createTerminal({ sandbox, ...of }),
    createTool: createRunCommand({
      max_seconds: Math.max(1, options.tool_timeout_seconds - MARGIN_SECONDS),
      surroundings: surroundings(settings),
      filter,
      keep,
    }),
  };
}

function surroundings({ kind, network, image }: SandboxSettings): string {
  if (kind === 'none') return '';
  const where = kind === 'docker' ? `in a container of ${image}` : 'in a sandbox';
  return `It runs ${where}, where only the workspace and /tmp can be written${network ? '' : ' and there is no network'}. `;
}
