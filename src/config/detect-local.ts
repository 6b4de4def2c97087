import type { Catalog } from '../core/catalog.ts';

export interface LocalServer {
  /** The catalog's id (`ollama`). */
  readonly provider: string;
  readonly base_url: string;
  /** Ids it says it has, sorted. */
  readonly models: readonly string[];
}

/** Milliseconds a server on this machine may take; all are asked at once. */
const PATIENCE = 300;
/** Bytes of a list of models that are read. */
const MAX_LIST = 1_000_000;

/**
 * The OpenAI-compatible servers that answer on this machine (the catalog's providers with the tag `local`).
 * Only loopback is asked, no key is sent, and whatever does not answer in time is not there.
 */
export async function detectLocal(
  catalog: Pick<Catalog, 'providers'>,
  { timeout_ms = PATIENCE }: { readonly timeout_ms?: number } = {},
): Promise<readonly LocalServer[]> {
  const candidates = [...catalog.providers.values()].filter(
    ({ tags, base_url, credential }) =>
      tags?.includes('local') === true && credential.kind === 'none' && isLoopback(base_url),
  );
  const signal = AbortSignal.timeout(timeout_ms);
  const found = await Promise.all(
    candidates.map(async ({ id, base_url }): Promise<LocalServer | undefined> => {
      const models = await listModels(base_url, signal);
      return models === undefined ? undefined : { provider: id, base_url, models };
    }),
  );
  return found.filter((server) => server !== undefined);
}

async function listModels(base_url: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
  try {
    const response = await fetch(`${base_url}/models`, { signal, redirect: 'error' });
    if (!response.ok || Number(response.headers.get('content-length') ?? 0) > MAX_LIST) {
      await response.body?.cancel();
      return undefined;
    }
    const list = (await response.json()) as { data?: unknown };
    if (!Array.isArray(list.data)) return undefined;
    const ids = list.data.map((model: { id?: unknown } | null) => model?.id).filter((id) => typeof id === 'string');
    return [...new Set(ids)].sort();
  } catch {
    // Nothing there, something else there, or too slow: all the same to who looks.
    return undefined;
  }
}

function isLoopback(base_url: string): boolean {
  try {
    return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(base_url).hostname);
  } catch {
    return false;
  }
}
