import { expect, test } from 'vitest';
import { createFolder } from '../test-folder.ts';
import { loadImage } from './load-image.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n rest', 'latin1');

test.each([
  ['a.png', { media_type: 'image/png', data: PNG.toString('base64'), kind: 'base64' }],
  [
    `data:image/jpeg;base64,${PNG.toString('base64')}`,
    { media_type: 'image/png', data: PNG.toString('base64'), kind: 'base64' },
  ],
  ['https://example.com/a.png', { media_type: 'image/*', data: 'https://example.com/a.png', kind: 'url' }],
])('%s', async (ref, image) => {
  using folder = createFolder({ 'a.png': PNG });
  expect(await loadImage(ref, folder.path)).toEqual(image);
});

test.each([
  ['none.png', '"none.png" does not exist in the workspace.'],
  ['../a.png', '"../a.png" is outside the workspace.'],
  ['text.png', '"text.png" is not a PNG, JPEG, GIF or WebP image.'],
  ['big.png', '"big.png" is larger than 5 MB when encoded.'],
  ['data:image/png,abc', '"data:image/png,abc" is a data URL without base64.'],
  ['ftp://x/a.png', '"ftp://x/a.png" does not exist in the workspace.'],
])('%s is refused: %s', async (ref, why) => {
  using folder = createFolder({ 'text.png': 'hello', 'big.png': Buffer.concat([PNG, Buffer.alloc(4_000_000)]) });
  await expect(loadImage(ref, folder.path)).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
    message: `The image ${why}`,
  });
});
