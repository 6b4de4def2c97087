import { duration } from '../../core/budget/amounts.ts';
import { sumCosts } from '../../core/budget/cost.ts';
import { DelegateError } from '../../core/errors.ts';
import { keyInClear } from '../../core/text/key-in-clear.ts';
import type { Yardmaster } from '../../yardmaster.ts';
import type { Action, ActionContext } from '../action.ts';
import { EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_OK, EXIT_REFUSED } from '../exit-code.ts';
import { open } from '../open.ts';
import { oneLine, type Paint } from '../output.ts';
import { routeName } from '../render/route-name.ts';
import { setUp } from '../set-up.ts';

interface Check {
  readonly what: string;
  readonly state: 'ok' | 'note' | 'bad';
  readonly says: string;
  readonly hint?: string;
}

/** What `--live` found out. */
type Live = Awaited<ReturnType<Yardmaster['probe']>>;

interface Found {
  readonly checks: readonly Check[];
  /** The configuration was refused: nothing could be asked. */
  readonly refused: boolean;
  /** Absent without `--live`, and when it was refused. */
  readonly live?: Live;
}

/**
 * Looks at everything that can be wrong before a first delegation; sends nothing to any provider but `GET /models` on
 * loopback. With `--live` every configured route is asked one short question besides.
 */
export const action: Action = async (context) => {
  const { output, flags, signal } = context;
  const found = await run(context);
  const { checks, live } = found;
  const bad = checks.filter(({ state }) => state === 'bad').length;
  const sick = live === undefined ? 0 : live.undecided.length + live.routes.filter(({ healthy }) => !healthy).length;
  if (output.json) {
    const told = live === undefined ? {} : { live: { ...live, cost: sumCosts(live.routes.map(({ cost }) => cost)) } };
    output.document({ ok: bad + sick === 0, checks, ...told });
  } else {
    for (const check of checks) output.data(line(check, output.paint));
    if (live !== undefined) output.data(`\n${(await import('../render/health.ts')).renderHealth(live, output)}`);
    output.note(bad + sick === 0 ? 'Nothing stands in the way.' : `${bad + sick} to mend.`);
  }
  if (signal.aborted) return EXIT_INTERRUPTED;
  if (bad + sick === 0) return EXIT_OK;
  return flags.live === true && !found.refused ? EXIT_INCOMPLETE : EXIT_REFUSED;
};

async function run(context: ActionContext): Promise<Found> {
  const setup = await setUp(context);
  const checks: Check[] = setup.files().map(
    ({ file, exists, trusted }): Check => ({
      what: 'configuration',
      state: exists ? 'ok' : 'note',
      says: `${file}${exists ? '' : ' is not there'}`,
      ...(exists
        ? trusted === false
          ? { hint: 'It may only narrow; `yardmaster trust` changes that.' }
          : {}
        : { hint: '`yardmaster init` writes one.' }),
    }),
  );
  try {
    await using yard = await open(context);
    const { resolver, routing } = yard.decisions();
    checks.push(...yard.config.notes.map((says): Check => ({ what: 'configuration', state: 'note', says })));
    const parent = resolver.parent;
    checks.push(
      parent === undefined
        ? {
            what: 'model',
            state: 'note',
            says: 'no parent model is configured',
            hint: 'Set `model:`, or name a model in every call.',
          }
        : { what: 'model', state: 'ok', says: routeName(parent) },
    );
    for (const name of routing.routes.keys()) {
      const resolution = resolver.resolve({ task: { route: name }, call: {} });
      const [issue] = resolution.ok ? [] : resolution.issues;
      checks.push(
        resolution.ok
          ? { what: `route ${name}`, state: 'ok', says: routeName(resolution.route) }
          : { what: `route ${name}`, state: 'bad', says: issue?.message ?? '', hint: issue?.hint ?? '' },
      );
    }
    const { keys, local } = await setup.found();
    for (const { provider, variable } of keys)
      checks.push({
        what: 'key',
        state: 'ok',
        says: `${provider}${variable === undefined ? ' (configuration)' : ` (${variable})`}`,
      });
    for (const provider of resolver.catalog.providers.values()) {
      if (!provider.configured || provider.usable) continue;
      checks.push({
        what: 'key',
        state: 'bad',
        says: `"${provider.id}" is configured and has no usable key`,
        hint: `Set ${provider.key_env.join(' or ') || 'key_env'}.`,
      });
    }
    for (const provider of resolver.catalog.providers.values()) {
      const says = provider.usable ? keyInClear(provider) : undefined;
      if (says === undefined) continue;
      checks.push({ what: 'key', state: 'note', says: `"${provider.id}": ${says}`, hint: 'Use https.' });
    }
    for (const server of local)
      checks.push({
        what: 'local server',
        state: 'ok',
        says: `${server.provider} at ${server.base_url}: ${server.models.join(', ') || 'no models'}`,
      });
    const configured = [...resolver.catalog.providers.values()].some((one) => one.configured && one.usable);
    if (!configured && keys.length + local.length === 0) {
      checks.push({
        what: 'key',
        state: 'bad',
        says: 'no key and no local server was found: nothing can run',
        hint: 'Set a key such as ANTHROPIC_API_KEY, or start Ollama, LM Studio, llama.cpp or vLLM.',
      });
    }
    const lost = await yard.recover();
    checks.push({
      what: 'store',
      state: 'ok',
      says: `${setup.paths.store_file}${lost.length === 0 ? '' : `; ${lost.length} tasks of dead processes are now marked lost`}`,
    });
    checks.push({
      what: 'catalog',
      state: 'ok',
      says: `of ${resolver.catalog.as_of}`,
      hint: '`yardmaster models refresh` fetches a newer one.',
    });
    if (context.flags.live === true) {
      const live = await ask(yard, context);
      // A named route that is not one has been told above.
      const told = new Set(checks.filter(({ state }) => state === 'bad').map(({ what }) => what));
      const undecided = live.undecided.filter(({ used_by }) => !told.has(used_by));
      return { checks, refused: false, live: { ...live, undecided } };
    }
  } catch (error) {
    if (!(error instanceof DelegateError)) throw error;
    const issues =
      error.issues.length > 0 ? error.issues : [{ path: error.code, message: error.message, hint: error.hint }];
    checks.push(
      ...issues.map(
        ({ path, message, hint }): Check => ({ what: 'configuration', state: 'bad', says: `${path} ${message}`, hint }),
      ),
    );
    return { checks, refused: true };
  }
  return { checks, refused: false };
}

/** On a terminal it is told how far it has come: a server that hangs takes half a minute. */
async function ask(yard: Yardmaster, { output, signal }: ActionContext): Promise<Live> {
  output.note('Asking each route one short question …');
  return yard.probe({
    signal,
    on: ({ route, healthy, total_ms }) => {
      if (output.live)
        output.note(output.paintErr.dim(`  ${healthy ? '✔' : '✘'} ${routeName(route)} ${duration(total_ms)}`));
    },
  });
}

function line({ what, state, says, hint }: Check, paint: Paint): string {
  const mark = { ok: paint.green('✔'), note: paint.yellow('•'), bad: paint.red('✘') }[state];
  return `${mark} ${what.padEnd(14)} ${oneLine(says)}${hint === undefined || hint === '' ? '' : paint.dim(`  ${oneLine(hint)}`)}`;
}
