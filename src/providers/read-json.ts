/** What a provider put where text belongs, or '' for anything else it may have put there. */
export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A count of the provider's; undefined for anything that is none. */
export function countIn(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
