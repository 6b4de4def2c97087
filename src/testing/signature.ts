import { createHash } from 'node:crypto';

const MADE_UP = /^sim_[\w-]{43}$/;

/** What a vendor would seal a reasoning with. Made from the text, so that a restarted server still knows its own. */
export function signatureOf(reasoning: string): string {
  return `sim_${createHash('sha256').update(reasoning).digest('base64url')}`;
}

export function isMadeUp(signature: string): boolean {
  return MADE_UP.test(signature);
}
