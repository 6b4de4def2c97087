import * as v from 'valibot';
import { FALLBACK_CLASSES } from '../core/after-failure.ts';
import { EFFORTS } from '../core/effort.ts';
import { WIRES } from '../core/route.ts';
import type { ConfigFile } from './files/config-file.ts';

// Descriptions end up in data/config.schema.json, where editors show them; docs/configuration.md says more.
const text = v.pipe(v.string(), v.nonEmpty());
const name = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/));
const variable = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/));
const tag = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const seconds = v.pipe(v.number(), v.finite(), v.gtValue(0));
const day = v.pipe(v.string(), v.isoDate());
const toolset = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_-]*(:[A-Za-z0-9._-]+)?$/));
const header = v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]+$/));
/** A name, IPv4, or IPv6 with or without brackets; a port may follow, after brackets where there are colons. */
const host = v.pipe(
  v.string(),
  v.regex(
    /^([A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/,
  ),
);
const pattern = v.pipe(v.string(), v.regex(/^\S+$/));
/** YAML writes an explicit off as `none` or `false`. */
const effort = v.union([v.picklist(EFFORTS), v.literal(false)]);
const optional = v.exactOptional;
const says = v.description;

const routeFields = {
  model: optional(v.pipe(text, says('A model id, an alias or a family.'))),
  provider: optional(v.pipe(text, says('A provider id or one of its aliases.'))),
  reasoning_effort: optional(v.pipe(effort, says('none, minimal, low, medium, high, xhigh or max.'))),
  route: optional(v.pipe(name, says('A name of `routes`; it fixes the whole route.'))),
};
const route = v.union([text, v.strictObject(routeFields)]);

const price = {
  in: optional(amount),
  out: optional(amount),
  cache_read: optional(amount),
  cache_write: optional(amount),
};

const model = v.strictObject({
  id: v.pipe(text, says('As the server wants it.')),
  name: optional(text),
  context: optional(v.pipe(count, says('Tokens.'))),
  max_output: optional(v.pipe(count, says('Tokens.'))),
  price: optional(
    v.pipe(
      v.strictObject({
        ...price,
        tiers: optional(v.array(v.strictObject({ above: v.pipe(v.number(), v.integer(), v.minValue(0)), ...price }))),
      }),
      says('USD per million tokens. A kind that is absent has no known price.'),
    ),
  ),
  reasoning: optional(
    v.pipe(v.array(v.picklist(EFFORTS)), says('Effort levels it takes; [] = none; absent = unknown.')),
  ),
  effort_words: optional(
    v.strictObject({
      none: optional(text),
      minimal: optional(text),
      low: optional(text),
      medium: optional(text),
      high: optional(text),
      xhigh: optional(text),
      max: optional(text),
    }),
  ),
  effort_dialect: optional(
    v.picklist([
      'reasoning_effort',
      'reasoning_object',
      'reasoning_toggle',
      'thinking_toggle',
      'thinking_and_effort',
      'enable_thinking',
      'output_config',
      'budget_tokens',
      'omit',
    ]),
  ),
  tools: optional(v.boolean()),
  vision: optional(v.boolean()),
  released: optional(day),
  served_as: optional(v.pipe(v.array(text), says('Ids the provider reports for this model although they differ.'))),
  router: optional(v.pipe(v.boolean(), says('It stands for other models: whatever serves is recorded, not compared.'))),
  tags: optional(v.array(tag)),
});

const provider = v.strictObject({
  name: optional(text),
  base_url: optional(v.pipe(text, says('Where requests and the key go. Needs its own key beside it.'))),
  wire: optional(v.picklist(WIRES)),
  key_env: optional(
    v.pipe(
      v.union([variable, v.pipe(v.array(variable), v.minLength(1))]),
      says('Environment variables that hold the key.'),
    ),
  ),
  api_key: optional(v.pipe(text, says('A reference to an environment variable.'))),
  auth: optional(v.pipe(v.literal('none'), says('A server without keys.'))),
  headers: optional(v.record(header, v.string())),
  models: optional(
    v.pipe(
      v.union([v.literal('open'), v.array(v.union([text, model]))]),
      says('Models beside the catalog, or `open` for ids that nobody lists.'),
    ),
  ),
  default_model: optional(text),
  max_in_flight: optional(count),
  rpm: optional(v.pipe(count, says('Requests per minute.'))),
  tpm: optional(v.pipe(count, says('Tokens per minute.'))),
  tags: optional(v.array(tag)),
  package: optional(v.pipe(text, says('npm package of an ai-sdk provider.'))),
  simulated: optional(v.pipe(v.boolean(), says('A scripted server; every surface marks its answers.'))),
});

const namedRoute = v.strictObject({
  provider: text,
  model: text,
  reasoning_effort: optional(effort),
  description: optional(v.pipe(text, says('One line that a calling model reads.'))),
  fallback: optional(v.array(route)),
  tags: optional(v.array(tag)),
});

const sandboxKind = v.picklist(['none', 'bubblewrap', 'docker']);
const sandbox = v.union([
  sandboxKind,
  v.strictObject({
    kind: sandboxKind,
    network: optional(v.pipe(v.boolean(), says('Whether commands reach the network.'))),
    image: optional(v.pipe(text, says('For docker. It must be on the machine.'))),
    read_only: optional(
      v.pipe(
        v.array(v.pipe(v.string(), v.regex(/^(\/|~\/|\$\{)[^:\n]*$/))),
        says('Paths that commands may read besides: absolute, or from ~/.'),
      ),
    ),
  }),
]);

const delegation = v.strictObject({
  ...routeFields,
  selection: optional(v.pipe(v.picklist(['open', 'routes', 'off']), says('What callers may choose.'))),
  allow: optional(v.pipe(v.array(pattern), says('Patterns such as anthropic/*, openrouter/*:free, tag:local.'))),
  deny: optional(v.array(pattern)),
  max_price: optional(v.pipe(amount, says('USD per million output tokens.'))),
  above_parent_price: optional(v.picklist(['allow', 'ask', 'deny'])),
  on_mismatch: optional(
    v.pipe(v.picklist(['fail', 'warn']), says('When another model served than the one asked for.')),
  ),
  effort_policy: optional(v.picklist(['clamp', 'strict'])),
  toolsets: optional(v.pipe(v.array(toolset), says('Ceiling for children.'))),
  sandbox: optional(v.pipe(sandbox, says('How commands of children are kept apart.'))),
  fallback: optional(v.pipe(v.array(route), says('For children that pinned nothing.'))),
  fallback_on: optional(v.pipe(v.array(v.picklist(FALLBACK_CLASSES)), says('Failures that go on along a chain.'))),
  budget: optional(
    v.pipe(
      v.strictObject({ usd: optional(amount), tokens: optional(count), turns: optional(count) }),
      says('Per root call.'),
    ),
  ),
  max_concurrent_children: optional(count),
  max_children_per_call: optional(count),
  max_spawn_depth: optional(count),
  max_descendants: optional(count),
  max_turns: optional(count),
  first_token_timeout_seconds: optional(seconds),
  idle_timeout_seconds: optional(seconds),
  tool_timeout_seconds: optional(seconds),
  timeout_seconds: optional(seconds),
  max_summary_chars: optional(count),
});

const mcpServer = v.strictObject({
  command: optional(v.pipe(v.array(text), v.minLength(1), says('Program and arguments.'))),
  env: optional(v.pipe(v.record(variable, v.string()), says('Variables it gets beside the usual ones.'))),
  cwd: optional(v.pipe(text, says('Folder it runs in.'))),
  url: optional(v.pipe(text, says('Of a server that runs, over streamable HTTP.'))),
  headers: optional(v.record(header, v.string())),
  tools: optional(v.pipe(v.array(text), v.minLength(1), says('The only tools children get of it.'))),
});

/** The configuration file. Loaded only when there is a file to check. */
export const ConfigSchema: v.GenericSchema<unknown, ConfigFile> = v.strictObject({
  model: optional(v.pipe(route, says('The parent agent’s route.'))),
  providers: optional(v.record(name, provider)),
  aliases: optional(v.pipe(v.record(text, text), says('Name → provider/model, or a model id.'))),
  routes: optional(v.record(name, namedRoute)),
  delegation: optional(delegation),
  budgets: optional(v.strictObject({ daily_usd: optional(amount) })),
  toolsets: optional(v.pipe(v.array(toolset), says('The parent agent’s own.'))),
  mcp_servers: optional(v.record(tag, mcpServer)),
  web: optional(
    v.strictObject({
      allow_hosts: optional(
        v.pipe(v.array(host), says('Hosts inside that `fetch_url` may reach: name, address, host:port.')),
      ),
    }),
  ),
  profiles: optional(
    v.record(
      name,
      v.strictObject({
        prompt_file: optional(text),
        toolsets: optional(v.array(toolset)),
        route: optional(name),
      }),
    ),
  ),
  hosts: optional(
    v.record(
      name,
      v.strictObject({
        wait_seconds: optional(v.pipe(seconds, says('How long a call is waited for before it becomes a handle.'))),
        parent: optional(v.pipe(route, says('The route of the host itself.'))),
      }),
    ),
  ),
  store: optional(v.strictObject({ url: optional(v.pipe(text, says('postgres://… for a shared store.'))) })),
  history: optional(v.strictObject({ keep_days: optional(count) })),
});
