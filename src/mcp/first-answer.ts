import type { Identity } from './identity.ts';

/** Handshake revisions the protocol library serves, its favourite first. A test holds them to the library's own. */
export const HANDSHAKE_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'] as const;

export interface FirstAnswer {
  readonly jsonrpc: '2.0';
  readonly id: string | number;
  readonly result: Identity & { readonly protocolVersion: string };
}

/**
 * The answer to a plain `initialize`, without the protocol library: loading that takes longer than some hosts wait
 * (docs/decisions/0006). Undefined for everything else, which the library judges: malformed handshakes, and those
 * of later revisions. What is given here equals what the library answers to the same message.
 */
export function firstAnswer(message: unknown, identity: Identity): FirstAnswer | undefined {
  if (!isObject(message) || message.jsonrpc !== '2.0' || message.method !== 'initialize') return undefined;
  const { id, params } = message;
  if ((typeof id !== 'string' && !Number.isSafeInteger(id)) || !isObject(params) || '_meta' in params) return undefined;
  const { protocolVersion, capabilities, clientInfo } = params;
  if (typeof protocolVersion !== 'string' || !isObject(capabilities) || !isObject(clientInfo)) return undefined;
  if (typeof clientInfo.name !== 'string' || typeof clientInfo.version !== 'string') return undefined;
  const served = HANDSHAKE_VERSIONS.find((version) => version === protocolVersion) ?? HANDSHAKE_VERSIONS[0];
  return { jsonrpc: '2.0', id: id as string | number, result: { protocolVersion: served, ...identity } };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
