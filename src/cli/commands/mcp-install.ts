import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { editHostFile, snippet } from '../../mcp/install/edit-host-file.ts';
import { hostFile, type InstallHost } from '../../mcp/install/host-file.ts';
import type { Action, ActionContext } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';
import { setUp } from '../set-up.ts';

/** Hosts that give a server no key of their environment unless it is named (docs/mcp.md). */
const PASS_NO_KEYS: readonly InstallHost[] = ['codex', 'gemini'];

export const action: Action = async (context) => {
  const { output, operands, flags, env, cwd } = context;
  const host = operands[0] as InstallHost;
  const target = hostFile(host, {
    env,
    home: env.HOME || env.USERPROFILE || homedir(),
    cwd,
    command: commandOf(context),
    key_env: PASS_NO_KEYS.includes(host) ? await keyVariables(context) : [],
  });
  if (flags.print === true) {
    const text = await snippet(target);
    if (output.json) output.document({ host, ...target, snippet: text });
    else {
      output.note(`${target.file}:`);
      output.data(text.trimEnd());
    }
    return EXIT_OK;
  }
  const setup = await setUp(context);
  const edited = await setup.editFile(target.file, (before) => editHostFile(before, target));
  if (output.json) output.document({ host, ...edited });
  else if (!edited.changed) output.note(`${edited.file} has it already.`);
  else {
    output.note(`Wrote ${edited.file}`);
    if (edited.backup !== undefined) output.note(`What was there before is in ${edited.backup}`);
    output.note(`Start ${host} anew, and ask it to delegate something.`);
  }
  return EXIT_OK;
};

/** The command by its name where the host will find it, else this very file: hosts start it from anywhere. */
function commandOf({ env, flags, cwd }: ActionContext): [string, ...string[]] {
  const folders = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.includes('node_modules'));
  // What hosts start on Windows is no shell, and cannot run a .cmd file.
  const found = process.platform !== 'win32' && folders.some((folder) => existsSync(join(folder, 'yardmaster')));
  const main = process.argv[1] ?? 'yardmaster';
  const config = flags.config === undefined ? [] : ['--config', resolve(cwd, flags.config)];
  return found ? ['yardmaster', 'mcp', ...config] : [process.execPath, main, 'mcp', ...config];
}

/** Names of the variables that hold the keys of usable providers. */
async function keyVariables(context: ActionContext): Promise<readonly string[]> {
  await using yard = await open(context);
  const { catalog } = yard.decisions().resolver;
  const names = [...catalog.providers.values()].flatMap(({ usable, credential }) =>
    usable && credential.kind === 'env' ? [credential.name] : [],
  );
  return [...new Set(names)].sort();
}
