import { randomBytes } from 'node:crypto';
import { DelegateError } from '../../core/errors.ts';
import { serveHttp, serveStdio } from '../../mcp/serve.ts';
import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';
import { version } from '../version.ts';

/** The token that hosts send over HTTP; one is made when it is not set. */
const TOKEN = 'YARDMASTER_MCP_TOKEN';

/** stdout is the protocol's alone, and a host that is gone is no reason to end: its children may still run. */
export const serves = true;

export const action: Action = async (context) => {
  const { output, stdin, stdout, signal, flags, env } = context;
  // Packages that children's providers load may print; it must not end up in the protocol.
  console.log = console.info = console.debug = console.error;
  const options = {
    open: ({ config, cwd = context.cwd }: { config?: object; cwd?: string }) => open({ ...context, cwd }, config),
    follow_roots: flags.cwd === undefined,
    version: version(),
    log: (line: string) => output.note(`yardmaster mcp: ${line}`),
    signal,
  };
  if (flags.http === undefined) {
    await serveStdio({ ...options, stdin, stdout });
    return EXIT_OK;
  }
  const given = env[TOKEN];
  if (given !== undefined && given.length < 16) {
    throw new DelegateError('CONFIG_INVALID', `The token in ${TOKEN} has ${given.length} characters, too few.`, {
      hint: 'Give at least 16, or unset it: one is made then.',
    });
  }
  const token = given ?? randomBytes(24).toString('base64url');
  await serveHttp({
    ...options,
    port: flags.http as number,
    token,
    started: (url) => {
      output.note(`yardmaster mcp: serves ${url}`);
      output.note(given === undefined ? `yardmaster mcp: token ${token}` : `yardmaster mcp: token from ${TOKEN}`);
    },
  });
  return EXIT_OK;
};
