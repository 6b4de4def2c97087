import { count } from '../../core/budget/amounts.ts';
import type { ModelEntry, ProviderEntry } from '../../core/catalog.ts';
import { DelegateError } from '../../core/errors.ts';
import { suggestNames } from '../../core/text/suggest.ts';
import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';
import type { Paint } from '../output.ts';
import { markSimulated } from '../render/route-name.ts';
import { table } from '../render/table.ts';

/** Rows on a terminal; a longer list says how many it leaves out. `--json` has all. */
const SHOWN = 200;

export const action: Action = async (context) => {
  await using yard = await open(context);
  const { catalog } = yard.decisions().resolver;
  const { flags, output } = context;
  const asked = flags.provider === undefined ? undefined : String(flags.provider).toLowerCase();
  const id = asked === undefined ? undefined : (catalog.provider_aliases.get(asked) ?? asked);
  if (id !== undefined && !catalog.providers.has(id))
    throw unknownProvider(String(flags.provider), [...catalog.providers.keys()]);
  const words = String(context.operands[0] ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = [...catalog.providers.values()]
    .filter((provider) => (id === undefined ? provider.usable || flags.all === true : provider.id === id))
    .flatMap((provider) => [...provider.models.values()].map((model) => ({ provider, model })))
    .filter(({ provider, model }) =>
      words.every((word) => `${provider.id}/${model.id} ${model.name ?? ''}`.toLowerCase().includes(word)),
    );
  if (output.json) {
    output.document(
      found.map(({ provider: { id, usable, simulated }, model }) => ({
        provider: id,
        usable,
        ...(simulated && { simulated }),
        ...model,
      })),
    );
    return EXIT_OK;
  }
  if (found.length === 0) {
    output.note(
      flags.all === true || id !== undefined
        ? 'No model fits.'
        : 'No model of a provider with a key fits. --all also lists the others; `yardmaster providers --all` says which keys they want.',
    );
    return EXIT_OK;
  }
  const columns = [
    { title: 'provider/model', min: 20 },
    { title: 'context', align: 'right' as const },
    { title: '$ in', align: 'right' as const },
    { title: '$ out', align: 'right' as const },
    { title: 'effort', min: 8 },
    { title: 'sees' },
    { title: 'released' },
  ];
  const rows = found.slice(0, SHOWN).map(({ provider, model }) => row(provider, model, output.paint));
  output.data(table(columns, rows, output.columns).join('\n'));
  if (found.length > SHOWN)
    output.note(`… and ${found.length - SHOWN} more; add a word to the query, or --json for all.`);
  output.note(output.paintErr.dim(`$ per million tokens, – unknown · catalog of ${catalog.as_of}`));
  return EXIT_OK;
};

function row(provider: ProviderEntry, model: ModelEntry, paint: Paint): string[] {
  return [
    markSimulated(`${provider.id}/${model.id}`, provider, paint),
    model.context === undefined ? '–' : count(model.context),
    priced(model.price?.in),
    priced(model.price?.out),
    model.reasoning === undefined ? '–' : model.reasoning.join(' ') || 'none',
    model.vision === true ? 'yes' : model.vision === false ? 'no' : '–',
    model.released ?? '–',
  ];
}

function priced(usd: number | undefined): string {
  return usd === undefined ? '–' : String(usd);
}

function unknownProvider(name: string, known: readonly string[]): DelegateError {
  const near = suggestNames(name, known);
  return new DelegateError('PROVIDER_UNKNOWN', `There is no provider "${name}".`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.map((one) => `"${one}"`).join(' or ')}?`
        : '`yardmaster providers --all` lists them.',
  });
}
