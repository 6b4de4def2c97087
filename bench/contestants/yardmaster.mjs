import { createYardmaster } from '../../dist/index.js';
import { configOf } from '../yardmaster-config.mjs';

export const wires = ['chat', 'responses', 'messages'];

/** Everything on: preflight, receipts, limits, and every step journalled in SQLite before the next. */
export async function create({ providers, workspace, home }) {
  const yardmaster = await createYardmaster({
    config: configOf(providers),
    env: { YARDMASTER_HOME: home },
    cwd: workspace,
  });
  const modelOf = new Map(providers.map(({ id, model }) => [id, model]));

  async function run(tasks) {
    const { results } = await yardmaster.delegate({
      tasks: tasks.map(({ provider, goal }) => ({ provider, model: modelOf.get(provider), goal })),
    });
    return results.map(({ status, summary, error }) => (status === 'completed' ? summary : JSON.stringify(error)));
  }

  return { run, close: () => yardmaster[Symbol.asyncDispose]() };
}
