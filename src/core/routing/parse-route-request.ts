import type { ErrorCode } from '../errors.ts';
import type { RouteRequest } from '../route.ts';
import { problemOfName, quote } from './parse-name.ts';

/** Something wrong with one field of a route request, wherever that request stands. */
export interface RequestIssue {
  readonly code: ErrorCode;
  readonly field: keyof RouteRequest;
  readonly message: string;
  readonly hint: string;
  readonly suggestions: readonly string[];
}

/** A route request with its text forms read: nothing is looked up yet. An absent field said nothing. */
export interface ParsedRequest {
  readonly model?: string;
  /** The `provider` field. */
  readonly provider?: string;
  /** The provider of an inline `--provider` in the model text; whether the two agree needs the catalog. */
  readonly inline_provider?: string;
  readonly reasoning_effort?: string;
  readonly route?: string;
  readonly issues: readonly RequestIssue[];
}

/** Words that as a model mean "say nothing". */
const SILENT_MODELS: readonly string[] = ['inherit', 'default'];

/** Whether a field says nothing: it is absent, blank, or a model that means absent. */
export function isSilent(field: keyof RouteRequest, text: string | undefined): boolean {
  const word = text?.trim() ?? '';
  return word === '' || (field === 'model' && SILENT_MODELS.includes(word.toLowerCase()));
}

/** Chat programs turn `--` into one of these. */
const DASH = '[\\u2010-\\u2015\\u2212\\u2e3a\\u2e3b\\ufe58\\ufe63\\uff0d]';
const PROVIDER_FLAG = new RegExp(`^(?:--|${DASH}+-?)provider$`, 'i');
const ANY_FLAG = new RegExp(`^(?:--|${DASH})`);

const INLINE_HINT = 'Write the model as "<model>" or "<model> --provider <provider>", or use the field "provider".';

/** Reads the text forms of a request. Blank text counts as absent. */
export function parseRouteRequest(request: RouteRequest): ParsedRequest {
  const issues: RequestIssue[] = [];
  const refuse = (field: keyof RouteRequest, message: string, hint: string): undefined => {
    issues.push({ code: 'ROUTE_INVALID', field, message, hint, suggestions: [] });
    return undefined;
  };
  const name = (field: keyof RouteRequest): string | undefined => {
    const text = request[field]?.trim();
    if (text === undefined || text === '') return undefined;
    const problem = problemOfName(text);
    if (problem !== undefined) return refuse(field, `The ${field} ${quote(text)} ${problem}.`, 'Give a plain name.');
    if (field !== 'model' && /\s/.test(text)) {
      return refuse(field, `The ${field} ${quote(text)} holds a space.`, 'Names have no spaces.');
    }
    return text;
  };

  const text = name('model');
  const inline =
    text === undefined ? {} : splitInlineProvider(text, (message) => refuse('model', message, INLINE_HINT));
  const model = isSilent('model', inline.model) ? undefined : inline.model;
  const provider = name('provider');
  const effort = name('reasoning_effort');
  const route = name('route');
  return {
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
    ...(inline.provider === undefined ? {} : { inline_provider: inline.provider }),
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
    ...(route === undefined ? {} : { route }),
    issues,
  };
}

/** `llama-3.3-70b:free --provider openrouter` → both. Anything else with a flag or a space is refused. */
function splitInlineProvider(
  text: string,
  refuse: (message: string) => undefined,
): { readonly model?: string; readonly provider?: string } {
  if (!/\s/.test(text) && !ANY_FLAG.test(text)) return { model: text };

  const words = text.split(/\s+/);
  const rest: string[] = [];
  const providers: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (PROVIDER_FLAG.test(word)) {
      const value = words[index + 1];
      if (value === undefined || ANY_FLAG.test(value)) {
        refuse(`The model ${quote(text)} ends "--provider" without a name.`);
        return {};
      }
      providers.push(value);
      index += 1;
    } else if (ANY_FLAG.test(word)) {
      refuse(`The model ${quote(text)} holds ${quote(word)}, and the only flag it may hold is "--provider".`);
      return {};
    } else {
      rest.push(word);
    }
  }
  if (providers.length > 1) {
    refuse(`The model ${quote(text)} names a provider ${providers.length} times.`);
    return {};
  }
  if (rest.length > 1) {
    refuse(`The model ${quote(text)} holds a space; model ids have none.`);
    return {};
  }
  const [model] = rest;
  const [provider] = providers;
  return { ...(model === undefined ? {} : { model }), ...(provider === undefined ? {} : { provider }) };
}
