export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Variables a command gets of ours, and no other: none of them holds a secret by its purpose. The second row says
 * where toolchains are that do not stand in their usual place.
 */
export const PASSED_ON: readonly string[] = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ'],
  ...['CARGO_HOME', 'RUSTUP_HOME', 'GOPATH', 'GOROOT', 'JAVA_HOME', 'NVM_DIR', 'PYENV_ROOT', 'VIRTUAL_ENV'],
  'YARDMASTER_HOME',
];

/** What holds in a container and for us alike: its programs and folders are others. */
const ANYWHERE: ReadonlySet<string> = new Set(['LANG', 'LC_ALL', 'LC_CTYPE', 'TZ']);

/** The environment of a command. `hasSecret` tells whether a value holds a key we know; then it stays here. */
export function commandEnv(options: {
  readonly env: Env;
  readonly hasSecret: (value: string) => boolean;
  /** It runs among the same programs and folders as we do. */
  readonly at_home: boolean;
  readonly tmp: string;
}): Readonly<Record<string, string>> {
  const { env, hasSecret, at_home, tmp } = options;
  const passed: Record<string, string> = { TERM: 'dumb', NO_COLOR: '1', TMPDIR: tmp };
  for (const name of PASSED_ON) {
    const value = env[name];
    if (value !== undefined && value !== '' && (at_home || ANYWHERE.has(name)) && !hasSecret(value))
      passed[name] = value;
  }
  return passed;
}
