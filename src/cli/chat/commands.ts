export type CommandName = 'model' | 'effort' | 'route' | 'agents' | 'cost' | 'explain' | 'help' | 'quit';

/** What the person can type after a slash. The table of docs/chat.md has the same rows. */
export interface Command {
  readonly name: CommandName;
  /** As shown in help; empty = it takes nothing. */
  readonly takes: string;
  readonly does: string;
}

export const COMMANDS: readonly Command[] = [
  {
    name: 'model',
    takes: '[MODEL] [--provider ID] [--save]',
    does: 'go on with another model; alone: search and pick one',
  },
  { name: 'effort', takes: '[LEVEL] [--save]', does: 'think more or less; alone: pick a level' },
  { name: 'route', takes: '[NAME] [--save]', does: 'go on over a named route; alone: pick one' },
  { name: 'agents', takes: '', does: 'children and grandchildren, live: read along, steer, stop' },
  { name: 'cost', takes: '', does: 'what this session spent, by model and provider' },
  { name: 'explain', takes: '', does: 'why the last delegation chose its routes' },
  { name: 'help', takes: '', does: 'commands and keys' },
  { name: 'quit', takes: '', does: 'leave; the session is kept' },
];
