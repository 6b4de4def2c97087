import { commandEnv } from './command-env.ts';
import { endStrays, MARK } from './end-strays.ts';
import type { Sandbox, SandboxOptions } from './sandbox.ts';

/** Commands run as this user, with the user's reach; only the environment is another. */
export function createNoSandbox({ env, hasSecret }: SandboxOptions): Sandbox {
  return {
    kind: 'none',
    check: async () => undefined,
    wrap: ({ line, id, reach, ...command }) => ({
      argv: ['/bin/sh', '-c', line],
      env: {
        ...commandEnv({ env, hasSecret, at_home: true, tmp: reach.scratch }),
        ...command.env,
        [MARK]: id,
      },
    }),
    end: (id) => endStrays(id),
  };
}
