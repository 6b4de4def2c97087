import { createRequire } from 'node:module';
import type { MessagePort } from 'node:worker_threads';
import { Worker } from 'node:worker_threads';

/** Turns HTML into text, one document at a time, in a thread of its own. */
export interface HtmlReader extends AsyncDisposable {
  /** Markdown of a document; links are made absolute by `base`. Rejects when it takes too long or too much. */
  read(html: string, base: string, signal: AbortSignal): Promise<string>;
}

const require = createRequire(import.meta.url);

/** Links made absolute can make a page longer, honest ones not a hundredfold. */
const TEXT_CHARS = 10_000_000;
/** A page of 5 MB takes 1.5 s; what needs much longer is built to. */
const LIMIT_MS = 20_000;
const MEMORY_MB = 256;
const TOO_MUCH = 'its HTML is too large or too deep';

/**
 * Parsing is quick on honest pages (30 ms for 100 KB) and can be made to take for ever or to need all memory: so it
 * happens in a worker that is ended when it does. The worker starts with the first page, in 70 ms.
 */
export function createHtmlReader({ limit_ms = LIMIT_MS }: { readonly limit_ms?: number } = {}): HtmlReader {
  let worker: Worker | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  const convert = (html: string, base: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const own = worker ?? startWorker();
      worker = own;
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        own.off('error', broken).off('exit', broken).off('message', done);
        own.unref();
        end();
      };
      const giveUp = (why: string): void => {
        worker = undefined;
        void own.terminate();
        settle(() => reject(new Error(`The page could not be turned into text: ${why}.`)));
      };
      const done = (text: string | null): void => (text === null ? giveUp(TOO_MUCH) : settle(() => resolve(text)));
      const broken = (error: unknown): void => {
        if (!(error instanceof Error)) giveUp('it was stopped');
        else giveUp((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY' ? TOO_MUCH : error.message);
      };
      const timer = setTimeout(giveUp, limit_ms, TOO_MUCH);
      own.ref();
      own.on('error', broken).on('exit', broken).on('message', done);
      own.postMessage({ html, base });
    });

  return {
    read(html, base, signal) {
      const turn = last.then(() => {
        if (closed || signal.aborted) throw new Error('It was stopped.');
        return convert(html, base);
      });
      last = turn.catch(() => undefined);
      return turn;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await worker?.terminate();
      await last;
    },
  };
}

function startWorker(): Worker {
  const library = require.resolve('html-to-text');
  const code = `const { parentPort, workerData } = require('node:worker_threads');
    (${serve})({ port: parentPort, htmlToText: require(workerData.library), most: workerData.most });`;
  const worker = new Worker(code, {
    eval: true,
    workerData: { library, most: TEXT_CHARS },
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  // One that is given up may still fail, and nobody listens to it then.
  return worker.on('error', () => undefined);
}

/** The part of html-to-text that is used here. */
interface Element {
  readonly name: string;
  readonly attribs?: { readonly href?: string };
  readonly children: readonly Element[];
}
interface Builder {
  readonly metadata: string;
  openBlock(options: { leadingLineBreaks: number; isPre?: boolean }): void;
  closeBlock(options: { trailingLineBreaks: number }): void;
  addLiteral(text: string): void;
}
type Format = (element: Element, walk: (elements: readonly Element[], builder: Builder) => void, to: Builder) => void;
interface HtmlToText {
  compile(options: object): (html: string, metadata: string) => string;
}

/** What the worker runs. Its source is handed over as text: it may use nothing but its arguments. */
function serve({
  port,
  htmlToText,
  most,
}: {
  readonly port: MessagePort;
  readonly htmlToText: HtmlToText;
  readonly most: number;
}): void {
  const formatters: Readonly<Record<string, Format>> = {
    heading(element, walk, to) {
      to.openBlock({ leadingLineBreaks: 2 });
      to.addLiteral(`${'#'.repeat(Number(element.name[1]))} `);
      walk(element.children, to);
      to.closeBlock({ trailingLineBreaks: 2 });
    },
    link({ attribs, children }, walk, to) {
      const { href = '#' } = attribs ?? {};
      const url = href.startsWith('#') || !URL.canParse(href, to.metadata) ? undefined : new URL(href, to.metadata);
      const leads = url?.protocol === 'http:' || url?.protocol === 'https:';
      if (leads) to.addLiteral('[');
      walk(children, to);
      if (leads) to.addLiteral(`](${url.href})`);
    },
    fence({ children }, walk, to) {
      to.openBlock({ leadingLineBreaks: 2, isPre: true });
      to.addLiteral('```\n');
      walk(children, to);
      to.addLiteral('\n```');
      to.closeBlock({ trailingLineBreaks: 2 });
    },
    row({ children }, walk, to) {
      to.openBlock({ leadingLineBreaks: 1 });
      let first = true;
      for (const cell of children) {
        if (cell.name !== 'td' && cell.name !== 'th') continue;
        if (!first) to.addLiteral(' | ');
        first = false;
        walk(cell.children, to);
      }
      to.closeBlock({ trailingLineBreaks: 1 });
    },
    title({ children }, walk, to) {
      to.openBlock({ leadingLineBreaks: 1 });
      to.addLiteral('Title: ');
      walk(children, to);
      to.closeBlock({ trailingLineBreaks: 2 });
    },
  };
  const convert = htmlToText.compile({
    wordwrap: false,
    baseElements: { selectors: ['title', 'body'], orderBy: 'occurrence' },
    // Honest pages nest some dozen levels; thousands are there to exhaust the stack.
    limits: { maxDepth: 200, maxInputLength: undefined },
    formatters,
    selectors: [
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, format: 'heading' })),
      ...['script', 'style', 'noscript', 'template', 'svg', 'img', 'iframe'].map((selector) => ({
        selector,
        format: 'skip',
      })),
      ...['section', 'figure', 'figcaption', 'dl', 'dt', 'dd', 'details', 'summary', 'address'].map((selector) => ({
        selector,
        format: 'block',
      })),
      { selector: 'title', format: 'title' },
      { selector: 'a', format: 'link' },
      { selector: 'pre', format: 'fence' },
      { selector: 'tr', format: 'row' },
      { selector: 'ul', options: { itemPrefix: '- ' } },
    ],
  });
  port.on('message', ({ html, base }: { readonly html: string; readonly base: string }) => {
    try {
      const text = convert(html, base);
      port.postMessage(text.length > most ? null : text);
    } catch {
      port.postMessage(null);
    }
  });
}
