import { DelegateError } from '../../core/errors.ts';
import type { Answer, Conversation, ConversationSetup, Provider, SendOptions } from '../../core/provider.ts';
import { type Route, routeLabel } from '../../core/route.ts';
import { providerFailure } from '../failure/provider-failure.ts';
import { boundedAnswer } from '../http/bounded-answer.ts';
import { createDeadlines, type Deadlines } from '../http/deadlines.ts';
import { endpointOf, keyOf } from '../http/endpoint.ts';
import { createKeyRedactor } from '../redact-key.ts';
import { isStreamFailure } from '../stream.ts';
import { failureOf, type ProviderOptions } from '../wire-provider.ts';
import { createAnswerParts } from './ai-sdk-answer.ts';
import { effortOptions } from './ai-sdk-effort.ts';
import { failureIn } from './ai-sdk-failure.ts';
import { guardedFetch, type Traffic } from './ai-sdk-fetch.ts';
import { type Factory, type LanguageModel, loadAiSdkFactory, type StreamPart } from './ai-sdk-package.ts';
import { promptMessage } from './ai-sdk-prompt.ts';
import { sentBy } from './ai-sdk-sent.ts';
import { type Watch, watchTurn } from './ai-sdk-watch.ts';

/**
 * Provider adapter over an AI SDK provider package. The package encodes and decodes; what leaves goes through our
 * own `fetch`, so that the key stays with its authority and the receipt shows what was really sent.
 * Rejects with `WIRE_UNAVAILABLE` when the package is not installed.
 */
export async function loadAiSdkProvider(name: string | undefined, options: ProviderOptions): Promise<Provider> {
  if (name === undefined) {
    throw new DelegateError('WIRE_UNAVAILABLE', 'A provider with the wire "ai-sdk" names no package', {
      hint: 'Set `package` in its entry under `providers`, for example "@ai-sdk/google".',
    });
  }
  const factory = await loadAiSdkFactory(name, options.package_roots ?? []);
  const deadlines = createDeadlines(() => performance.now());
  return {
    open: (route, setup) => openConversation({ ...options, route, setup, factory, deadlines }),
    [Symbol.asyncDispose]: async () => {},
  };
}

interface Opening extends ProviderOptions {
  readonly route: Route;
  readonly setup: ConversationSetup;
  readonly factory: Factory;
  readonly deadlines: Deadlines;
}

function openConversation({ route, setup, factory, deadlines, keyFor, redact }: Opening): Conversation {
  const taken = new Set<string>();
  const messages: Parameters<Conversation['append']>[0][] = [];
  /** Encoded once, as the specification of the model wants them; the package encodes them for each request again. */
  const prompt: unknown[] = setup.system === '' ? [] : [{ role: 'system', content: setup.system }];
  const tools = setup.tools.map(({ name, description, parameters }) => ({
    type: 'function',
    name,
    description,
    inputSchema: parameters,
  }));

  async function send(options: SendOptions): Promise<Answer> {
    const { authority, headers } = endpointOf(route);
    const key = keyOf(route, keyFor);
    const traffic: Traffic = {
      body: undefined,
      url: undefined,
      request_id: undefined,
      ended: false,
      failure: undefined,
    };
    const watch = watchTurn({ options, deadlines, traffic });
    const parts = createAnswerParts(route, options, taken);
    try {
      await readStream({
        watch,
        take: parts.take,
        start() {
          const model = factory({
            name: route.provider,
            // Never absent: a package would look for a key of its own in the environment.
            apiKey: key ?? '',
            baseURL: route.base_url,
            headers,
            fetch: guardedFetch({ authority, traffic, signal: watch.signal, onBytes: watch.onBytes }),
            includeUsage: true,
          }).languageModel(route.model);
          const specification = model.specificationVersion;
          for (const message of messages.splice(0)) prompt.push(promptMessage(message, route, specification));
          return model.doStream({
            prompt: [...prompt],
            ...(tools.length === 0 ? {} : { tools, toolChoice: { type: 'auto' } }),
            ...(options.max_output === undefined ? {} : { maxOutputTokens: options.max_output }),
            ...effortOptions(route, specification),
            includeRawChunks: false,
            abortSignal: watch.signal,
          });
        },
      }).catch((thrown) => {
        throw traffic.failure ?? failureIn(thrown, { watch, traffic, route });
      });
      const decoded = boundedAnswer(parts.answer());
      const sent = sentBy(route, traffic);
      const answer: Answer = {
        ...decoded,
        ...(traffic.request_id === undefined ? {} : { request_id: traffic.request_id }),
        sent,
        first_token_ms: watch.first_token_ms,
        notes: [...decoded.notes, ...effortNotes(route, sent.reasoning)],
      };
      return createKeyRedactor(key)(answer);
    } catch (thrown) {
      if (!isStreamFailure(thrown)) throw thrown;
      const partial = parts.partial();
      const nothing = partial.text === '' && partial.reasoning === '';
      throw providerFailure(
        failureOf(
          {
            ...(traffic.request_id === undefined ? {} : { request_id: traffic.request_id }),
            ...thrown,
            ...(traffic.url === undefined ? { unsent: true } : {}),
          },
          { sent: sentBy(route, traffic), partial: nothing ? undefined : partial, key, redact },
        ),
        route,
      );
    } finally {
      watch.end();
    }
  }

  return {
    append(message) {
      if (message.role === 'assistant') for (const call of message.answer.tool_calls) taken.add(call.id);
      messages.push(message);
    },
    send,
  };
}

/** A package drops an option that it does not know without a word. */
function effortNotes(route: Route, sent: unknown): readonly string[] {
  if (route.reasoning_effort === undefined || route.effort_dialect === 'omit' || sent !== null) return [];
  return [`effort "${route.reasoning_effort}" did not leave: "${route.package}" sends none for ${routeLabel(route)}`];
}

interface Reading {
  readonly start: () => ReturnType<LanguageModel['doStream']>;
  readonly watch: Watch;
  readonly take: (part: StreamPart) => void;
}

/** Reads a model's stream to its end. Throws what the package threw, or put into an `error` part. */
async function readStream({ start, watch, take }: Reading): Promise<void> {
  const { stream } = await Promise.race([start(), watch.aborted]);
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value: part } = await Promise.race([reader.read(), watch.aborted]);
      if (done) return;
      if (part.type === 'error') throw part.error;
      if (part.type !== 'stream-start') watch.onPart();
      take(part);
    }
  } finally {
    // A package that ignores its signal would go on reading.
    reader.cancel().catch(() => {});
  }
}
