import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyServed } from './served-model.ts';

/** Pairs as providers answer them: [asked, served]. */
const MATCHES: readonly (readonly [string, string])[] = [
  // equal
  ['gpt-5', 'gpt-5'],
  ['anthropic/claude-sonnet-4.5', 'anthropic/claude-sonnet-4.5'],
  ['Qwen/Qwen3-32B', 'qwen/qwen3-32b'],
  ['meta-llama/Llama-3.3-70B-Instruct', 'meta-llama/llama-3.3-70b-instruct'],
  // a dated snapshot of the same id
  ['gpt-5', 'gpt-5-2025-08-07'],
  ['gpt-4o', 'gpt-4o-2024-08-06'],
  ['gpt-4o-mini', 'gpt-4o-mini-2024-07-18'],
  ['o3-mini', 'o3-mini-2025-01-31'],
  ['o3', 'o3-2025-04-16'],
  ['gpt-4.1-nano', 'gpt-4.1-nano-2025-04-14'],
  ['gpt-x', 'gpt-x-2026-08-01'],
  ['gpt-4', 'gpt-4-0613'],
  ['gpt-3.5-turbo', 'gpt-3.5-turbo-0125'],
  ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
  ['claude-opus-4-1', 'claude-opus-4-1-20250805'],
  ['claude-haiku-4-5', 'claude-haiku-4-5@20251001'],
  ['claude-sonnet-4-5@20250929', 'claude-sonnet-4-5-20250929'],
  ['grok-4', 'grok-4-0709'],
  ['glm-4', 'glm-4-0520'],
  ['kimi-k2-preview', 'kimi-k2-0711-preview'],
  ['doubao-seed-1-6', 'doubao-seed-1-6-250615'],
  ['qwen-max', 'qwen-max-2025-01-25'],
  ['gemini-2.0-flash', 'gemini-2.0-flash-001'],
  ['gemini-2.5-computer-use-preview', 'gemini-2.5-computer-use-preview-10-2025'],
  ['deepseek/deepseek-v4-pro', 'deepseek-ai/DeepSeek-V4-Pro-0813'],
  // `latest` asks for the newest snapshot
  ['mistral-large-latest', 'mistral-large-2411'],
  ['claude-3-7-sonnet-latest', 'claude-3-7-sonnet-20250219'],
  // a dated id answered by its plain name
  ['gpt-4o-2024-08-06', 'gpt-4o'],
  ['deepseek-v4-pro-0813', 'deepseek-v4-pro-20250813'],
  // vendor paths and prefixes
  ['gemini-2.5-pro', 'models/gemini-2.5-pro'],
  ['gemini-2.5-pro', 'publishers/google/models/gemini-2.5-pro'],
  ['accounts/fireworks/models/deepseek-v3p1', 'deepseek-v3p1'],
  ['openai/gpt-oss-120b', 'gpt-oss-120b'],
  ['z-ai/glm-5.2', 'zai-org/GLM-5.2'],
  ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5-20250929'],
  ['anthropic.claude-haiku-4-5-20251001-v1:0', 'claude-haiku-4-5-20251001'],
  ['us.anthropic.claude-opus-4-6-v1', 'claude-opus-4-6'],
  ['global.anthropic.claude-opus-4-7', 'claude-opus-4-7'],
  ['eu.amazon.nova-pro-v1:0', 'amazon.nova-pro-v1:0'],
  ['claude-sonnet-4-5', 'arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  // words in another order, punctuation of the version
  ['anthropic/claude-sonnet-4.5', 'anthropic/claude-4.5-sonnet-20250929'],
  ['anthropic/claude-sonnet-4.5', 'claude-sonnet-4-5-20250929'],
  ['anthropic/claude-haiku-4.5', 'anthropic/claude-4.5-haiku-20251001'],
  ['claude-3.5-haiku', 'claude-3-5-haiku-20241022'],
  ['qwen3-32b', 'qwen-3-32b'],
  ['deepseek-v3.2', 'deepseek-3.2'],
  // price and host variants
  ['meta-llama/llama-3.3-70b-instruct:free', 'meta-llama/llama-3.3-70b-instruct'],
  ['deepseek/deepseek-r1:nitro', 'deepseek/deepseek-r1'],
  ['openai/gpt-5', 'openai/gpt-5:floor'],
  ['llama3.1:8b', 'llama3.1:8b'],
];

const MISMATCHES: readonly (readonly [string, string])[] = [
  // a smaller or cheaper sibling
  ['gpt-5', 'gpt-5-mini'],
  ['gpt-5-mini', 'gpt-5'],
  ['gpt-5', 'gpt-5-nano-2025-08-07'],
  ['gpt-4o', 'gpt-4o-mini-2024-07-18'],
  ['o3', 'o3-mini'],
  ['o3', 'o4-mini'],
  ['claude-sonnet-4-5', 'claude-haiku-4-5'],
  ['claude-opus-4-5', 'claude-sonnet-4-5-20250929'],
  ['gemini-2.5-pro', 'gemini-2.5-flash'],
  ['gemini-2.5-flash', 'gemini-2.5-flash-lite'],
  ['llama-3.1-70b', 'llama-3.1-8b'],
  ['llama3.1:70b', 'llama3.1:8b'],
  ['qwen3-235b-a22b', 'qwen3-30b-a3b'],
  ['glm-5.3', 'glm-5.3-flash'],
  ['mistral-large-2411', 'mistral-small-2411'],
  // another version
  ['claude-sonnet-4-5', 'claude-sonnet-4-20250514'],
  ['claude-sonnet-4', 'claude-sonnet-4-5-20250929'],
  ['claude-opus-4-1', 'claude-opus-4-5'],
  ['claude-opus-4', 'claude-opus-4-1-20250805'],
  ['anthropic/claude-sonnet-4.5', 'anthropic/claude-sonnet-4'],
  ['gpt-5', 'gpt-5.1'],
  ['gpt-4', 'gpt-4.1'],
  ['gpt-4', 'gpt-4o'],
  ['gpt-4o', 'gpt-4.1'],
  ['gpt-4', 'gpt-3.5-turbo'],
  ['kimi-k2', 'kimi-k3'],
  ['deepseek-v3', 'deepseek-r1'],
  ['qwen3.6-plus', 'qwen3.8-plus'],
  ['claude-sonnet-4-5', 'claude-sonnet-5-4'],
  // another variant
  ['gpt-5', 'gpt-5-codex'],
  ['gpt-5', 'gpt-5-chat-latest'],
  ['gpt-5', 'gpt-5-pro'],
  ['deepseek-v3.2', 'deepseek-v3.2-thinking'],
  ['kimi-k2', 'kimi-k2-thinking'],
  ['claude-3.7-sonnet:thinking', 'claude-3.7-sonnet'],
  ['claude-opus-5', 'claude-opus-5-fast'],
  ['gpt-4', 'gpt-4-1106-preview'],
  ['qwen3-coder', 'qwen3'],
  ['gpt-6.1-sol', 'gpt-6.1-terra'],
  // another snapshot than the one asked for
  ['gpt-4o-2024-08-06', 'gpt-4o-2024-11-20'],
  ['gpt-3.5-turbo-0613', 'gpt-3.5-turbo-1106'],
  ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5-20251130'],
  ['gemini-1.5-pro-001', 'gemini-1.5-pro-002'],
  // another maker
  ['claude-sonnet-4-5', 'gpt-5'],
  ['kimi-k2', 'moonshot-v1-8k'],
  ['anthropic/claude-opus-4.5', 'openrouter/auto'],
  ['qwen3-32b', 'unknown'],
  ['gpt-5', '/'],
  ['/', '/x'],
];

describe('the served model is held against the one asked for', () => {
  test.each(MATCHES)('%s is served by %s', (model, served) => {
    expect(verifyServed({ model }, served)).toBe('match');
  });

  test.each(MISMATCHES)('%s is not served by %s', (model, served) => {
    expect(verifyServed({ model }, served)).toBe('mismatch');
  });

  test.each([undefined, '', '  \n'])('an answer that names no model (%j) proves nothing', (served) => {
    expect(verifyServed({ model: 'gpt-5' }, served)).toBe('unreported');
  });

  test('a router stands for whatever serves, but still must name it', () => {
    const route = { model: 'openrouter/auto', router: true } as const;
    expect(verifyServed(route, 'mistralai/mistral-nemo')).toBe('match');
    expect(verifyServed(route, undefined)).toBe('unreported');
  });

  test('a canonical slug that the catalog names is the same model', () => {
    const route = { model: 'gpt-4-turbo-preview', served_as: ['gpt-4-0125-preview'] };
    expect(verifyServed(route, 'gpt-4-0125-preview')).toBe('match');
    expect(verifyServed(route, 'gpt-4-1106-preview')).toBe('mismatch');
    expect(
      verifyServed({ model: 'local', served_as: ['/models/Qwen3-32B-Q4_K_M.gguf'] }, '/models/Qwen3-32B-Q4_K_M.gguf'),
    ).toBe('match');
  });

  test('there are at least 60 pairs', () => {
    expect(MATCHES.length + MISMATCHES.length).toBeGreaterThanOrEqual(60);
  });

  test('every id is served by itself, whatever it looks like', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (id) => {
        expect(verifyServed({ model: id }, id)).toBe(id.trim() === '' ? 'unreported' : 'match');
      }),
    );
  });

  test('one more word in a name always makes it another model', () => {
    const name = fc.constantFrom(...MATCHES.map(([model]) => model).filter((model) => !model.includes(':')));
    fc.assert(
      fc.property(name, fc.constantFrom('mini', 'nano', 'thinking', 'codex', '8b', 'lite'), (model, word) => {
        expect(verifyServed({ model }, `${model}-${word}`)).toBe('mismatch');
      }),
    );
  });
});
