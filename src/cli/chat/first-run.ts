import type { Setup } from '../../setup.ts';
import type { Paint } from '../output.ts';

/** What somebody needs who has neither a configuration nor a key, in place of a chat. */
export async function firstRunText(setup: Setup, paint: Paint): Promise<string> {
  const { keys, local } = await setup.found();
  const line = (what: string, text: string) => `  ${paint.bold(what.padEnd(10))} ${text}`;
  const here = [
    ...keys.map(({ provider, variable }) =>
      line('found', `a key for ${provider}${variable === undefined ? '' : ` in ${variable}`}`),
    ),
    ...local.map(({ provider, base_url, models }) =>
      line('found', `${provider} at ${base_url} with ${models.length} model${models.length === 1 ? '' : 's'}`),
    ),
  ];
  const need =
    here.length > 0
      ? here
      : [
          line('a key', 'in its usual variable: ANTHROPIC_API_KEY, OPENROUTER_API_KEY, …'),
          line('or local', 'start Ollama, LM Studio, llama.cpp or vLLM on this machine'),
        ];
  return [
    paint.bold('No model is set to talk to.'),
    '',
    ...need,
    line('then', 'yardmaster init      writes a configuration from what is here'),
    line('', 'yardmaster doctor    says what is still missing'),
    line('or', 'yardmaster chat -m MODEL --provider ID'),
  ].join('\n');
}
