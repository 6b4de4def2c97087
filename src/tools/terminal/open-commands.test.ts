import { expect, test } from 'vitest';
import { toolsOptions } from '../test-folder.ts';
import { openCommands } from './open-commands.ts';

test('on Windows the toolset is refused plainly', async () => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
  Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
  try {
    await expect(openCommands(toolsOptions())).rejects.toMatchObject({
      code: 'ABILITY_MISSING',
      message: expect.stringContaining('"terminal" cannot be used on Windows'),
    });
  } finally {
    Object.defineProperty(process, 'platform', platform);
  }
});
