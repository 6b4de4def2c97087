import type { Provider, ProviderFor } from '../core/provider.ts';
import type { Route, Wire } from '../core/route.ts';
import type { Transport } from './http/transport.ts';
import type { ProviderOptions, WireDialect } from './wire-provider.ts';

export interface Providers extends AsyncDisposable {
  /** Loads a wire's adapter, and what it needs, on its first use. */
  readonly providerFor: ProviderFor;
}

/** All adapters over one transport. Disposing closes their connections; what is in flight ends as `cancelled`. */
export function createProviders(options: ProviderOptions): Providers {
  const loaded = new Map<string, Promise<Provider>>();
  let transport: Promise<Transport> | undefined;

  async function load({ wire, package: name }: Route): Promise<Provider> {
    if (wire === 'ai-sdk') return (await import('./ai-sdk/ai-sdk.ts')).loadAiSdkProvider(name, options);
    transport ??= import('./http/transport.ts').then((module) => module.createTransport());
    const [dialect, { createWireProvider }, shared] = await Promise.all([
      DIALECTS[wire](),
      import('./wire-provider.ts'),
      transport,
    ]);
    return createWireProvider(dialect, { ...options, transport: shared });
  }

  return {
    providerFor(route) {
      const adapter = route.wire === 'ai-sdk' ? `ai-sdk ${route.package}` : route.wire;
      let provider = loaded.get(adapter);
      if (provider === undefined) {
        provider = load(route);
        loaded.set(adapter, provider);
        // What could not be loaded may be installed in the meantime.
        provider.catch(() => loaded.delete(adapter));
      }
      return provider;
    },
    async [Symbol.asyncDispose]() {
      const providers = await Promise.allSettled(loaded.values());
      await Promise.all(
        providers.map((one) => (one.status === 'fulfilled' ? one.value[Symbol.asyncDispose]() : undefined)),
      );
      await (await transport)?.[Symbol.asyncDispose]();
    },
  };
}

const DIALECTS: Readonly<Record<Exclude<Wire, 'ai-sdk'>, () => Promise<WireDialect>>> = {
  'openai-chat': async () => (await import('./openai-chat/openai-chat.ts')).OPENAI_CHAT,
  'openai-responses': async () => (await import('./openai-responses/openai-responses.ts')).OPENAI_RESPONSES,
  'anthropic-messages': async () => (await import('./anthropic-messages/anthropic-messages.ts')).ANTHROPIC_MESSAGES,
};
