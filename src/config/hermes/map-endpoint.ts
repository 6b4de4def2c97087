import type { Wire } from '../../core/route.ts';
import { authorityOf } from '../../core/routing/build-route.ts';
import type { SnapshotProvider } from '../catalog/catalog-snapshot.ts';
import type { KeyPath } from '../config-source.ts';
import { isReference, variablesIn } from '../expand-variables.ts';
import type { ProviderConfig } from '../files/config-file.ts';
import { KEY_HEADER, type KeyOwners, providerProblems } from '../provider-problems.ts';
import { keyProblem } from '../usable-key.ts';
import { HERMES_WIRES, wireOfUrl } from './hermes-names.ts';
import { isMapping, looksLikeKey, type Notebook, type Section } from './notebook.ts';

export interface EndpointInput {
  /** The entry's id in `providers` of ours. */
  readonly id: string;
  /** What the catalog has under that id. */
  readonly known: SnapshotProvider | undefined;
  readonly owners: KeyOwners;
  /** Which of Hermes' words for the address stands here. */
  readonly url: readonly string[];
  readonly notebook: Notebook;
}

type Draft = { -readonly [Field in keyof ProviderConfig]: ProviderConfig[Field] };

/** Texts that people write where a server wants no key at all. */
const NO_KEY = /^(no[-_ ]?(api[-_ ]?)?key.*|not[-_ ]?(needed|required|used).*|dummy|empty|none|n\/a)$/i;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Address, wire, key reference and headers of one endpoint as an entry of ours; undefined when it cannot be one, which
 * is told. A key in clear is never copied: the entry names a variable for it.
 */
export function mapEndpoint(section: Section, input: EndpointInput): Draft | undefined {
  const { id, known, notebook, owners } = input;
  const to = (key: keyof ProviderConfig): KeyPath => ['providers', id, key];
  const urlKey = input.url.find((key) => section.has(key));
  const written = urlKey === undefined ? undefined : section.text(urlKey);
  if (urlKey !== undefined && written === undefined) return undefined;
  const base_url = written?.replace(/\/+$/, '');
  const entry: Draft = {};
  if (base_url !== undefined && urlKey !== undefined) {
    const wrong = base_url.includes('${') ? undefined : urlProblem(base_url);
    if (wrong !== undefined) {
      notebook.say({ path: section.at(urlKey), state: 'no_counterpart', note: `The address ${wrong}.` });
      return undefined;
    }
    if (base_url === known?.base_url) {
      notebook.say({ path: section.at(urlKey), state: 'taken', to: ['providers', id], note: 'It is the usual one.' });
    } else {
      entry.base_url = base_url;
      notebook.say({ path: section.at(urlKey), state: 'taken', to: to('base_url') });
    }
  }
  if (known === undefined && base_url === undefined) {
    notebook.say({ path: section.path, state: 'no_counterpart', note: 'It has no address.' });
    return undefined;
  }
  if (!mapWire(section, entry, { ...input, base_url })) return undefined;
  mapKey(section, entry, { ...input, base_url });
  mapHeaders(section, entry, input);
  // What is still wrong would make the whole file refused.
  const [problem] = providerProblems(id, { known, config: entry, env: {}, owners });
  if (problem === undefined) return entry;
  notebook.say({ path: section.path, state: 'no_counterpart', note: `${problem.message} ${problem.hint}` });
  return undefined;
}

type At = EndpointInput & { readonly base_url: string | undefined };

function mapWire(section: Section, entry: Draft, { id, known, notebook, base_url }: At): boolean {
  const key = ['transport', 'api_mode'].find((name) => section.has(name));
  const word = key === undefined ? undefined : section.text(key);
  const named = word === undefined ? undefined : HERMES_WIRES.get(word.toLowerCase());
  if (key !== undefined && named === undefined) {
    const note = 'There is no such wire here; see docs/wires.md.';
    notebook.say({ path: section.at(key), state: 'no_counterpart', note });
    return false;
  }
  const usual: Wire = known?.wire ?? 'openai-chat';
  const sameEndpoint = base_url === undefined || base_url === known?.base_url;
  const wire = named ?? (sameEndpoint ? usual : wireOfUrl(base_url));
  if (wire !== usual) entry.wire = wire;
  if (key !== undefined) notebook.say({ path: section.at(key), state: 'taken', to: ['providers', id, 'wire'] });
  return true;
}

/** Exactly one of a reference, the name of a variable, and `auth: none`; or nothing where the usual key belongs. */
function mapKey(section: Section, entry: Draft, { id, known, owners, notebook, base_url }: At): void {
  const authority = authorityOf(base_url ?? known?.base_url ?? '');
  const atHome = known !== undefined && (base_url === undefined || authority === authorityOf(known.base_url));
  const own = variableFor(id, authority, owners);
  const name = (at: string, note: string, variable?: string): void => {
    const usual = atHome ? known.key_env[0] : undefined;
    const put = variable ?? usual ?? own;
    if (atHome && known.auth === 'none') entry.auth = 'none';
    else if (put !== usual) entry.key_env = put;
    const target: KeyPath = put === usual ? ['providers', id] : ['providers', id, 'key_env'];
    notebook.say({ path: section.at(at), state: 'changed', to: target, note: `${note} Put it into ${put}.` });
  };
  /** Why a variable cannot hold the key that goes to this address. */
  const foreign = (variable: string): string | undefined => {
    const owner = owners.get(variable);
    if (owner === undefined || owner.authority === authority) return undefined;
    return `"${variable}" is the key of ${owner.provider} and goes there only; this address needs one of its own.`;
  };

  const key = section.take('api_key');
  const variable = section.take('key_env');
  if (key !== undefined) {
    const text = typeof key === 'string' ? key.trim() : '';
    const problem = isReference(text) ? variablesIn(text).map(foreign).find(Boolean) : undefined;
    if (problem !== undefined) name('api_key', problem);
    else if (isReference(text)) {
      entry.api_key = text;
      notebook.say({ path: section.at('api_key'), state: 'taken', to: ['providers', id, 'api_key'] });
    } else if (NO_KEY.test(text) || (typeof key === 'string' && keyProblem(text) !== undefined)) {
      if (!atHome) entry.auth = 'none';
      const note = 'It stands for no key.';
      notebook.say({ path: section.at('api_key'), state: 'changed', to: ['providers', id, 'auth'], note });
    } else if (isVariable(variable) && foreign(variable) === undefined) {
      name('api_key', 'A key is not copied.', variable);
    } else name('api_key', 'A key is not copied.');
    if (variable !== undefined) {
      const used = entry.key_env === variable;
      notebook.say({
        path: section.at('key_env'),
        ...(used
          ? { state: 'taken', to: ['providers', id, 'key_env'] }
          : { state: 'no_counterpart', note: 'In Hermes, api_key comes first.' }),
      });
    }
    return;
  }
  if (variable !== undefined) {
    const problem = isVariable(variable) ? foreign(variable) : 'It is not the name of a variable.';
    if (problem !== undefined) name('key_env', problem);
    else {
      entry.key_env = variable as string;
      notebook.say({ path: section.at('key_env'), state: 'taken', to: ['providers', id, 'key_env'] });
    }
    return;
  }
  if (atHome) return;
  if (isNearby(base_url ?? '')) entry.auth = 'none';
  else {
    // Hermes would guess a variable from the host; the guess is written down instead.
    entry.key_env = own;
    const note = `Hermes guesses its key from the host; here it is looked for in ${own}. auth: none if it needs none.`;
    notebook.say({ path: section.path, state: 'changed', to: ['providers', id, 'key_env'], note });
  }
}

function mapHeaders(section: Section, entry: Draft, { id, notebook }: EndpointInput): void {
  const headers = section.take('extra_headers');
  if (headers === undefined) return;
  if (!isMapping(headers)) {
    notebook.say({ path: section.at('extra_headers'), state: 'no_counterpart', note: 'It is not a mapping.' });
    return;
  }
  for (const [name, value] of Object.entries(headers)) {
    const path = [...section.at('extra_headers'), name];
    const text = typeof value === 'string' ? value : String(value);
    if (KEY_HEADER.test(name) || looksLikeKey(text)) {
      const note = 'It looks like a key, and headers are stored with every task. Put the key under key_env.';
      notebook.say({ path, state: 'no_counterpart', note });
      continue;
    }
    const config: ProviderConfig = { headers: { [name]: text }, base_url: 'http://127.0.0.1', auth: 'none' };
    const [problem] = providerProblems('x', { known: undefined, config, env: {}, owners: new Map() });
    if (problem !== undefined || !/^[A-Za-z0-9-]+$/.test(name)) {
      notebook.say({ path, state: 'no_counterpart', note: 'This header cannot be set.' });
      continue;
    }
    entry.headers = { ...entry.headers, [name]: text };
    notebook.say({ path, state: 'taken', to: ['providers', id, 'headers', name] });
  }
}

function isVariable(value: unknown): value is string {
  return typeof value === 'string' && VARIABLE.test(value) && !looksLikeKey(value);
}

/** `LAB_API_KEY` for `lab`, unless that belongs to somebody else. */
function variableFor(id: string, authority: string, owners: KeyOwners): string {
  const name = `${id.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_API_KEY`.replace(/^(?=\d)/, '_');
  const owner = owners.get(name);
  return owner === undefined || owner.authority === authority ? name : `OWN_${name}`;
}

function urlProblem(base_url: string): string | undefined {
  if (!URL.canParse(base_url)) return 'is not a URL';
  const { protocol, username, password, search, hash } = new URL(base_url);
  if (protocol !== 'http:' && protocol !== 'https:') return 'is neither http nor https';
  if (username !== '' || password !== '') return 'has a user or a password in it';
  return search === '' && hash === '' ? undefined : 'has a query or a fragment';
}

/** A machine or a private network, for which Hermes never guesses a key. */
function isNearby(base_url: string): boolean {
  if (!URL.canParse(base_url)) return false;
  const { hostname } = new URL(base_url);
  return hostname === 'localhost' || hostname.startsWith('[') || /^[\d.]+$/.test(hostname) || !hostname.includes('.');
}
