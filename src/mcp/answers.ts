import type { CallToolResult } from '@modelcontextprotocol/server';
import { DelegateError } from '../core/errors.ts';
import type { HostParent } from './parent-of-host.ts';

/** A tool's answer: the text that people and most models read, and the same as data. */
export function answer(text: string, data: object): CallToolResult {
  return { content: [{ type: 'text', text }], structuredContent: data as Record<string, unknown> };
}

/** A refusal or failure as the calling model reads it: every issue, what to do, the nearest names. */
export function errorAnswer(thrown: unknown, caller?: Pick<HostParent, 'unusable'>): CallToolResult {
  const error =
    thrown instanceof DelegateError
      ? thrown
      : new DelegateError('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown), {
          hint: 'This is a fault of Yardmaster.',
        });
  const lines = [errorText(error), ...inheritHint(error, caller?.unusable)];
  return { ...answer(lines.join('\n'), { error: error.toJSON() }), isError: true };
}

/** Why there is nothing to inherit from a host that said what it runs on. */
function inheritHint({ issues }: DelegateError, unusable: string | undefined): string[] {
  if (unusable === undefined || !issues.some(({ code }) => code === 'MODEL_REQUIRED')) return [];
  return [`You run on "${unusable}", which no provider with a key offers here, so children cannot inherit it.`];
}

function errorText({ code, message, hint, issues }: DelegateError): string {
  if (issues.length === 0) return [`${code}: ${message}`, hint].filter((line) => line !== '').join('\n');
  return [
    'Refused; nothing was started and nothing was sent.',
    ...issues.map(({ code, path, message, hint, suggestions }) => {
      const unsaid = suggestions.filter((name) => !hint.includes(name) && !message.includes(name));
      const near = unsaid.length === 0 ? '' : `Did you mean ${unsaid.map((name) => `"${name}"`).join(', ')}?`;
      return [`- ${path === '' ? '' : `${path}: `}${code}: ${message}`, hint, near]
        .filter((part) => part !== '')
        .join(' ');
    }),
  ].join('\n');
}
