import type { Setup } from '../setup.ts';
import type { ActionContext } from './action.ts';

/** Configuration and surroundings, for the commands that are about them. */
export async function setUp({ cwd, env, flags }: ActionContext): Promise<Setup> {
  const { createSetup } = await import('../setup.ts');
  return createSetup({ cwd, env, ...(flags.config === undefined ? {} : { config_file: flags.config }) });
}
