import type { HtmlReader } from './html-reader.ts';

/** What is given as it is: text of any kind, JSON, XML and their dialects. */
const TEXT =
  /^(text\/.+|application\/(json|xml|javascript|x-javascript|ecmascript|typescript|x-ndjson|ndjson|jsonl|yaml|x-yaml|toml|graphql|sql|x-sh|xml-dtd)|.+\+(json|xml|yaml))$/;
const HTML = /^(text\/html|application\/xhtml\+xml)$/;
/** Where HTML and XML name their encoding. */
const HEAD_BYTES = 1024;

/** Whether a body of this type is worth reading; one without a type shows itself what it is. */
export function isTextType(type: string): boolean {
  return type === '' || TEXT.test(type);
}

/** Undefined when the bytes are no text whatever the type says. */
export async function textOf(
  bytes: Buffer,
  {
    type,
    charset,
    url,
    html,
    signal,
  }: {
    readonly type: string;
    readonly charset: string | undefined;
    readonly url: string;
    readonly html: HtmlReader;
    readonly signal: AbortSignal;
  },
): Promise<string | undefined> {
  const text = decode(bytes, charset);
  if (text.includes('\0')) return undefined;
  const isHtml = HTML.test(type) || (type === '' && /^\s*<(!doctype html|html)\b/i.test(text));
  return isHtml ? await html.read(text, url, signal) : text;
}

/** As browsers do: a byte order mark, then what the server says, then what the document says of itself, then UTF-8. */
function decode(bytes: Buffer, charset: string | undefined): string {
  const label = markOf(bytes) ?? known(charset) ?? known(ownWord(bytes)) ?? 'utf-8';
  return new TextDecoder(label).decode(bytes);
}

function markOf(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

function ownWord(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, HEAD_BYTES);
  if (!/^\s*</.test(head)) return undefined;
  return /<meta[^>]*?charset\s*=\s*["']?([\w.:-]+)|^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)/i
    .exec(head)
    ?.slice(1)
    .find((name) => name !== undefined);
}

function known(label: string | undefined): string | undefined {
  try {
    return label === undefined ? undefined : new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}
