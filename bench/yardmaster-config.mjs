const WIRES = { chat: 'openai-chat', responses: 'openai-responses', messages: 'anthropic-messages' };

/** The benchmark's providers in a Yardmaster configuration; everything not named keeps its default. */
export function configOf(providers) {
  return {
    providers: Object.fromEntries(
      providers.map(({ id, wire, base_url, key, model }) => [
        id,
        { base_url, wire: WIRES[wire], api_key: key, models: [model] },
      ]),
    ),
    delegation: { max_concurrent_children: 1_000, max_children_per_call: 1_000, max_descendants: 1_000_000 },
  };
}
