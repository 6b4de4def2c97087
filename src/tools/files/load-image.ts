import { DelegateError } from '../../core/errors.ts';
import type { Image } from '../../core/provider.ts';
import { openWorkspace } from './workspace.ts';

/** The smallest limit among the providers known (Anthropic's, of the encoded image). */
const IMAGE_BYTES = 5 * 1024 * 1024;

/**
 * An image that a task names: a path in the workspace, an http(s) URL (which the provider fetches, not we) or a
 * data URL. Throws `REQUEST_INVALID` when it is none, too large, or not PNG, JPEG, GIF or WebP.
 */
export async function loadImage(ref: string, workspace: string): Promise<Image> {
  if (/^https?:\/\//i.test(ref)) return { media_type: 'image/*', data: ref, kind: 'url' };
  const short = ref.length > 80 ? `${ref.slice(0, 80)}…` : ref;
  const bytes = /^data:/i.test(ref) ? ofDataUrl(ref) : await ofFile(ref, workspace);
  if (typeof bytes === 'string') throw refused(short, bytes);
  const media_type = mediaType(bytes);
  if (media_type === undefined) throw refused(short, 'is not a PNG, JPEG, GIF or WebP image');
  const data = bytes.toString('base64');
  if (data.length > IMAGE_BYTES) throw refused(short, 'is larger than 5 MB when encoded');
  return { media_type, data, kind: 'base64' };
}

/** The bytes, or what is wrong. */
function ofDataUrl(url: string): Buffer | string {
  const comma = url.indexOf(',');
  if (comma === -1 || !/;base64$/i.test(url.slice(0, comma))) return 'is a data URL without base64';
  return Buffer.from(url.slice(comma + 1), 'base64');
}

async function ofFile(path: string, folder: string): Promise<Buffer | string> {
  try {
    const workspace = await openWorkspace(folder);
    using file = await workspace.open(path);
    if (file.size > IMAGE_BYTES) return 'is larger than 5 MB when encoded';
    const buffer = Buffer.allocUnsafe(file.size);
    return buffer.subarray(0, await file.fill(buffer, 0));
  } catch (error) {
    return (error as Error).message.replace(`"${path}" `, '').replace(/\.$/, '');
  }
}

/** By the first bytes: what a name or a data URL claims is not believed. */
function mediaType(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, 12);
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(start)) return 'image/gif';
  if (start.startsWith('RIFF') && start.slice(8) === 'WEBP') return 'image/webp';
  return undefined;
}

function refused(ref: string, why: string): DelegateError {
  return new DelegateError('REQUEST_INVALID', `The image "${ref}" ${why}.`, {
    hint: 'Give a path in the workspace, an http(s) URL or a data URL of a PNG, JPEG, GIF or WebP image up to 5 MB.',
  });
}
