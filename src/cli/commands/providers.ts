import type { ProviderEntry } from '../../core/catalog.ts';
import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';
import { markSimulated } from '../render/route-name.ts';
import { table } from '../render/table.ts';

export const action: Action = async (context) => {
  await using yard = await open(context);
  const { catalog } = yard.decisions().resolver;
  const { output } = context;
  const shown = [...catalog.providers.values()]
    .filter((provider) => provider.usable || provider.configured || context.flags.all === true)
    .filter((provider) => context.flags.all === true || provider.configured || provider.credential.kind !== 'none')
    .sort((a, b) => Number(b.configured) - Number(a.configured) || a.id.localeCompare(b.id));
  if (output.json) {
    output.document(shown.map(({ models, ...provider }) => ({ ...provider, models: models.size })));
    return EXIT_OK;
  }
  if (shown.length === 0) {
    output.note(
      'No provider has a key here. `yardmaster providers --all` lists all with the variable each key is looked for in.',
    );
    return EXIT_OK;
  }
  const columns = [
    { title: 'provider' },
    { title: 'key', min: 12 },
    { title: 'wire' },
    { title: 'models', align: 'right' as const },
    { title: 'endpoint', min: 16 },
  ];
  const rows = shown.map((provider) => [
    markSimulated(provider.id, provider, output.paint),
    keyState(provider),
    provider.wire === 'ai-sdk' ? (provider.package ?? 'ai-sdk') : provider.wire,
    provider.listing === 'open' && provider.models.size === 0 ? 'any' : String(provider.models.size),
    provider.base_url,
  ]);
  output.data(table(columns, rows, output.columns).join('\n'));
  return EXIT_OK;
};

function keyState({ usable, credential, key_env }: ProviderEntry): string {
  if (credential.kind === 'none') return 'not needed';
  const from = credential.kind === 'env' ? credential.name : 'configuration';
  return usable ? `✔ ${from}` : `✘ ${key_env.join(' or ') || from}`;
}
