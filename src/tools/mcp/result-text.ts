import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/client';
import { cutText } from '../../core/text/cut-text.ts';
import type { ToolOutcome } from '../../core/tool.ts';

/** Characters one call gives: about 12,000 tokens. */
const RESULT_CHARS = 50_000;

/** What a tool of a server gave, as text: what is none is named with its type and size. */
export function outcomeOf({ content, structuredContent, isError }: CallToolResult): ToolOutcome {
  const parts = content.map(blockText);
  if (structuredContent !== undefined) {
    const json = JSON.stringify(structuredContent);
    // Servers repeat it as text for clients that know no other.
    if (!content.some((block) => block.type === 'text' && isSame(block.text, json))) parts.push(json);
  }
  const text = parts.join('\n\n');
  return {
    content: cutText(text, RESULT_CHARS, 'ask the tool for less at once') || '[It gave nothing.]',
    is_error: isError === true,
  };
}

function blockText(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return `[${block.type} of type ${block.mimeType}, ${bytesOf(block.data)} bytes: not shown]`;
    case 'resource_link':
      return `[resource ${block.uri}: ${block.description ?? block.title ?? block.name}]`;
    case 'resource': {
      const { resource } = block;
      if ('text' in resource) return `[resource ${resource.uri}]\n${resource.text}`;
      return `[resource ${resource.uri} of type ${resource.mimeType ?? 'unknown'}, ${bytesOf(resource.blob)} bytes: not shown]`;
    }
    default:
      return `[something of type ${(block as { readonly type: string }).type}: not shown]`;
  }
}

function bytesOf(base64: string): number {
  return Buffer.byteLength(base64, 'base64');
}

function isSame(text: string, json: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === json;
  } catch {
    return false;
  }
}
