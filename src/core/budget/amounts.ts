import type { Usage } from '../provider.ts';
import type { Cost } from '../result.ts';
import type { PriceBand } from './cost.ts';

/** `$0.0123`; `≥ $0.0123` when a part is unknown; `$ unknown` when all of it is. Never a zero that is not known. */
export function money(cost: Cost): string {
  if (!cost.complete && cost.usd === 0) return '$ unknown';
  return `${cost.complete ? '' : '≥ '}$${dollars(cost.usd)}`;
}

function dollars(usd: number): string {
  if (usd === 0) return '0';
  if (usd < 0.0001) return usd.toExponential(1);
  return usd.toFixed(usd < 1 ? 4 : 2);
}

/** `$0.01 to $0.40 estimated`; says so where a price is unknown. */
export function priceRange(band: PriceBand): string {
  if (band.low_usd === undefined && band.high_usd === undefined) return 'price unknown';
  const from = `$${dollars(band.low_usd ?? 0)}`;
  const to = band.high_usd === undefined ? 'no known upper bound' : `$${dollars(band.high_usd)}`;
  return `${from} to ${to} estimated${band.complete ? '' : ', and a part without a known price'}`;
}

/** 1234 → `1.2k`. */
export function count(n: number): string {
  if (n < 1000) return String(n);
  if (n < 1_000_000) return `${(n / 1000).toFixed(n < 10_000 ? 1 : 0)}k`;
  return `${(n / 1_000_000).toFixed(1)}M`;
}

export function tokens(usage: Usage): string {
  return `${count(usage.input)} in, ${count(usage.output)} out`;
}

/** Milliseconds as people say them: `340 ms`, `4.2 s`, `3m 05s`, `2h 10m`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}m ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`;
}

/** How long ago, from two epochs in milliseconds. */
export function ago(then: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - then) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(then).toISOString().slice(0, 10);
}
