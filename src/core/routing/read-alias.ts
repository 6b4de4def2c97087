import type { ProviderEntry } from '../catalog.ts';
import { quote } from './parse-name.ts';
import type { RoutingContext } from './read-layer.ts';

/** What a model's text means once the user's aliases are read. */
export interface Meaning {
  readonly model: string;
  /** Set when an alias carries its own provider (`groq/llama`). */
  readonly provider?: ProviderEntry;
}

/** Reads one alias, in any letter case. Aliases do not refer to aliases, so there are no circles. */
export function readAlias(text: string, { index, settings, trail }: RoutingContext): Meaning {
  const meant = settings.aliases.get(text.toLowerCase());
  if (meant === undefined) return { model: text };
  trail?.push({ about: 'alias', text: `${quote(text)} is an alias of yours for ${quote(meant)}.` });
  return index.splitSlash(meant) ?? { model: meant };
}
