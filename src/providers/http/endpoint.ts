import { DelegateError } from '../../core/errors.ts';
import { type CredentialRef, type Route, routeLabel } from '../../core/route.ts';

/** The key behind a reference, for this authority only; undefined = none is usable there. */
export type KeyFor = (ref: CredentialRef, authority: string) => string | undefined;

export interface Endpoint {
  readonly authority: string;
  /** Path of the base URL without a trailing slash. */
  readonly base_path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** Of the route's config, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers of a connection or a body are the transport's; the authority is not for a header to change. */
const NOT_FROM_CONFIG: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'accept-encoding',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
]);

/** Where a route's requests go. Throws `ROUTE_INVALID` when its base URL has left its authority. */
export function endpointOf(route: Route): Endpoint {
  const base = new URL(route.base_url);
  if (!sameAuthority(base.origin, route.authority)) {
    throw new DelegateError(
      'ROUTE_INVALID',
      `"${routeLabel(route)}" has the base URL "${base.origin}", which is not its authority "${route.authority}"`,
      { hint: "Resolve the route again: a route's fields belong together.", data: { class: 'bad_request' } },
    );
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(route.headers ?? {})) {
    if (!NOT_FROM_CONFIG.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  }
  return { authority: base.origin, base_path: base.pathname.replace(/\/+$/, ''), query: base.search, headers };
}

/** Visible ASCII: what a header can carry and cannot be used to add another. */
const HEADER_VALUE = /^[\x21-\x7e]+$/;

/** The key for a route's request, right before it leaves; undefined = the server takes none. Throws `CREDENTIAL_MISSING`. */
export function keyOf(route: Route, keyFor: KeyFor): string | undefined {
  const { credential } = route;
  if (credential.kind === 'none') return undefined;
  const key = sameAuthority(credential.authority, route.authority) ? keyFor(credential, route.authority) : undefined;
  if (key !== undefined && HEADER_VALUE.test(key)) return key;
  const where =
    credential.kind === 'env' ? `environment variable ${credential.name}` : `config of "${credential.provider}"`;
  const why =
    key === undefined
      ? `the ${where} holds no key for ${route.authority}`
      : `the key in the ${where} has characters that no key has`;
  throw new DelegateError('CREDENTIAL_MISSING', `"${routeLabel(route)}" cannot be asked: ${why}`, {
    hint: `Put the key for ${route.authority} there; \`yardmaster doctor\` shows what is found.`,
    data: { class: 'auth' },
  });
}

function sameAuthority(one: string, other: string): boolean {
  return one === other || originOf(one) === originOf(other);
}

function originOf(authority: string): string {
  return URL.canParse(authority) ? new URL(authority).origin : authority;
}
