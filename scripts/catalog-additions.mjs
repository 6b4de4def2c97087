// What the catalog has beyond its source, and what it leaves out: the hand-kept part of `npm run catalog`.
// Every name here is data that ends up in data/catalog.json; docs/providers.md says why each stands here.

/** Providers of the source that are left out, with the reason. */
export const LEFT_OUT = {
  'github-copilot': 'signs in by OAuth and exchanges tokens',
  'openai-codex': 'signs in by OAuth',
  radius: 'speaks a protocol of its own',
  typesafe: 'offers classifiers only',
  'cloudflare-ai-gateway': 'takes its key in a header of its own',
};

/** Models that answer no chat turn with tools on the wire their provider is reached by. */
export const NOT_CHAT = /^(deep-research-|gemini-.*-computer-use-|gemini-robotics-|gemini-nano-banana)/;

/** Wires of the source → ours; others are left out with their models. */
export const WIRES = {
  'openai-completions': 'openai-chat',
  'openai-responses': 'openai-responses',
  'azure-openai-responses': 'openai-responses',
  'anthropic-messages': 'anthropic-messages',
  'mistral-conversations': 'openai-chat',
  'google-generative-ai': 'openai-chat',
  'bedrock-converse-stream': 'ai-sdk',
  'google-vertex': 'ai-sdk',
};

/**
 * What is said of a provider of the source: `key_env` in the order they are looked up (a variable belongs to one
 * provider, unless two share an authority), and what differs from the source.
 */
export const PROVIDERS = {
  'amazon-bedrock': {
    name: 'Amazon Bedrock',
    key_env: ['AWS_BEARER_TOKEN_BEDROCK'],
    package: '@ai-sdk/amazon-bedrock',
    default_family: 'nova',
  },
  'ant-ling': { name: 'Ant Ling', key_env: ['ANT_LING_API_KEY'] },
  anthropic: { name: 'Anthropic', key_env: ['ANTHROPIC_API_KEY'], default_family: 'sonnet' },
  azure: {
    name: 'Azure OpenAI',
    key_env: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: expanded from the environment where it is used.
    base_url: 'https://${AZURE_OPENAI_RESOURCE_NAME}.openai.azure.com/openai/v1',
    // A deployment may carry any name.
    listing: 'open',
    default_family: 'gpt',
  },
  baseten: { name: 'Baseten', key_env: ['BASETEN_API_KEY'] },
  cerebras: { name: 'Cerebras', key_env: ['CEREBRAS_API_KEY'] },
  'cloudflare-workers-ai': {
    name: 'Cloudflare Workers AI',
    key_env: ['CLOUDFLARE_API_KEY', 'CLOUDFLARE_API_TOKEN'],
  },
  deepseek: { name: 'DeepSeek', key_env: ['DEEPSEEK_API_KEY'], default_family: 'deepseek' },
  fireworks: { name: 'Fireworks', key_env: ['FIREWORKS_API_KEY'] },
  google: {
    name: 'Google Gemini',
    key_env: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    base_url: 'https://generativelanguage.googleapis.com/v1beta/openai',
    default_family: 'gemini',
  },
  'google-vertex': {
    name: 'Google Vertex AI',
    key_env: ['GOOGLE_VERTEX_API_KEY', 'GOOGLE_CLOUD_API_KEY'],
    base_url: 'https://aiplatform.googleapis.com/v1/publishers/google',
    package: '@ai-sdk/google-vertex',
    default_family: 'gemini',
  },
  groq: { name: 'Groq', key_env: ['GROQ_API_KEY'] },
  huggingface: { name: 'Hugging Face', key_env: ['HF_TOKEN', 'HUGGINGFACE_API_KEY'] },
  'kimi-coding': { name: 'Kimi For Coding', key_env: ['KIMI_API_KEY'], tags: ['subscription'] },
  meta: { name: 'Meta', key_env: ['META_API_KEY'], default_family: 'muse' },
  minimax: { name: 'MiniMax', key_env: ['MINIMAX_API_KEY'], default_family: 'minimax' },
  'minimax-cn': { name: 'MiniMax (China)', key_env: ['MINIMAX_CN_API_KEY'], default_family: 'minimax' },
  mistral: {
    name: 'Mistral',
    key_env: ['MISTRAL_API_KEY'],
    base_url: 'https://api.mistral.ai/v1',
    default_family: 'mistral',
  },
  moonshotai: { name: 'Moonshot AI', key_env: ['MOONSHOT_API_KEY'], default_family: 'kimi' },
  // The source reads MOONSHOT_API_KEY here too; a key is for one authority.
  'moonshotai-cn': { name: 'Moonshot AI (China)', key_env: ['MOONSHOT_CN_API_KEY'], default_family: 'kimi' },
  nvidia: { name: 'NVIDIA NIM', key_env: ['NVIDIA_API_KEY'], default_family: 'nemotron' },
  openai: { name: 'OpenAI', key_env: ['OPENAI_API_KEY'], default_family: 'gpt' },
  opencode: { name: 'OpenCode Zen', key_env: ['OPENCODE_API_KEY'] },
  'opencode-go': { name: 'OpenCode Go', key_env: ['OPENCODE_GO_API_KEY'], tags: ['subscription'] },
  openrouter: { name: 'OpenRouter', key_env: ['OPENROUTER_API_KEY'] },
  'qwen-token-plan': {
    name: 'Qwen token plan',
    key_env: ['QWEN_TOKEN_PLAN_API_KEY'],
    tags: ['subscription'],
    default_family: 'qwen',
  },
  'qwen-token-plan-cn': {
    name: 'Qwen token plan (China)',
    key_env: ['QWEN_TOKEN_PLAN_CN_API_KEY'],
    tags: ['subscription'],
    default_family: 'qwen',
  },
  'qwen-token-plan-individual': {
    name: 'Qwen token plan, individual',
    key_env: ['QWEN_TOKEN_PLAN_INDIVIDUAL_API_KEY'],
    tags: ['subscription'],
    default_family: 'qwen',
  },
  'qwen-token-plan-individual-cn': {
    name: 'Qwen token plan, individual (China)',
    key_env: ['QWEN_TOKEN_PLAN_INDIVIDUAL_CN_API_KEY'],
    tags: ['subscription'],
    default_family: 'qwen',
  },
  together: { name: 'Together AI', key_env: ['TOGETHER_API_KEY'] },
  'vercel-ai-gateway': { name: 'Vercel AI Gateway', key_env: ['AI_GATEWAY_API_KEY'] },
  xai: { name: 'xAI', key_env: ['XAI_API_KEY'], default_family: 'grok' },
  xiaomi: { name: 'Xiaomi MiMo', key_env: ['XIAOMI_API_KEY'], default_family: 'mimo' },
  'xiaomi-token-plan-ams': {
    name: 'Xiaomi token plan (Amsterdam)',
    key_env: ['XIAOMI_TOKEN_PLAN_AMS_API_KEY'],
    tags: ['subscription'],
    default_family: 'mimo',
  },
  'xiaomi-token-plan-cn': {
    name: 'Xiaomi token plan (China)',
    key_env: ['XIAOMI_TOKEN_PLAN_CN_API_KEY'],
    tags: ['subscription'],
    default_family: 'mimo',
  },
  'xiaomi-token-plan-sgp': {
    name: 'Xiaomi token plan (Singapore)',
    key_env: ['XIAOMI_TOKEN_PLAN_SGP_API_KEY'],
    tags: ['subscription'],
    default_family: 'mimo',
  },
  // The source lists only the coding plan's endpoint, under this name; the same models are sold by the token.
  zai: {
    name: 'Z.AI',
    key_env: ['ZAI_API_KEY'],
    base_url: 'https://api.z.ai/api/paas/v4',
    default_family: 'glm',
  },
  'zai-coding-cn': {
    name: 'Z.AI coding plan (China)',
    key_env: ['ZAI_CODING_CN_API_KEY'],
    tags: ['subscription'],
    default_family: 'glm',
  },
};

/** Providers that offer another one's models at another endpoint. */
export const SAME_MODELS = {
  'zai-coding': {
    from: 'zai',
    name: 'Z.AI coding plan',
    key_env: ['ZAI_CODING_API_KEY'],
    base_url: 'https://api.z.ai/api/coding/paas/v4',
    tags: ['subscription'],
    default_family: 'glm',
  },
};

/** Providers that the source does not know. Their lists are what the server says, so ids pass unlisted. */
export const ADDED = {
  ollama: local('Ollama', 'http://127.0.0.1:11434/v1'),
  lmstudio: local('LM Studio', 'http://127.0.0.1:1234/v1'),
  llamacpp: local('llama.cpp', 'http://127.0.0.1:8080/v1'),
  vllm: local('vLLM', 'http://127.0.0.1:8000/v1'),
  'ollama-cloud': {
    name: 'Ollama Cloud',
    wire: 'openai-chat',
    base_url: 'https://ollama.com/v1',
    key_env: ['OLLAMA_API_KEY'],
    listing: 'open',
    models: {},
  },
};

function local(name, base_url) {
  return {
    name,
    wire: 'openai-chat',
    base_url,
    key_env: [],
    auth: 'none',
    listing: 'open',
    tags: ['local'],
    models: {},
  };
}

/** Other names of providers. */
export const PROVIDER_ALIASES = {
  'ai-gateway': 'vercel-ai-gateway',
  'aws-bedrock': 'amazon-bedrock',
  'azure-openai': 'azure',
  bedrock: 'amazon-bedrock',
  bigmodel: 'zai-coding-cn',
  claude: 'anthropic',
  cloudflare: 'cloudflare-workers-ai',
  'fireworks-ai': 'fireworks',
  gemini: 'google',
  glm: 'zai',
  'google-ai': 'google',
  'google-gemini': 'google',
  'google-vertex-ai': 'google-vertex',
  grok: 'xai',
  hf: 'huggingface',
  'hugging-face': 'huggingface',
  kimi: 'moonshotai',
  'kimi-for-coding': 'kimi-coding',
  'llama-cpp': 'llamacpp',
  'llama.cpp': 'llamacpp',
  'lm-studio': 'lmstudio',
  mimo: 'xiaomi',
  mistralai: 'mistral',
  moonshot: 'moonshotai',
  'moonshot-ai': 'moonshotai',
  'moonshot-cn': 'moonshotai-cn',
  nim: 'nvidia',
  'nvidia-nim': 'nvidia',
  'open-router': 'openrouter',
  'opencode-zen': 'opencode',
  'qwen-plan': 'qwen-token-plan',
  'together-ai': 'together',
  togetherai: 'together',
  vercel: 'vercel-ai-gateway',
  vertex: 'google-vertex',
  'vertex-ai': 'google-vertex',
  'workers-ai': 'cloudflare-workers-ai',
  'x-ai': 'xai',
  'z-ai': 'zai',
  'z.ai': 'zai',
  zhipu: 'zai',
};

const VARIANTS = [
  'audio',
  'batch',
  'customtools',
  'fast',
  'fin',
  'free',
  'guard',
  'highspeed',
  'image',
  'latest',
  'legal',
].concat(['realtime', 'safeguard', 'sante', 'search', 'spot', 'transcribe', 'tts', 'ultrafast', 'ultraspeed', 'voice']);
const QWEN = ['qwen-token-plan', 'qwen-token-plan-cn', 'qwen-token-plan-individual', 'qwen-token-plan-individual-cn'];
const SMALL = ['flashx', 'lite', 'mini', 'nano'];

/** Family alias → tokens of the id. `gpt` is the line OpenAI sells under plain numbers and, since 5.6, as `sol`. */
export const FAMILIES = {
  claude: family(['claude', 'sonnet'], ['anthropic']),
  sonnet: family(['claude', 'sonnet'], ['anthropic']),
  opus: family(['claude', 'opus'], ['anthropic']),
  haiku: family(['claude', 'haiku'], ['anthropic']),
  fable: family(['claude', 'fable'], ['anthropic']),
  gpt: family(
    ['gpt'],
    ['openai', 'azure'],
    [
      ...SMALL,
      'astra',
      'chat',
      'codex',
      'cyber',
      'daybreak',
      'decisions',
      'luna',
      'oss',
      'pro',
      'spark',
      'terra',
      'turbo',
    ],
  ),
  sol: family(['gpt', 'sol'], ['openai', 'azure'], ['pro']),
  astra: family(['gpt', 'astra'], ['openai', 'azure'], ['pro']),
  terra: family(['gpt', 'terra'], ['openai', 'azure'], ['pro']),
  luna: family(['gpt', 'luna'], ['openai', 'azure'], ['pro', 'decisions']),
  codex: family(['gpt', 'codex'], ['openai', 'azure'], ['spark', 'mini', 'max']),
  'gpt-oss': family(['gpt', 'oss', '120b'], []),
  gemini: family(
    ['gemini'],
    ['google', 'google-vertex'],
    [...SMALL, 'banana', 'computer', 'embedding', 'live', 'robotics'],
  ),
  flash: family(['gemini', 'flash'], ['google', 'google-vertex'], [...SMALL, 'live']),
  'flash-lite': family(['gemini', 'flash', 'lite'], ['google', 'google-vertex'], ['live']),
  gemma: family(['gemma'], ['google']),
  deepseek: family(['deepseek'], ['deepseek'], ['distill', 'llama', 'qwen']),
  qwen: family(['qwen'], QWEN, ['coder', 'deepseek', 'distill', 'embedding', 'flash', 'omni', 'prime', 'vl']),
  llama: family(['llama'], ['meta'], ['deepseek', 'distill', 'nemotron']),
  muse: family(['muse'], ['meta'], ['contributor', 'ember', 'glimmer', 'open']),
  kimi: family(['kimi'], ['moonshotai', 'moonshotai-cn', 'kimi-coding'], ['linear']),
  glm: family(['glm'], ['zai', 'zai-coding', 'zai-coding-cn'], ['air', 'flash', 'flashx', 'turbo', 'v']),
  grok: family(['grok'], ['xai'], ['agent', 'build', 'code', 'mini', 'non']),
  mistral: family(['mistral', 'large'], ['mistral']),
  codestral: family(['codestral'], ['mistral']),
  devstral: family(['devstral'], ['mistral'], ['small']),
  magistral: family(['magistral'], ['mistral'], ['small']),
  ministral: family(['ministral'], ['mistral']),
  minimax: family(['minimax'], ['minimax', 'minimax-cn'], ['flash', 'her', 'lightning']),
  mimo: family(
    ['mimo'],
    ['xiaomi', 'xiaomi-token-plan-ams', 'xiaomi-token-plan-cn', 'xiaomi-token-plan-sgp'],
    ['flash'],
  ),
  nemotron: family(['nemotron'], ['nvidia'], ['lightning', 'nano', 'omni', 'vl']),
  nova: family(['nova'], ['amazon-bedrock'], ['lite', 'micro', 'sonic']),
};

function family(tokens, vendors, without = []) {
  const left = VARIANTS.filter((token) => !tokens.includes(token));
  return { tokens, vendors, without: [...new Set([...left, ...without])].sort() };
}

/** Models that stand for others: what serves them is recorded, not compared. */
export const ROUTER = /^(openrouter\/|typesafe\/jev-router$|~unbiased\/)|(^|[-/])latest$|^chat-latest$/;

/** Ids that say themselves that they cost nothing; elsewhere a zero in the source means unknown. */
export const FREE = /(^|[-:/])free$/;
