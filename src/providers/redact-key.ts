const REDACTED = '[redacted]';
/** A shorter "key" is a placeholder such as `none`, and cutting it out would spoil texts that merely hold the word. */
const SHORTEST_KEY = 8;

/**
 * The same value without the key that its request carried, as it is or as JSON or a URL would write it.
 * Servers do echo headers into errors. What holds no key is returned as it is, not copied.
 */
export function redactKey<T>(value: T, key: string): T {
  if (key.length < SHORTEST_KEY) return value;
  const forms = [...new Set([key, JSON.stringify(key).slice(1, -1), encodeURIComponent(key)])];
  return clean(value, forms) as T;
}

function clean(value: unknown, forms: readonly string[]): unknown {
  if (typeof value === 'string') {
    let text = value;
    for (const form of forms) if (text.includes(form)) text = text.replaceAll(form, REDACTED);
    return text;
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => clean(item, forms));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [name, item] of Object.entries(value)) {
    const cleaned = clean(item, forms);
    if (cleaned === item) continue;
    copy ??= { ...value };
    copy[name] = cleaned;
  }
  return copy ?? value;
}
