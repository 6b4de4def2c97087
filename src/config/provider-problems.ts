import { authorityOf } from '../core/routing/build-route.ts';
import { createRedactor } from '../core/text/redact.ts';
import type { SnapshotProvider } from './catalog/catalog-snapshot.ts';
import { expandVariables, variablesIn } from './expand-variables.ts';
import type { ProviderConfig } from './files/config-file.ts';
import type { Env } from './files/config-paths.ts';

/** What an entry is made of. */
export interface EntryParts {
  readonly known: SnapshotProvider | undefined;
  readonly config: ProviderConfig | undefined;
  readonly env: Env;
}

/** Variables that hold a known provider's key → whose, and where it belongs. */
export type KeyOwners = ReadonlyMap<string, { readonly provider: string; readonly authority: string }>;

export interface ProviderProblem {
  readonly key?: keyof ProviderConfig;
  readonly message: string;
  readonly hint: string;
}

/** Headers that carry keys, or that belong to the connection or the wire. */
export const KEY_HEADER: RegExp = /auth|api-?key|token|secret|cookie|password|credential/i;
const KEY_VARIABLE = /key|token|secret|password|credential/i;
const OWN_HEADER =
  /^(host|connection|content-.*|transfer-encoding|te|trailer|upgrade|keep-alive|expect|accept|proxy-.*|anthropic-version)$/i;

/** What cannot be meant in one entry of `providers`. */
export function providerProblems(
  id: string,
  { known, config = {}, env, owners }: EntryParts & { readonly owners: KeyOwners },
): ProviderProblem[] {
  const problems: ProviderProblem[] = [];
  const { api_key, key_env, auth, headers = {} } = config;
  const url = config.base_url === undefined ? undefined : expandVariables(config.base_url, env);
  const base_url = url?.text;
  const ownKey = api_key !== undefined || key_env !== undefined || auth === 'none';
  if (base_url === undefined) {
    if (known === undefined) {
      problems.push({
        message: `"${id}" is not a provider of the catalog, so it needs a base_url.`,
        hint: 'Check the name with `yardmaster providers`, or give its base_url and wire.',
      });
    }
  } else if (url?.missing.length === 0) {
    const wrong = urlProblem(base_url);
    if (wrong !== undefined) {
      const hint = 'Write it as https://host/path, without a key or a query in it.';
      problems.push({ key: 'base_url', message: `${showUrl(config.base_url)} ${wrong}.`, hint });
    }
  }
  if (!ownKey && known === undefined && base_url !== undefined) {
    problems.push({
      message: `"${id}" has no key.`,
      hint: 'Add key_env or api_key; or auth: none for a server without keys.',
    });
  }
  if (!ownKey && base_url !== undefined && known !== undefined && known.auth !== 'none') {
    if (authorityOf(base_url) !== authorityOf(known.base_url) || authorityOf(base_url) === '') {
      problems.push({
        key: 'base_url',
        message: `${showUrl(config.base_url)} is not where the key of ${id} belongs (${known.base_url}).`,
        hint: 'Add its own key beside it: key_env, api_key, or auth: none.',
      });
    }
  }
  // An address is shown, stored with tasks and sent to whoever asks for it.
  const secret = variablesIn(config.base_url ?? '').find(
    (variable) => !owners.has(variable) && (KEY_VARIABLE.test(variable) || isKey(env[variable] ?? '')),
  );
  if (secret !== undefined) {
    problems.push({
      key: 'base_url',
      message: `The variable "${secret}" looks like a key, and addresses are shown and stored.`,
      hint: 'Put the key under key_env or api_key; variables of an address are for hosts, ports and paths.',
    });
  }
  problems.push(...strayKeys(config, { authority: authorityOf(base_url ?? known?.base_url ?? ''), owners }));
  if ([key_env ?? []].flat().some(isKey)) {
    // The name would end up in messages; this one must not.
    return [
      {
        key: 'key_env',
        message: 'It holds a key, not the name of a variable.',
        hint: 'Change that key; then name the variable that holds the new one.',
      },
    ];
  }
  const ways = [api_key, key_env, auth].filter((way) => way !== undefined).length;
  if (ways > 1) {
    problems.push({ message: `"${id}" has more than one of key_env, api_key and auth.`, hint: 'Keep one.' });
  }
  if ((config.wire ?? known?.wire) === 'ai-sdk' && (config.package ?? known?.package) === undefined) {
    problems.push({ key: 'wire', message: '"ai-sdk" needs a package.', hint: 'Name the npm package under `package`.' });
  }
  for (const [name, value] of Object.entries(headers)) {
    // A vendor's own key is told of above.
    const owned = variablesIn(value).some((variable) => owners.has(variable));
    if (KEY_HEADER.test(name) || (!owned && isKey(expandVariables(value, env).text))) {
      problems.push({
        key: 'headers',
        message: `"${name}" looks like a key, and headers are stored with every task.`,
        hint: 'Put the key under key_env or api_key.',
      });
    } else if (OWN_HEADER.test(name) || !/^[\x20-\x7e]*$/.test(value)) {
      problems.push({ key: 'headers', message: `"${name}" cannot be set.`, hint: 'Take it out.' });
    }
  }
  return problems;
}

const redact = createRedactor([]);

function isKey(text: string): boolean {
  return redact(text) !== text;
}

/** A vendor's own key is not a default for everything: it goes to that vendor, whoever asks. */
function strayKeys(
  { api_key = '', key_env = [], headers = {}, base_url = '' }: ProviderConfig,
  { authority, owners }: { readonly authority: string; readonly owners: KeyOwners },
): ProviderProblem[] {
  const used: (readonly [keyof ProviderConfig, readonly string[]])[] = [
    ['key_env', [key_env].flat()],
    ['api_key', variablesIn(api_key)],
    ['headers', Object.values(headers).flatMap(variablesIn)],
    ['base_url', variablesIn(base_url)],
  ];
  return used.flatMap(([key, names]) =>
    names.flatMap((name): ProviderProblem[] => {
      const owner = owners.get(name);
      const itsOwn = key === 'key_env' || key === 'api_key';
      if (owner === undefined || (itsOwn && owner.authority === authority)) return [];
      return [
        {
          key,
          message: `"${name}" is the key of ${owner.provider} and goes to ${owner.authority} only.`,
          hint: 'Put the key of this address into a variable of its own.',
        },
      ];
    }),
  );
}

/** An address as the file writes it, not as variables make it; not at all where a password or a key may be in it. */
function showUrl(written = ''): string {
  return /[@?#]/.test(written) ? 'The address' : `"${written}"`;
}

/** What is wrong with an address. */
function urlProblem(base_url: string): string | undefined {
  let url: URL;
  try {
    url = new URL(base_url);
  } catch {
    return 'is not a URL';
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'is neither http nor https';
  if (url.username !== '' || url.password !== '') return 'has a user or a password in it';
  if (url.search !== '' || url.hash !== '') return 'has a query or a fragment';
  return undefined;
}
