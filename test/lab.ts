import { onTestFinished } from 'vitest';
import { createYardmaster, type Yardmaster, type YardmasterOptions } from '../src/index.ts';
import {
  createMemoryStore,
  type ProviderServer,
  type ProviderServerOptions,
  type SeenRequest,
  startProvider,
  type TestWire,
} from '../src/testing.ts';

/** Three providers, one a wire, each with its own key. */
export const WIRES = { chat: 'openai-chat', responses: 'openai-responses', messages: 'anthropic-messages' } as const;
export type Name = keyof typeof WIRES;
export const NAMES = Object.keys(WIRES) as Name[];

/** Never a word of any other text: where it turns up, a key has leaked. */
export const keyOf = (name: string): string => `sk-${name}-canary-0123456789abcdef`;
export const variableOf = (name: string): string => `${name.toUpperCase()}_KEY`;

export interface Lab {
  readonly servers: Readonly<Record<Name, ProviderServer>>;
  /** Entries of `providers`, keys in the environment. */
  readonly providers: Readonly<Record<Name, object>>;
  readonly env: Readonly<Record<string, string>>;
  /** Requests of all servers for a model, in the order of arrival. */
  requests(): readonly SeenRequest[];
  /** A Yardmaster over these providers; closed when the test ends, before the servers. */
  open(config: object, options?: YardmasterOptions): Promise<Yardmaster>;
}

export async function startLab(
  reply: ProviderServerOptions['reply'] = { text: 'Done as asked.' },
  models: Partial<Record<Name, readonly (string | object)[]>> = {},
): Promise<Lab> {
  const servers = {} as Record<Name, ProviderServer>;
  for (const name of NAMES) {
    servers[name] = await startProvider({ wire: WIRES[name], key: keyOf(name), ...(reply && { reply }) });
  }
  const yards: Yardmaster[] = [];
  onTestFinished(async () => {
    for (const yard of yards) await yard[Symbol.asyncDispose]();
    for (const server of Object.values(servers)) await server.close();
  });
  const env = Object.fromEntries(NAMES.map((name) => [variableOf(name), keyOf(name)]));
  const providers = Object.fromEntries(
    NAMES.map((name) => [name, entryFor(servers[name], { name, models: models[name] ?? [`${name}-1`] })]),
  ) as Record<Name, object>;
  return {
    servers,
    providers,
    env,
    requests: () => NAMES.flatMap((name) => servers[name].requests).sort((one, other) => one.at - other.at),
    async open(config, options = {}) {
      const yard = await createYardmaster({
        env,
        store: createMemoryStore(),
        config: { providers, ...config },
        ...options,
      });
      yards.push(yard);
      return yard;
    },
  };
}

export function entryFor(
  { wire, base_url }: { readonly wire: TestWire; readonly base_url: string },
  { name, models }: { readonly name: string; readonly models: readonly (string | object)[] },
): object {
  return { wire, base_url, key_env: variableOf(name), models, simulated: true };
}
