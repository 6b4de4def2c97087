import { DelegateError } from '../../core/errors.ts';
import type { RouteRequest } from '../../core/route.ts';
import { quote } from '../../core/routing/parse-name.ts';
import { suggestNames } from '../../core/text/suggest.ts';
import { COMMANDS, type CommandName } from './commands.ts';

/** What a line means. */
export type Line =
  | { readonly kind: 'message'; readonly text: string }
  /** From here on another route; with `save` it is written to the configuration, too. */
  | { readonly kind: 'switch'; readonly command: Switch; readonly request: RouteRequest; readonly save: boolean }
  /** The same, to be picked from a list. */
  | { readonly kind: 'pick'; readonly command: Switch; readonly save: boolean }
  | { readonly kind: 'command'; readonly command: Exclude<CommandName, Switch> };

export type Switch = 'model' | 'effort' | 'route';

const FIELD: Record<Switch, keyof RouteRequest> = { model: 'model', effort: 'reasoning_effort', route: 'route' };

/** A path (`/etc/hosts is …`) is no command. */
const COMMAND = /^\/([\p{L}\p{N}_-]+|\?)(?:\s+([\s\S]*))?$/u;

/** Dashes as chat programs and keyboards make them. */
const SAVE = /(^|\s)(?:--|[\u2010-\u2015\u2212]+)save(?=\s|$)/iu;

/**
 * Reads what was typed. What follows `/model` is exactly what a task may say as its `model`, so one parser and one
 * resolver judge both. Throws `REQUEST_INVALID` for a command that does not exist, or that takes no argument.
 */
export function parseLine(text: string): Line {
  const line = text.trim();
  const match = COMMAND.exec(line);
  if (match === null) return { kind: 'message', text };
  const command = commandOf(match[1]!);
  const rest = (match[2] ?? '').trim();
  if (!isSwitch(command)) {
    if (rest === '') return { kind: 'command', command };
    throw new DelegateError('REQUEST_INVALID', `/${command} takes nothing, and ${quote(rest)} follows it.`, {
      hint: `Type /${command}.`,
    });
  }
  const save = SAVE.test(rest);
  const asked = save ? rest.replace(SAVE, '$1').trim() : rest;
  if (asked === '') return { kind: 'pick', command, save };
  return { kind: 'switch', command, request: { [FIELD[command]]: asked }, save };
}

function commandOf(word: string): CommandName {
  const asked = word.toLowerCase();
  const name = ALIASES[asked] ?? asked;
  const known = COMMANDS.find((command) => command.name === name);
  if (known !== undefined) return known.name;
  const near = suggestNames(
    asked,
    COMMANDS.map((one) => one.name),
  );
  throw new DelegateError('REQUEST_INVALID', `There is no command ${quote(`/${word}`)}.`, {
    hint:
      near.length > 0 ? `Did you mean ${near.map((one) => `"/${one}"`).join(' or ')}?` : '/help lists the commands.',
  });
}

const ALIASES: Readonly<Record<string, CommandName>> = { '?': 'help', exit: 'quit', q: 'quit', agent: 'agents' };

function isSwitch(command: CommandName): command is Switch {
  return command in FIELD;
}
