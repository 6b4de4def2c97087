const REDACTED = '[redacted]';
/** A shorter "key" is a placeholder such as `none`, and cutting it out would spoil texts that merely hold the word. */
const SHORTEST_KEY = 8;

/**
 * Takes the key that a request carried out of what came of it, as it is or as JSON or a URL would write it.
 * Servers do echo headers into errors. What holds no key is returned as it is, not copied.
 */
export function createKeyRedactor(key: string | undefined): <T>(value: T) => T {
  if (key === undefined || key.length < SHORTEST_KEY) return (value) => value;
  const written = formsOf(key);
  return <T>(value: T) => clean(value, written) as T;
}

function formsOf(key: string): readonly string[] {
  const written = [JSON.stringify(key).slice(1, -1), encodeURIComponent(key)];
  return [key, ...written.filter((form) => form !== key)];
}

function clean(value: unknown, written: readonly string[]): unknown {
  // Most texts of an answer are shorter than a key, and no form of a key is shorter than itself.
  if (typeof value === 'string') return value.length < written[0]!.length ? value : without(value, written);
  if (typeof value !== 'object' || value === null) return value;
  let copy: Record<string, unknown> | undefined;
  const fields = value as Record<string, unknown>;
  // Not `for … in`: over objects of many shapes V8 compiles it again and again.
  for (const name of Object.keys(fields)) {
    const cleaned = clean(fields[name], written);
    const renamed = clean(name, written) as string;
    if (cleaned === fields[name] && renamed === name) continue;
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    if (renamed !== name) delete copy[name];
    copy[renamed] = cleaned;
  }
  return copy ?? value;
}

function without(text: string, written: readonly string[]): string {
  let rest = text;
  for (const form of written) if (rest.includes(form)) rest = rest.replaceAll(form, REDACTED);
  return rest;
}
