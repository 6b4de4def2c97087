import type { Identity } from './identity.ts';

/** Handshake revisions the protocol library serves, its favourite first. A test holds them to the library's own. */
export const HANDSHAKE_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'] as const;

/** The revision without a handshake, which the library serves too; hosts open with `server/discover`. */
const LATER_VERSION = '2026-07-28';
const META = 'io.modelcontextprotocol/';

export interface FirstAnswer {
  readonly jsonrpc: '2.0';
  readonly id: string | number;
  readonly result: object;
}

/**
 * The answer to a plain `initialize` or `server/discover`, without the protocol library: loading that takes longer
 * than some hosts wait (docs/decisions/0006). Undefined for everything else, which the library judges, malformed
 * openings among it. What is given here equals what the library answers to the same message.
 */
export function firstAnswer(message: unknown, identity: Identity): FirstAnswer | undefined {
  if (!isObject(message) || message.jsonrpc !== '2.0') return undefined;
  const { id, method, params } = message;
  if ((typeof id !== 'string' && !Number.isSafeInteger(id)) || !isObject(params)) return undefined;
  const result =
    method === 'initialize'
      ? initialized(params, identity)
      : method === 'server/discover'
        ? discovered(params, identity)
        : undefined;
  return result && { jsonrpc: '2.0', id: id as string | number, result };
}

function initialized(params: Readonly<Record<string, unknown>>, identity: Identity): object | undefined {
  const { protocolVersion, capabilities, clientInfo } = params;
  if ('_meta' in params || typeof protocolVersion !== 'string' || !isObject(capabilities)) return undefined;
  if (!isClient(clientInfo)) return undefined;
  const served = HANDSHAKE_VERSIONS.find((version) => version === protocolVersion) ?? HANDSHAKE_VERSIONS[0];
  return { protocolVersion: served, ...identity };
}

function discovered({ _meta }: Readonly<Record<string, unknown>>, identity: Identity): object | undefined {
  if (!isObject(_meta) || _meta[`${META}protocolVersion`] !== LATER_VERSION) return undefined;
  if (!isObject(_meta[`${META}clientCapabilities`]) || !isClient(_meta[`${META}clientInfo`])) return undefined;
  const { serverInfo, ...abilities } = identity;
  return {
    supportedVersions: [LATER_VERSION],
    ...abilities,
    resultType: 'complete',
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { [`${META}serverInfo`]: serverInfo },
  };
}

function isClient(info: unknown): boolean {
  return isObject(info) && typeof info.name === 'string' && typeof info.version === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
