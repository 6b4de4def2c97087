import type { SeenRequest, TestWire } from './seen-request.ts';

/** One request, as a receipt has to agree with it. */
export interface WireRecord {
  /** What the marker found in the conversation; `''` = nothing. */
  readonly task: string;
  readonly turn: number;
  readonly wire: TestWire;
  readonly authority: string;
  /** null = none came. */
  readonly key: string | null;
  readonly model: string;
  readonly effort: SeenRequest['effort'];
  /** What the answer claimed; null = nothing. */
  readonly served_model: string | null;
  readonly request_id: string | null;
  readonly status: number | null;
}

/**
 * The wire's side of the receipts: one line a turn that was asked for, over all these servers, in the order of arrival.
 * `marker` finds the task in the user's texts; its first group counts, or the whole match.
 */
export function wireRecord(
  servers: readonly { readonly requests: readonly SeenRequest[] }[],
  marker: RegExp = /\btask-\d+\b/,
): readonly WireRecord[] {
  return servers
    .flatMap((server) => server.requests)
    .filter((request) => request.method === 'POST')
    .sort((a, b) => a.at - b.at)
    .map((request) => {
      const found = marker.exec(request.texts.join('\n'));
      return {
        task: found?.[1] ?? found?.[0] ?? '',
        turn: request.turn,
        wire: request.wire,
        authority: request.authority,
        key: request.key ?? null,
        model: request.model,
        effort: request.effort,
        served_model: request.served_model ?? null,
        request_id: request.request_id ?? null,
        status: request.status ?? null,
      };
    });
}
