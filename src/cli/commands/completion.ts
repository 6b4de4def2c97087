import type { Command } from 'commander';
import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';

/** The script is made from the program itself, so it cannot know other commands than `--help`. */
export const action: Action = async ({ operands, output, program }) => {
  const words = wordsOf(program);
  output.data({ bash, zsh, fish }[operands[0] as 'bash' | 'zsh' | 'fish'](words));
  return EXIT_OK;
};

/** Command path (`config get`) → the words that can follow it. */
type Words = ReadonlyMap<string, readonly string[]>;

function wordsOf(program: Command): Words {
  const words = new Map<string, readonly string[]>();
  const walk = (command: Command, path: string): void => {
    const flags = command.options.map((option) => option.long ?? option.short!);
    words.set(path, [...command.commands.map((child) => child.name()), ...flags, '--help']);
    for (const child of command.commands) walk(child, path === '' ? child.name() : `${path} ${child.name()}`);
  };
  walk(program, '');
  return words;
}

function bash(words: Words): string {
  const cases = [...words].map(([path, next]) => `    "${path}") next="${next.join(' ')}" ;;`);
  return `_yardmaster() {
  local path="" word next
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
    *) COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); return ;;
  esac
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _yardmaster yardmaster`;
}

function zsh(words: Words): string {
  return `#compdef yardmaster\nautoload -Uz bashcompinit && bashcompinit\n${bash(words)}`;
}

function fish(words: Words): string {
  const lines = [...words].flatMap(([path, next]) => {
    const seen =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    return next.map((word) =>
      word.startsWith('--')
        ? `complete -c yardmaster -n '${seen}' -l ${word.slice(2)}`
        : `complete -c yardmaster -f -n '${seen}' -a ${word}`,
    );
  });
  return lines.join('\n');
}
