import { expect, test } from 'vitest';
import { createFolder, openChildren } from '../test-folder.ts';
import { sandboxContract } from './sandbox.contract.ts';
import { livingWith } from './test-processes.ts';

sandboxContract({ kind: 'none', network: false, read_only: [] });

test('a hundred children whose commands ignore TERM leave no process when they are closed', async () => {
  using folder = createFolder({});
  const children = await openChildren(folder.path, { count: 100, toolsets: ['terminal'] });
  const mark = `5${process.pid}.1`;
  const command = `trap "" TERM; sleep ${mark}; sleep ${mark}`;
  const running = children.map((child) => child.call('run_command', { command }));
  // A shell and a sleep each.
  await expect.poll(() => livingWith(mark).length, { timeout: 30_000, interval: 200 }).toBeGreaterThanOrEqual(200);
  await Promise.all(children.map((child) => child.close()));
  expect(livingWith(mark)).toEqual([]);
  await Promise.all(running);
}, 60_000);
