import type { CredentialRef } from '../route.ts';
import { authorityOf } from '../routing/build-route.ts';

const LOOPBACK = /^http:\/\/(?:localhost|[^/]*\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/;

/** What to say of an endpoint that gets its key without encryption, over a network; undefined = it does not. */
export function keyInClear({
  base_url,
  credential,
}: {
  readonly base_url: string;
  readonly credential: CredentialRef;
}): string | undefined {
  if (credential.kind === 'none') return undefined;
  const authority = authorityOf(base_url);
  if (!authority.startsWith('http://') || LOOPBACK.test(authority)) return undefined;
  return `plain-http: the key goes to ${authority} without encryption`;
}
