import { createRedactor } from '../../core/text/redact.ts';
import type { KeyPath } from '../config-source.ts';

/** What became of one key of the other file. */
export interface Finding {
  readonly path: KeyPath;
  readonly state: 'taken' | 'changed' | 'no_counterpart';
  /** Where it stands in ours. */
  readonly to?: KeyPath;
  readonly note?: string;
}

/** Where a reader of another configuration writes down what became of each key. */
export interface Notebook {
  readonly findings: readonly Finding[];
  say(finding: Finding): void;
  section(path: KeyPath, value: unknown): Section;
}

/** A mapping of the other file, of which no key is passed over: what nobody takes is told by `rest`. */
export interface Section {
  readonly path: KeyPath;
  readonly keys: readonly string[];
  has(key: string): boolean;
  /** The value as it stands, whatever it is; undefined when it says nothing (absent, null or blank). */
  take(key: string): unknown;
  /** A text that is fit to be copied; what is none, or looks like a key, is told and gives undefined. */
  text(key: string): string | undefined;
  /** A whole number above 0; anything else is told and gives undefined. */
  count(key: string): number | undefined;
  at(key: string): KeyPath;
  /** Tells every key that was not taken; `why` may say more of some. */
  rest(why?: (key: string) => string | undefined): void;
}

const redact = createRedactor([]);

/** Whether a text has the shape of a key, and so is not copied anywhere. */
export function looksLikeKey(text: string): boolean {
  return redact(text) !== text;
}

export function createNotebook(): Notebook {
  const findings: Finding[] = [];
  const say = (finding: Finding): void => void findings.push(finding);
  return {
    findings,
    say,
    section(path, value) {
      const fields = isMapping(value) ? value : {};
      if (!isMapping(value) && !isSilent(value)) say({ path, state: 'no_counterpart', note: 'It is not a mapping.' });
      const taken = new Set<string>();
      const at = (key: string): KeyPath => [...path, key];
      const refuse = (key: string, note: string): undefined => {
        say({ path: at(key), state: 'no_counterpart', note });
        return undefined;
      };
      const has = (key: string): boolean => Object.hasOwn(fields, key) && !isSilent(fields[key]);
      const take = (key: string): unknown => {
        taken.add(key);
        return has(key) ? fields[key] : undefined;
      };
      return {
        path,
        keys: Object.keys(fields),
        has,
        take,
        at,
        text(key) {
          const value = take(key);
          if (value === undefined) return undefined;
          if (typeof value !== 'string' && typeof value !== 'number') return refuse(key, 'It is not a text.');
          const text = String(value).trim();
          return looksLikeKey(text) ? refuse(key, 'It looks like a key; nothing of it was copied.') : text;
        },
        count(key) {
          const value = take(key);
          if (value === undefined || (Number.isInteger(value) && Number(value) > 0)) return value as number | undefined;
          return refuse(key, 'It is not a whole number above 0.');
        },
        rest(why = () => undefined) {
          for (const key of Object.keys(fields)) {
            if (taken.has(key) || isSilent(fields[key])) continue;
            const note = why(key);
            say({ path: at(key), state: 'no_counterpart', ...(note === undefined ? {} : { note }) });
          }
        },
      };
    },
  };
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** An empty value in Hermes' file means that nothing is set. */
function isSilent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}
