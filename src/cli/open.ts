import type { Yardmaster } from '../yardmaster.ts';
import type { ActionContext } from './action.ts';

/** The application for one command, with the configuration that its flags name, or the one given instead. */
export async function open({ cwd, env, flags }: ActionContext, config?: object): Promise<Yardmaster> {
  const { createYardmaster } = await import('../app.ts');
  return createYardmaster({
    cwd,
    env,
    ...(flags.config === undefined ? {} : { config_file: flags.config }),
    ...(config === undefined ? {} : { config }),
  });
}
