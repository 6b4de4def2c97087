import { DelegateError } from '../errors.ts';

/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

/** Shorter texts are no secrets anybody can keep, and taking them out would destroy plain words. */
const SHORTEST = 4;

/**
 * The shapes of keys that vendors document: `sk-…` (OpenAI, Anthropic, OpenRouter, DeepSeek and alike), `AIza…` (Google),
 * `gsk_…` (Groq), `xai-…`, `hf_…`, `nvapi-…`, `fw_…`, `r8_…`, `gh?_…` and `github_pat_…`, `AKIA…`/`ASIA…` (AWS),
 * JSON web tokens; and what stands after `Bearer`, `x-api-key:` and in a URL's `key=`, if it is
 * long and has a digit (prose and code have the words too).
 */
const KEY_SHAPES =
  /\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,}|\bAIza[A-Za-z0-9_-]{30,}|\b(?:gsk|hf|fw|r8|csk|vck|tgp_v1|gh[opsu])_[A-Za-z0-9_-]{16,}|\bgithub_pat_\w{20,}|\b(?:xai|nvapi|pplx)-[A-Za-z0-9_-]{16,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g;
const AFTER_NAME =
  /(\bbearer\s+|\b(?:x-api-key|api-key|x-goog-api-key|authorization|api_?key|access_?token)["']?\s*[:=]\s*["']?(?:bearer\s+)?|[?&](?:key|api_?key|access_?token)=)(?=[^\s"'&,;)}\]]{0,200}\d)[^\s"'&,;)}\]]{12,}/gi;

/**
 * Three parts and two dots, the first of which may end with a JSON web token's own. It is looked for from the start of
 * a word alone: from every `eyJ` in one, a long word without a dot would take the square of its length.
 */
const DOTTED = /(?<![\w-])[\w-]{13,}\.[\w-]{10,}\.[\w-]{5,}/g;
const TOKEN_IN_DOTTED = /\beyJ[\w-]{10,}\..*$/s;

/** A cheap test for whatever has one of these shapes, or is a token: what it finds is looked at closely. */
const SHAPED = /\w\w[-_][A-Za-z0-9_-]{16}|AIza|A[KS]IA|eyJ/;

/** Of `sk-…`, `AIza…` and alike. */
const LENGTH_OF_PREFIX = 4;

/** Below this a configured key is often a plain word (`ollama`, `lm-studio`), which files and answers may say. */
const SHORTEST_IN_WORK = 16;

/**
 * Takes known secrets out of texts and leaves every other word as it is: for files that are read and answers that
 * are given, where guessing by shape would spoil code.
 */
export function createSecretFilter(secrets: Iterable<string>): (text: string) => string {
  return filterOf(secrets, SHORTEST_IN_WORK);
}

/**
 * Takes known secrets, however they are written (plain, in a URL, inside JSON), and everything that has the shape
 * of a key out of texts. Pure: the same text always comes back the same, and redacting twice changes nothing.
 */
export function createRedactor(secrets: Iterable<string>): (text: string) => string {
  const filter = filterOf(secrets, SHORTEST);
  return (text) => {
    const plain = filter(text);
    const shaped = SHAPED.test(plain);
    const shapeless = shaped ? plain.replace(KEY_SHAPES, REDACTED) : plain;
    const nameless = shapeless.search(AFTER_NAME) === -1 ? shapeless : shapeless.replace(AFTER_NAME, `$1${REDACTED}`);
    return shaped && nameless.includes('eyJ') ? nameless.replace(DOTTED, withoutToken) : nameless;
  };
}

/** Only a token's beginning stands before the first dot. */
function withoutToken(dotted: string): string {
  const start = dotted.slice(0, dotted.indexOf('.') + 1).search(TOKEN_IN_DOTTED);
  return start === -1 ? dotted : dotted.slice(0, start) + REDACTED;
}

/** Takes secrets out of a text that arrives in pieces. */
export interface DeltaFilter {
  /** What of the text so far may be told; what could be the beginning of a secret is held back. */
  push(delta: string): string;
  /** What was held back, at the end of the text. */
  end(): string;
}

/** The secret filter for texts that arrive in pieces: the pieces together are what the filter makes of the whole. */
export function createDeltaFilter(secrets: Iterable<string>): () => DeltaFilter {
  const known = formsOf(secrets, SHORTEST_IN_WORK);
  const filter = filterForms(known);
  const pattern = known.length === 0 ? undefined : patternOf(known);
  const firsts = new Set(known.map((form) => form[0]!));
  const begins = (text: string): boolean => known.some((form) => form.length > text.length && form.startsWith(text));
  /** Where the held part begins: nothing before it can be, or become, a part of a secret that is not whole. */
  const heldFrom = (text: string): number => {
    let from = 0;
    while (from < text.length && !(firsts.has(text[from]!) && begins(text.slice(from)))) from++;
    if (from === text.length || pattern === undefined || text.length < known.at(-1)!.length) return from;
    const over = [...text.matchAll(pattern)].find(({ index, 0: { length } }) => index < from && from < index + length);
    return over?.index ?? from;
  };
  return () => {
    let held = '';
    return {
      push(delta) {
        const text = held + delta;
        const from = heldFrom(text);
        held = text.slice(from);
        return filter(text.slice(0, from));
      },
      end() {
        const text = held;
        held = '';
        return filter(text);
      },
    };
  };
}

/** The same error without keys: a caller may have put one where a name belongs, and refusals repeat what was asked. */
export function redactError(error: DelegateError, redact: (text: string) => string): DelegateError {
  const { code, message, hint, retryable, data, cause } = error;
  const issues = error.issues.map((issue) => ({
    ...issue,
    path: redact(issue.path),
    message: redact(issue.message),
    hint: redact(issue.hint),
  }));
  return new DelegateError(code, redact(message), { hint: redact(hint), retryable, data, issues, cause });
}

function filterOf(secrets: Iterable<string>, shortest: number): (text: string) => string {
  return filterForms(formsOf(secrets, shortest));
}

/** Every way in which secrets may be written, the longest first: a key may begin with another one. */
function formsOf(secrets: Iterable<string>, shortest: number): readonly string[] {
  const written = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortest) continue;
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) written.add(form);
  }
  return [...written].sort((one, other) => other.length - one.length || (one < other ? -1 : 1));
}

function filterForms(known: readonly string[]): (text: string) => string {
  const least = known.at(-1)?.length;
  if (least === undefined) return (text) => text;
  const pattern = patternOf(known);
  // Keys begin with few prefixes, and texts hardly ever have one of them; searching for a plain text is fastest.
  const prefixes = [...new Set(known.map((form) => form.slice(0, LENGTH_OF_PREFIX)))];
  const has = (text: string): boolean => {
    for (const prefix of prefixes) if (text.includes(prefix)) return true;
    return false;
  };
  return (text) => (text.length >= least && has(text) ? text.replace(pattern, REDACTED) : text);
}

function patternOf(known: readonly string[]): RegExp {
  return new RegExp(known.map(escapeRegExp).join('|'), 'g');
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
