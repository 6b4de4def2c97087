import { describe, expect, test } from 'vitest';
import { buildCatalog } from './catalog/build-catalog.ts';
import { loadSnapshot } from './catalog/load-catalog.ts';
import { detectLocal } from './detect-local.ts';
import { testServer } from './test-server.ts';

const snapshot = loadSnapshot();
const NOWHERE = 'http://127.0.0.1:9/v1';

/** All local providers moved to where nothing is, but for those given. */
function catalogWith(urls: Record<string, string>) {
  const ids = ['ollama', 'lmstudio', 'llamacpp', 'vllm'];
  const providers = Object.fromEntries(ids.map((id) => [id, { base_url: urls[id] ?? NOWHERE }]));
  return buildCatalog({ snapshot, providers, env: {} });
}

describe('servers on this machine', () => {
  test('are found with their models, wherever the configuration puts them', async () => {
    await using ollama = await testServer((_, response) =>
      response.end(
        JSON.stringify({ object: 'list', data: [{ id: 'qwen3:8b' }, { id: 'llama3:8b' }, { id: 3 }, null] }),
      ),
    );
    await using vllm = await testServer((_, response) => response.end('{"data":[]}'));
    const urls = { ollama: `${ollama.url}/v1`, vllm: `${vllm.url}/v1` };
    expect(await detectLocal(catalogWith(urls), { timeout_ms: 5000 })).toEqual([
      { provider: 'ollama', base_url: urls.ollama, models: ['llama3:8b', 'qwen3:8b'] },
      { provider: 'vllm', base_url: urls.vllm, models: [] },
    ]);
    expect(ollama.requests).toEqual(['GET /v1/models']);
  });

  test.each<[string, Parameters<typeof testServer>[0]]>([
    ['answers with an error', (_, response) => response.writeHead(500).end('{"data":[]}')],
    ['answers with a page', (_, response) => response.end('<html>')],
    ['answers with another list', (_, response) => response.end('{"models":[]}')],
    ['sends elsewhere', (_, response) => response.writeHead(302, { location: 'http://example.com/' }).end()],
    ['never answers', () => undefined],
    ['starts and stops', (_, response) => void response.writeHead(200).write('{"data"')],
  ])('one that %s is none', async (_, answer) => {
    await using server = await testServer(answer);
    expect(await detectLocal(catalogWith({ ollama: `${server.url}/v1` }), { timeout_ms: 200 })).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test('no other machine is asked', async () => {
    expect(await detectLocal(catalogWith({ ollama: 'http://192.0.2.1:11434/v1' }), { timeout_ms: 200 })).toEqual([]);
  });
});
