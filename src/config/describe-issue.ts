import type { BaseIssue } from 'valibot';
import { quote } from '../core/routing/parse-name.ts';
import { suggestNames } from '../core/text/suggest.ts';
import type { KeyPath } from './config-source.ts';

type AnyIssue = BaseIssue<unknown>;

/** The issues that say something: of a choice, those of the form that was meant. */
export function leaves(issue: AnyIssue, base: KeyPath = []): { issue: AnyIssue; path: KeyPath }[] {
  const path = [...base, ...(issue.path ?? []).map(({ key }) => key as string | number)];
  const inner = issue.type === 'union' ? (issue.issues ?? []) : [];
  // A deeper issue means that this form was recognised; otherwise none was, and the choice itself is the news.
  const meant = inner.filter((each) => (each.path?.length ?? 0) > 0 || each.kind === 'validation');
  return meant.length === 0 ? [{ issue, path }] : meant.flatMap((each) => leaves(each, path));
}

export interface Finding {
  readonly message: string;
  readonly hint?: string;
  readonly suggestions?: readonly string[];
}

/** One sentence a person can act on; undefined for what is reported elsewhere. */
export function describeIssue(issue: AnyIssue, got: string): Finding | undefined {
  const requirement = (issue as { requirement?: unknown }).requirement;
  switch (issue.type) {
    case 'strict_object':
      // "never" is an unknown key; the walk has found it, and its neighbours.
      if (issue.expected === 'never') return undefined;
      if (issue.received === 'undefined') return { message: `${issue.expected} is missing.` };
      return { message: `${got} is not a mapping.`, hint: 'Write keys and values below it.' };
    case 'record':
      return { message: `${got} is not a mapping of names.`, hint: 'Write a name and what it stands for.' };
    case 'string':
      return { message: `${got} is not a text.`, hint: 'Put it in quotes.' };
    case 'number':
      return { message: `${got} is not a number.` };
    case 'boolean':
      return { message: `${got} is neither true nor false.` };
    case 'array':
      return { message: `${got} is not a list.`, hint: 'Write it as [a, b].' };
    case 'non_empty':
    case 'min_length':
      return { message: 'It is empty.', hint: 'Give it a value, or leave the key out.' };
    case 'integer':
      return { message: `${got} is not a whole number.` };
    case 'finite':
      return { message: `${got} is not a finite number.` };
    case 'min_value':
      return { message: `${got} is too small: the least is ${requirement}.` };
    case 'gt_value':
      return { message: `${got} is not more than ${requirement}.` };
    case 'iso_date':
      return { message: `${got} is not a day.`, hint: 'Write it as 2026-08-01, in quotes.' };
    case 'regex':
      return { message: `${got} has characters that cannot stand here.` };
    default: {
      // picklist, literal, union: a choice of words.
      const words = choices(issue.expected ?? '');
      const suggestions = typeof issue.input === 'string' ? suggestNames(issue.input, words) : [];
      const message = `${got} is not ${words.length < 2 ? words.join() : `one of ${words.join(', ')}`}.`;
      return {
        message,
        ...(suggestions.length > 0 ? { hint: `Did you mean ${quoted(suggestions)}?`, suggestions } : {}),
      };
    }
  }
}

/** `("low" | "high" | false)` → the words; forms are named as people write them. */
function choices(expected: string): string[] {
  const forms: Record<string, string> = { Object: 'a mapping', Array: 'a list', string: 'a text' };
  return expected
    .replaceAll(/[()]/g, '')
    .split(' | ')
    .map((word) => forms[word] ?? unquoted(word))
    .filter((word) => word !== '');
}

/** A value as a message names it. */
export function showValue(input: unknown): string {
  if (Array.isArray(input)) return 'A list';
  if (typeof input === 'object' && input !== null) return 'A mapping';
  return quote(String(input));
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(' or ');
}

function unquoted(word: string): string {
  return word.replace(/^"|"$/g, '');
}
