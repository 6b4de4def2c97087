// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a configuration refers to variables like this.
import { describe, expect, test } from 'vitest';
import { DelegateError } from '../../core/errors.ts';
import { loadConfig } from '../load-config.ts';
import { testFolder } from '../test-folder.ts';
import { buildCatalog } from './build-catalog.ts';
import { checkAgainstCatalog } from './check-against-catalog.ts';
import { loadSnapshot } from './load-catalog.ts';

const snapshot = loadSnapshot();

async function check(text: string): Promise<string> {
  using folder = testFolder();
  const loaded = await loadConfig({ cwd: folder.path, env: {}, file: folder.write('c.yaml', text) });
  const catalog = buildCatalog({ snapshot, providers: loaded.providers, env: {}, where: loaded.where });
  try {
    checkAgainstCatalog(loaded, catalog);
  } catch (thrown) {
    if (thrown instanceof DelegateError) return thrown.message.replaceAll(folder.path, '~');
    throw thrown;
  }
  return 'fine';
}

describe('names of the configuration', () => {
  test('that are more than a name are found on loading', async () => {
    expect(
      await check(`aliases: { fast: 'sonnet --provider openrouter' }
routes: { r: { provider: anthropic, model: 'sonnet --provider openrouter' } }
`),
    ).toMatchInlineSnapshot(`
      "2 problems; nothing was started:
        ~/c.yaml:1:18 aliases.fast: "sonnet --provider openrouter" holds a space; it is one model, and its provider stands before a slash or beside it. See \`yardmaster providers\` and \`yardmaster models\`.
        ~/c.yaml:2:44 routes.r.model: "sonnet --provider openrouter" holds a space; it is one model, and its provider stands before a slash or beside it. See \`yardmaster providers\` and \`yardmaster models\`."
    `);
  });

  test('that no provider has are found on loading (F26)', async () => {
    expect(
      await check(`model: { provider: anthropc, model: sonnet }
delegation: { provider: grq, fallback: [{ provider: opneai, model: gpt }] }
routes: { r: { provider: gemni, model: flash, fallback: [{ provider: nobody, model: x }] } }
aliases: { fast: grok1/llama, mine: lab/qwen }
providers: { groq: { default_model: lama-3.3-70b-versatile } }
`),
    ).toMatchInlineSnapshot(`
      "8 problems; nothing was started:
        ~/c.yaml:1:20 model.provider: "anthropc" is not a provider. Did you mean "anthropic"?
        ~/c.yaml:2:25 delegation.provider: "grq" is not a provider. Did you mean "groq"?
        ~/c.yaml:2:53 delegation.fallback[0].provider: "opneai" is not a provider. Did you mean "openai"?
        ~/c.yaml:3:26 routes.r.provider: "gemni" is not a provider. Did you mean "gemini"?
        ~/c.yaml:3:70 routes.r.fallback[0].provider: "nobody" is not a provider. See \`yardmaster providers\` and \`yardmaster models\`.
        ~/c.yaml:4:18 aliases.fast: "grok1/llama" begins with no provider, and no provider lists it. Did you mean "grok" or "groq"?
        ~/c.yaml:4:37 aliases.mine: "lab/qwen" begins with no provider, and no provider lists it. See \`yardmaster providers\` and \`yardmaster models\`.
        ~/c.yaml:5:37 providers.groq.default_model: "lama-3.3-70b-versatile" is not a model of groq. Did you mean "llama-3.3-70b-versatile"?"
    `);
  });

  test('that a rule of the policy would never bind on are found on loading', async () => {
    expect(
      await check(`delegation:
  deny: [anthropic/opus, opus, gogle/*, groq/llama-3.3-70b-versatil]
`),
    ).toMatchInlineSnapshot(`
      "4 problems; nothing was started:
        ~/c.yaml:2:10 delegation.deny[0]: "opus" is not the id of a model of anthropic. Did you mean "anthropic/*opus*"?
        ~/c.yaml:2:26 delegation.deny[1]: "opus" is not a provider. See \`yardmaster providers\` and \`yardmaster models\`.
        ~/c.yaml:2:32 delegation.deny[2]: "gogle" is not a provider. Did you mean "google"?
        ~/c.yaml:2:41 delegation.deny[3]: "llama-3.3-70b-versatil" is not the id of a model of groq. Did you mean "llama-3.3-70b-versatile"?"
    `);
  });

  test('a default model is one by its id or family: an alias would not be read there', async () => {
    expect(await check('providers: { groq: { default_model: fast } }\naliases: { fast: groq/x }')).toContain(
      '"fast" is not a model of groq.',
    );
  });

  test.each([
    'model: { provider: claude, model: sonnet }',
    'aliases: { fast: groq/anything, plain: llama-70b, vendor: meta-llama/llama-3.3-70b-instruct }',
    'providers: { anthropic: { default_model: opus }, lab: { base_url: http://h/v1, auth: none, default_model: any } }',
    'providers: { lab: { base_url: http://h/v1, auth: none } }\naliases: { x: org/model }\nroutes: { r: { provider: "custom:Lab", model: x } }',
    'delegation: { allow: ["*", "anthropic/*", claude, "openrouter/*:free", "tag:any"], deny: ["OpenAI/GPT-5.4", "*/opus", "ollama/any"] }',
    'routes: { r: { provider: "${PLACE}", model: x } }\naliases: { a: "${PLACE}/x" }',
  ])('that somebody has are fine: %s', async (text) => {
    expect(await check(text)).toBe('fine');
  });
});
