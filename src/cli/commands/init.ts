import type { Setup } from '../../setup.ts';
import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { setUp } from '../set-up.ts';

type Found = Awaited<ReturnType<Setup['found']>>;

export const action: Action = async (context) => {
  const { output, flags } = context;
  const setup = await setUp(context);
  const found = await setup.found();
  const written = setup.write(draft(found), { project: flags.project === true, force: flags.force === true });
  if (output.json) {
    output.document({ ...written, ...found });
    return EXIT_OK;
  }
  output.note(`Wrote ${written.file}`);
  if (written.backup !== undefined) output.note(`What was there before is in ${written.backup}`);
  for (const { provider, variable } of found.keys)
    output.note(`  key for ${provider}${variable === undefined ? '' : ` in ${variable}`}`);
  for (const { provider, base_url, models } of found.local)
    output.note(`  ${provider} at ${base_url} with ${models.length} models`);
  if (found.keys.length + found.local.length === 0) {
    output.note(
      'No key and no local server was found: set a key such as ANTHROPIC_API_KEY, or start Ollama, and run `yardmaster doctor`.',
    );
  }
  output.note('Try: yardmaster explain -g "Summarise README.md"');
  return EXIT_OK;
};

/** A configuration with what was found in force and the rest as comments. It names no key. */
function draft({ keys, local }: Found): string {
  const providers = [...keys.map(({ provider }) => provider), ...local.map(({ provider }) => provider)];
  const [first] = providers;
  const model =
    first === undefined
      ? '# model: { provider: anthropic, model: sonnet }'
      : `model: { provider: ${first}${localModel(local, first)} }`;
  return `# yaml-language-server: $schema=https://unpkg.com/yardmaster/data/config.schema.json
# Every key: docs/configuration.md. Keys stay in the environment; this file only names them.

# The parent's route: what children get when nobody says otherwise.
${model}

providers:
${providers.length === 0 ? '  # anthropic: {}        # a known provider: its key comes from its usual variable' : providers.map((id) => `  ${id}: {}`).join('\n')}
  # lab:                 # a server of your own
  #   base_url: http://127.0.0.1:8080/v1
  #   wire: openai-chat
  #   auth: none
  #   models: [my-model]

# aliases: { fast: groq/llama }

# routes:
#   reviewer: { provider: anthropic, model: opus, reasoning_effort: high, description: "deep review" }

# delegation:
#   model: haiku                # the default for children
#   max_concurrent_children: 10
#   on_mismatch: fail           # another model served: fail | warn
#   budget: { usd: 5 }
`;
}

/** A local server has no default model: the first it has is as good a start as any, and it stands in plain sight. */
function localModel(local: Found['local'], id: string): string {
  const model = local.find(({ provider }) => provider === id)?.models[0];
  return model === undefined ? '' : `, model: ${JSON.stringify(model)}`;
}
