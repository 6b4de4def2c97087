import { EFFORTS } from '../effort.ts';
import type { Issue } from '../errors.ts';
import { MAX_NAME, problemOfName, quote } from '../routing/parse-name.ts';
import type { Budget, Json } from '../task.ts';
import { suggestNames } from '../text/suggest.ts';

/** Longest goal, context or schema, in characters. */
export const MAX_TEXT = 1_000_000;
/** Longest message to a running child, in characters. */
export const MAX_MESSAGE = 100_000;
export const MAX_IMAGES = 8;
/** So many issues are listed one by one; the rest are counted. */
export const MAX_ISSUES = 200;
/** Longest path or URL of an image; a data URL may be longer. Characters. */
const MAX_LOCATION = 4_096;
const MAX_DATA_URL = 30_000_000;
/** Longest time limit: what a timer can count, rounded down. Seconds. */
const MAX_SECONDS = 2_000_000;
const MAX_SCHEMA_DEPTH = 64;

type JsonObject = { readonly [key: string]: Json };

/** Where a value stands, and where to say what is wrong with it. */
export interface Place {
  readonly path: string;
  readonly issues: Issue[];
}

/** A kind of field: how it is shown to a calling model, and how a value of it is read. One cannot drift from the other. */
export interface FieldKind<Value> {
  readonly schema: JsonObject;
  /** The value, or undefined when it says nothing (blank) or is wrong (then an issue was added). Never sees null. */
  read(value: unknown, place: Place): Value | undefined;
}

/** Adds an issue and gives nothing back. */
export function refuse(place: Place, message: string, hint: string, suggestions: readonly string[] = []): undefined {
  place.issues.push({ code: 'REQUEST_INVALID', path: place.path, message, hint, suggestions });
  return undefined;
}

const NOT_TEXT = 'It must be text.';

/** Free text: anything readable, with line breaks and tabs. Blank counts as absent. */
export function textKind(limit: number): FieldKind<string> {
  return {
    schema: { type: 'string' },
    read(value, place) {
      if (typeof value !== 'string') return wrongType(value, 'text', place);
      if (value.length > limit) {
        const size = `${value.length} characters, and the limit is ${limit}`;
        return refuse(
          place,
          `The text ${quote(value)} is too long: ${size}.`,
          'Put long material into a file and name the file.',
        );
      }
      const unreadable = UNREADABLE.exec(value);
      if (unreadable !== null) {
        const character = unreadable[0].charCodeAt(0).toString(16).padStart(4, '0');
        return refuse(
          place,
          `The text holds the character "\\u${character}" at ${unreadable.index}.`,
          'Remove control characters; line breaks and tabs may stay.',
        );
      }
      return value.trim() === '' ? undefined : value;
    },
  };
}

/** Control characters other than tab and line breaks, and halves of surrogate pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNREADABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\p{Surrogate}/u;

/** An objective that could be worked on: not blank, and not the empty form of one. */
export const goalKind: FieldKind<string> = {
  schema: { type: 'string' },
  read(value, place) {
    const known = place.issues.length;
    const goal = textKind(MAX_TEXT).read(value, place);
    if (place.issues.length > known) return undefined;
    if (goal === undefined) return refuse(place, 'The goal is blank.', GOAL_HINT);
    if (PLACEHOLDER.test(goal.trim())) return refuse(place, `The goal ${quote(goal)} is a placeholder.`, GOAL_HINT);
    return goal;
  },
};

export const GOAL_HINT = 'Say in full what this child is to do; it knows nothing else.';

const PLACEHOLDER =
  /^(?:to-?do|tbd|fixme|placeholder|goal|task|test|n\/?a|none|null|undefined|\.{2,}|…|(?:sub-?)?(?:task|goal)\s*#?\s*\d+|(?:insert|add|your)\s[\w\s]{0,40}here|[<{[(]+[\w\s.,:;#'’…-]{0,120}[>}\])]+)[.!:]*$/iu;

/** A name that is looked up later. Its spelling is judged where it is looked up. */
export const nameKind: FieldKind<string> = {
  schema: { type: 'string' },
  read: (value, place) => (typeof value === 'string' ? value : wrongType(value, 'text', place)),
};

/** An id of ours: its spelling is judged here. */
export const idKind: FieldKind<string> = {
  schema: { type: 'string', maxLength: MAX_NAME },
  read(value, place) {
    if (typeof value !== 'string') return wrongType(value, 'text', place);
    const id = value.trim();
    const problem = problemOfName(id);
    if (problem !== undefined)
      return refuse(place, `The id ${quote(id)} ${problem}.`, 'Give the id as it was returned.');
    return id === '' ? undefined : id;
  },
};

/** A model as text, or as `{ provider, model }`, which calling models do send. */
export interface AskedModel {
  readonly model?: string;
  readonly provider?: string;
}

export const modelKind: FieldKind<AskedModel> = {
  schema: { type: 'string' },
  read(value, place) {
    if (typeof value === 'string') return { model: value };
    if (!isObject(value)) return wrongType(value, 'text, or an object of provider and model', place);
    const asked: { model?: string; provider?: string } = {};
    for (const key of Object.keys(value)) {
      const at = { ...place, path: `${place.path}.${cut(key)}` };
      if (key !== 'model' && key !== 'provider') refuseUnknown(key, ['model', 'provider'], at);
      else if (value[key] !== null && value[key] !== undefined) {
        const text = nameKind.read(value[key], at);
        if (text !== undefined) asked[key] = text;
      }
    }
    return asked;
  },
};

/** A level of effort as a word; `false` means `none`. */
export const effortKind: FieldKind<string> = {
  schema: { type: 'string', enum: EFFORTS },
  read: (value, place) => (value === false ? 'none' : nameKind.read(value, place)),
};

/** A JSON Schema: an object that is plain JSON all through. */
export const jsonSchemaKind: FieldKind<JsonObject> = {
  schema: { type: 'object' },
  read(value, place) {
    if (!isObject(value)) return wrongType(value, 'a JSON Schema object', place);
    const problem = problemOfJson(value);
    if (problem !== undefined) return refuse(place, `The schema ${problem}.`, 'Give a plain JSON Schema.');
    return value as JsonObject;
  },
};

export const imagesKind: FieldKind<readonly string[]> = listKind({
  most: MAX_IMAGES,
  item(text, place) {
    const limit = text.startsWith('data:') ? MAX_DATA_URL : MAX_LOCATION;
    if (text.length <= limit && !(text.length <= MAX_LOCATION && UNREADABLE.test(text))) return text;
    const why = text.length > limit ? `is longer than ${limit} characters` : 'holds a control character';
    return refuse(place, `The image ${quote(text)} ${why}.`, 'Give a path, an http(s) URL or a data URL.');
  },
});

export const namesKind: FieldKind<readonly string[]> = listKind({
  most: 50,
  item(text, place) {
    const problem = problemOfName(text);
    return problem === undefined ? text : refuse(place, `The name ${quote(text)} ${problem}.`, 'Give a plain name.');
  },
});

const BUDGET_KINDS = ['usd', 'tokens', 'turns'] as const;

export const budgetKind: FieldKind<Budget> = {
  schema: {
    type: 'object',
    properties: {
      usd: { type: 'number', exclusiveMinimum: 0 },
      tokens: { type: 'integer', minimum: 1 },
      turns: { type: 'integer', minimum: 1 },
    },
    additionalProperties: false,
  },
  read(value, place) {
    if (!isObject(value)) return wrongType(value, 'an object such as { "usd": 1 }', place);
    const budget: { usd?: number; tokens?: number; turns?: number } = {};
    for (const key of Object.keys(value)) {
      const at = { ...place, path: `${place.path}.${cut(key)}` };
      const kind = BUDGET_KINDS.find((name) => name === key);
      const amount = value[key];
      if (kind === undefined) refuseUnknown(key, BUDGET_KINDS, at);
      else if (amount !== null && amount !== undefined) {
        const whole = kind !== 'usd';
        if (typeof amount !== 'number') wrongType(amount, 'a number', at);
        else if (!Number.isFinite(amount) || amount <= 0 || (whole && !Number.isInteger(amount))) {
          refuse(
            at,
            `The budget "${amount}" is not a positive ${whole ? 'whole ' : ''}number.`,
            'Leave it out for no limit of its own.',
          );
        } else budget[kind] = amount;
      }
    }
    return Object.keys(budget).length === 0 ? undefined : budget;
  },
};

/** Seconds; `least` is the smallest number allowed, or 0 with `open` for anything above 0. */
export function secondsKind(zero: 'allowed' | 'refused'): FieldKind<number> {
  return {
    schema: zero === 'allowed' ? { type: 'number', minimum: 0 } : { type: 'number', exclusiveMinimum: 0 },
    read(value, place) {
      if (typeof value !== 'number') return wrongType(value, 'a number of seconds', place);
      if (value > 0 ? value <= MAX_SECONDS : value === 0 && zero === 'allowed') return value;
      return refuse(
        place,
        `"${value}" is no time limit.`,
        `Give seconds ${zero === 'allowed' ? 'from' : 'above'} 0 up to ${MAX_SECONDS}.`,
      );
    },
  };
}

export const flagKind: FieldKind<boolean> = {
  schema: { type: 'boolean' },
  read: (value, place) => (typeof value === 'boolean' ? value : wrongType(value, 'true or false', place)),
};

export function wordKind<Word extends string>(words: readonly Word[]): FieldKind<Word> {
  return {
    schema: { type: 'string', enum: words },
    read(value, place) {
      if (typeof value !== 'string') return wrongType(value, 'text', place);
      const word = value.trim().toLowerCase();
      if (word === '') return undefined;
      const known = words.find((candidate) => candidate === word);
      if (known !== undefined) return known;
      const near = suggestNames(word.slice(0, MAX_NAME), words);
      return refuse(place, `${quote(value)} is none of ${words.join(', ')}.`, meant(near, words), near);
    },
  };
}

function listKind(options: {
  readonly most: number;
  readonly item: (text: string, place: Place) => string | undefined;
}): FieldKind<readonly string[]> {
  return {
    schema: { type: 'array', items: { type: 'string' }, maxItems: options.most },
    read(value, place) {
      if (!Array.isArray(value)) return wrongType(value, 'a list of texts', place);
      if (value.length > options.most) {
        return refuse(place, `It lists ${value.length}, and the limit is ${options.most}.`, 'List fewer.');
      }
      const list: string[] = [];
      for (let index = 0; index < value.length; index += 1) {
        const at = { ...place, path: `${place.path}[${index}]` };
        const text: unknown = value[index];
        if (typeof text !== 'string') wrongType(text, 'text', at);
        else if (text.trim() === '') refuse(at, 'It is blank.', NOT_TEXT);
        else {
          const item = options.item(text.trim(), at);
          if (item !== undefined && !list.includes(item)) list.push(item);
        }
      }
      return list;
    },
  };
}

/** An unknown field is an error that names the nearest known one. */
export function refuseUnknown(key: string, known: readonly string[], place: Place, hint?: string): undefined {
  // Past what anybody reads, nothing is looked for.
  const near = place.issues.length > MAX_ISSUES ? [] : suggestNames(key.slice(0, MAX_NAME), known);
  return refuse(place, `There is no field ${quote(key)} here.`, hint ?? meant(near, known), near);
}

export function wrongType(value: unknown, wanted: string, place: Place): undefined {
  return refuse(place, `${shown(value)} is not ${wanted}.`, `Give ${wanted}.`);
}

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key as part of a path. */
export function cut(key: string): string {
  return problemOfName(key) === undefined && /^[\w-]+$/.test(key) ? key : quote(key);
}

/** A wrong value as errors name it. */
function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `A list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'An object';
  if (typeof value === 'function' || typeof value === 'symbol') return `A ${typeof value}`;
  return `"${String(value)}"`;
}

function meant(near: readonly string[], known: readonly string[]): string {
  return near.length > 0
    ? `Did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`
    : `Known here: ${known.join(', ')}.`;
}

/** Why a value is not plain JSON of reasonable size, as the end of a sentence. */
function problemOfJson(root: unknown): string | undefined {
  let size = 0;
  const walk = (value: unknown, depth: number): string | undefined => {
    if (depth > MAX_SCHEMA_DEPTH) return `is nested deeper than ${MAX_SCHEMA_DEPTH} levels`;
    size += typeof value === 'string' ? value.length + 2 : 4;
    if (size > MAX_TEXT) return `is larger than ${MAX_TEXT} characters`;
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
    if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'holds a number that JSON cannot say';
    if (Array.isArray(value)) return firstProblem(value, (item) => walk(item, depth + 1));
    if (!isObject(value)) return `holds a ${typeof value}`;
    return firstProblem(Object.keys(value), (key) => {
      size += key.length + 3;
      return key === '__proto__' ? 'holds the key "__proto__"' : walk(value[key], depth + 1);
    });
  };
  return walk(root, 0);
}

function firstProblem<Item>(items: readonly Item[], problem: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const found = problem(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
