/**
 * What the name of a model says, with all that is only packaging taken off: vendor paths and prefixes,
 * price variants, API revisions, letter case, and the order and punctuation of its words.
 */
export interface ModelName {
  /** Words and sizes in the order written (`claude`, `sonnet`; `llama`, `70b`). Version numbers are not here. */
  readonly words: readonly string[];
  /** Runs of version numbers in the order written: `4-5`, `4.5` and `-v4.5` are all `4.5`. */
  readonly versions: readonly string[];
  /** Digits of a dated snapshot (`20250929`, `0813`) or revision (`001`); absent when the name has none. */
  readonly snapshot?: string;
}

/**
 * Suffixes after a colon that choose a price or a host for the same model (the ones OpenRouter documents).
 * Any other suffix is part of the name: `:8b` and `:70b` are models, `:thinking` is not proven by a plain name.
 */
const PACKAGING = /:(?:free|extended|exacto|nitro|floor|online|beta)$/;

/** `us.anthropic.claude-…`: dotted prefixes are letters before letters, so `qwen2.5` has none. */
const DOTTED_PREFIX = /^(?:[a-z][a-z0-9-]*\.)+(?=[a-z])/;

/** Bedrock's API revision at the end: `-v1:0`, and `-v1` where the id has its dotted prefix. */
const API_REVISION = /-v\d+:\d+$/;
const PREFIXED_API_REVISION = /-v\d+$/;

/** 2026-08-01 · 20260801 · 04-2026 */
const LONG_DATE = /(?<![0-9])(?:(20\d\d)-?([01]\d)-?([0-3]\d)|([01]\d)-(20\d\d))(?![0-9])/;
/** 250615 (YYMMDD) · 0813 (MMDD) · 2512 (YYMM) · 001 (revision): only as whole words after a first one. */
const SHORT_DATE =
  /^(?:2\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])|(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])|2\d(?:0[1-9]|1[0-2])|00\d)$/;

export function parseModelName(id: string): ModelName {
  let name = id.trim().toLowerCase();
  name = name.slice(name.lastIndexOf('/') + 1).replace(PACKAGING, '');
  const bare = name.replace(API_REVISION, '').replace(DOTTED_PREFIX, '');
  name = bare.length < name.length ? bare.replace(PREFIXED_API_REVISION, '') : name;

  let snapshot: string | undefined;
  const dated = LONG_DATE.exec(name);
  if (dated !== null) {
    const [text, year, month, day, leadingMonth, trailingYear] = dated;
    snapshot = year === undefined ? `${trailingYear}${leadingMonth}` : `${year}${month}${day}`;
    name = `${name.slice(0, dated.index)} ${name.slice(dated.index + text.length)}`;
  }

  const words: string[] = [];
  const versions: string[] = [];
  let afterNumber = false;
  for (const part of name.split(/[-_:@\s]+/)) {
    if (part === '') continue;
    if (snapshot === undefined && words.length > 0 && SHORT_DATE.test(part)) {
      snapshot = part;
      continue;
    }
    // `qwen3.8` → qwen, 3.8 · `k2` → k, 2 · `v4` → 4 (the v says only "version") · `4o`, `70b` stay words.
    const joined = /^([a-z]+)(\d+(?:\.\d+)*)$/.exec(part);
    const word = joined?.[1] ?? (/^\d+(?:\.\d+)*$/.test(part) ? undefined : part);
    const number = joined?.[2] ?? (word === undefined ? part : undefined);
    if (word !== undefined && word !== 'v') {
      words.push(word);
      afterNumber = false;
    }
    if (number !== undefined) {
      if (afterNumber) versions[versions.length - 1] += `.${number}`;
      else versions.push(number);
      afterNumber = true;
    }
  }
  return { words, versions, ...(snapshot === undefined ? {} : { snapshot }) };
}
