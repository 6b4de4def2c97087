import { count } from '../../core/budget/amounts.ts';
import type { Catalog, ModelEntry, ProviderEntry } from '../../core/catalog.ts';
import type { Paint } from '../output.ts';
import { markSimulated } from '../render/route-name.ts';
import type { Column } from '../render/table.ts';
import type { Choice } from './panels/picker.ts';

export const MODEL_COLUMNS: readonly Column[] = [
  { title: 'provider/model', min: 16 },
  { title: 'key', spare: false },
  { title: 'context', align: 'right', spare: true },
  { title: '$ in', align: 'right', spare: true },
  { title: '$ out', align: 'right', spare: true },
  { title: 'can', min: 4, spare: true },
];

/** Every model of the catalog: those that can be used first, the person's own providers before others. */
export function modelChoices(catalog: Catalog, paint: Paint): Choice<string>[] {
  const rank = ({ usable, configured }: ProviderEntry) => (usable ? 0 : 2) + (configured ? 0 : 1);
  return [...catalog.providers.values()]
    .sort((one, other) => rank(one) - rank(other))
    .flatMap((provider) =>
      [...provider.models.values()].sort(newestFirst).map((model) => choiceOf(provider, model, paint)),
    );
}

function newestFirst(one: ModelEntry, other: ModelEntry): number {
  return (other.released ?? '').localeCompare(one.released ?? '');
}

function choiceOf(provider: ProviderEntry, model: ModelEntry, paint: Paint): Choice<string> {
  const name = `${provider.id}/${model.id}`;
  const wants = provider.key_env.join(' or ') || 'a key';
  return {
    value: `${model.id} --provider ${provider.id}`,
    search: `${name} ${model.name ?? ''} ${provider.name ?? ''} ${abilities(model)}`.toLowerCase(),
    cells: [
      markSimulated(name, provider, paint),
      provider.usable ? paint.green('✔') : '–',
      model.context === undefined ? '–' : count(model.context),
      model.price?.in === undefined ? '–' : String(model.price.in),
      model.price?.out === undefined ? '–' : String(model.price.out),
      abilities(model),
    ],
    ...(provider.usable ? {} : { barred: `${provider.id} has no usable key here: set ${wants}.` }),
  };
}

/** What it is known to be able to do. */
function abilities({ tools, vision, reasoning }: ModelEntry): string {
  return [tools === true ? 'tools' : '', vision === true ? 'sees' : '', (reasoning ?? []).length > 0 ? 'thinks' : '']
    .filter((word) => word !== '')
    .join(' ');
}
