import { afterAll, describe, expect, test } from 'vitest';
import { createHtmlReader } from './html-reader.ts';

const reader = createHtmlReader();
afterAll(() => reader[Symbol.asyncDispose]());

function read(html: string): Promise<string> {
  return reader.read(html, 'https://example.com/docs/page', new AbortController().signal);
}

describe('HTML as text', () => {
  test('keeps what a reader needs', async () => {
    const text =
      await read(`<!doctype html><html><head><title>A &amp; B</title><style>p { color: red }</style></head><body>
      <script>alert(1)</script><h2>One</h2><p>Some <b>bold</b> text,
      a <a href="/x?y=1#z">link</a>, a <a href="#here">jump</a>, a <a href="javascript:alert(1)">trap</a>.</p>
      <ul><li>first<ul><li>inner</li></ul></li><li>second</li></ul><ol><li>step</li></ol>
      <table><tr><th>Key</th><th>Value</th></tr><tr><td>a</td><td>1</td></tr></table>
      <pre><code>if (x) {\n  y();\n}</code></pre><blockquote>said</blockquote><img src="x.png" alt="pic"></body></html>`);
    expect(text).toMatchInlineSnapshot(`
      "Title: A & B

      ## One

      Some bold text, a [link](https://example.com/x?y=1#z), a jump, a trap.

      - first
        - inner
      - second

       1. step

      Key | Value
      a | 1

      \`\`\`
      if (x) {
        y();
      }
      \`\`\`

      > said"
    `);
  });

  test.each([
    ['nothing', '', ''],
    ['text alone', 'plain', 'plain'],
    ['tags that are never closed', '<p>a<p>b<div>c', 'a\n\nb\n\nc'],
    ['a part of a page', '<h1>one</h1>two', '# one\n\ntwo'],
  ])('%s', async (_, html, expected) => {
    expect(await read(html)).toBe(expected);
  });

  test('ten thousand levels are cut, not followed', async () => {
    expect(await read(`<p>top</p>${'<div>'.repeat(10_000)}deep`)).toContain('top');
  });

  test('a page that takes too long is given up, and the next one is read', async () => {
    await using quick = createHtmlReader({ limit_ms: 300 });
    const { signal } = new AbortController();
    const hostile = quick.read('<div>'.repeat(500_000), 'https://x.test/', signal);
    const next = quick.read('<p>fine', 'https://x.test/', signal);
    await expect(hostile).rejects.toThrow('too large or too deep');
    await expect(next).resolves.toBe('fine');
  });

  test('the end waits for no page', async () => {
    const reader = createHtmlReader();
    const { signal } = new AbortController();
    const hostile = reader
      .read('<div>'.repeat(500_000), 'https://x.test/', signal)
      .catch(({ message }: Error) => message);
    const waiting = reader.read('<p>fine', 'https://x.test/', signal).catch(({ message }: Error) => message);
    await new Promise((resolve) => setImmediate(resolve));
    await reader[Symbol.asyncDispose]();
    expect(await Promise.all([hostile, waiting])).toEqual([
      'The page could not be turned into text: it was stopped.',
      'It was stopped.',
    ]);
  });

  test('links that would fill the memory are not followed there', async () => {
    const base = `https://x.test/${'p'.repeat(7_000)}/`;
    await expect(reader.read('<a href=x>y</a>'.repeat(2_000), base, new AbortController().signal)).rejects.toThrow(
      'too large or too deep',
    );
  });

  test('links come out absolute, so that the next call can follow them', async () => {
    expect(await read('<a href="other">o</a> <a href="//cdn.test/y">c</a> <a href="http://[bad">b</a>')).toBe(
      '[o](https://example.com/docs/other) [c](https://cdn.test/y) b',
    );
  });
});
