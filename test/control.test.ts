import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CallAnswer, DelegationResult, TaskRecord } from '../src/index.ts';
import { type ProviderServer, type ReplyFor, startProvider } from '../src/testing.ts';
import { endLeases, type Ran, type Sandbox, sandbox, until } from './sandbox.ts';

/** `npm run test:slow` kills many times. */
const ROUNDS = process.env.MODE === 'slow' ? 60 : 3;
const LOOK = { name: 'list_files', arguments: { path: '.' } };

interface Lab {
  readonly box: Sandbox;
  readonly server: ProviderServer;
  /** Runs a command with `--json`; gives what it printed. */
  ask<T>(...args: string[]): Promise<T & { code: number | null }>;
  background(goals: readonly string[]): Promise<{ delegation_id: string; ids: string[] }>;
}

/** The built command with one simulated provider. Processes that are left are killed at the end. */
async function openLab(reply: ReplyFor, config: object = {}): Promise<Lab> {
  const server = await startProvider({ wire: 'openai-chat', key: 'sk-lab', reply });
  const box = sandbox({ model: 'lab/m', providers: { lab: { ...server.config, models: ['m'] } }, ...config });
  onTestFinished(async () => {
    for (const pid of owners(box)) process.kill(pid, 'SIGKILL');
    await server.close();
    box[Symbol.dispose]();
  });
  const ask = async <T>(...args: string[]): Promise<T & { code: number | null }> => {
    const { code, stdout, stderr } = await box.run([...args, '--json']);
    expect(stdout, stderr).not.toBe('');
    return Object.assign(JSON.parse(stdout) as T & object, { code });
  };
  return {
    box,
    server,
    ask,
    background: (goals) => ask('delegate', '--background', ...goals.flatMap((goal) => ['--goal', goal])),
  };
}

/** The processes that run children in the background of this sandbox. */
function owners({ home }: Sandbox): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      if (!/^\d+$/.test(name) || !readFileSync(`/proc/${name}/environ`, 'utf8').includes(`YARDMASTER_HOME=${home}\0`))
        return [];
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('cli/background.js') ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function kill(box: Sandbox): void {
  const pids = owners(box);
  expect(pids).toHaveLength(1);
  process.kill(pids[0]!, 'SIGKILL');
}

const goals = (count: number): string[] => Array.from({ length: count }, (_, i) => `Look into part-${i} of it.`);
const statuses = (tasks: readonly { readonly status: string }[]): string[] => tasks.map(({ status }) => status);

describe.skipIf(process.platform !== 'linux')('children in the background', () => {
  test('get a process of their own: the command gives their id at once and its terminal may close', async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { box, server, ask } = await openLab(async () => {
      await held;
      return { text: 'Done.' };
    });
    // No model has answered yet, and none will before the command has ended.
    const { code, stdout, stderr } = await box.run([
      'delegate',
      '--background',
      '-g',
      goals(1)[0]!,
      '-g',
      goals(2)[1]!,
    ]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('yardmaster wait d_')]);
    const id = stdout.trim();
    const [owner] = owners(box);
    // It is in a session of its own, so what closes the terminal does not reach it; a hangup that does changes nothing.
    expect(readFileSync(`/proc/${owner}/stat`, 'utf8').split(' ')[5]).toBe(String(owner));
    process.kill(owner!, 'SIGHUP');
    await until(() => server.in_flight === 2, 'both children ask');
    expect(statuses(await ask<TaskRecord[]>('status', id))).toEqual(['running', 'running']);
    const waiting = ask<DelegationResult>('wait', id);
    release();
    const result = await waiting;
    expect(result).toMatchObject({ code: 0, delegation_id: id });
    expect(result.results.map(({ summary }) => summary)).toEqual(['Done.', 'Done.']);
    await until(() => owners(box).length === 0, 'their process ends');
  });

  test('are asked for by the file, too; what would be refused is refused, and nothing is left running', async () => {
    const { box } = await openLab(() => ({ text: 'Done.' }));
    const good = box.write('good.json', JSON.stringify({ background: true, tasks: [{ goal: 'Look into it.' }] }));
    const started = await box.run(['delegate', good, '--json']);
    expect(JSON.parse(started.stdout)).toMatchObject({ delegation_id: expect.any(String), hint: expect.any(String) });
    const bad = box.write('bad.json', JSON.stringify({ background: true, tasks: [{ goal: 'Look.', modell: 'x' }] }));
    const refused = await box.run(['delegate', bad, '--json']);
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout).error).toMatchObject({
      code: 'REQUEST_INVALID',
      issues: [{ path: 'tasks[0].modell', suggestions: ['model'] }],
    });
    await until(() => owners(box).length === 0, 'no process is left');
  });

  test('are followed by logs from another terminal until they end', async () => {
    const { box, background } = await openLab(async ({ turn }) => {
      await sleep(300);
      return turn < 2 ? { text: `Step ${turn}.`, tool_calls: [LOOK] } : { text: 'All done.' };
    });
    const { ids } = await background(goals(1));
    const logs = box.start(['logs', '-f', ids[0]!]);
    await until(() => logs.stdout.includes('Step 0.'), 'the first step is shown');
    expect(logs.stdout).not.toContain('All done.');
    expect((await logs.ended).code).toBe(0);
    expect(logs.stdout).toContain('All done.');
  });

  test('eight of nine results are readable while one hangs (F36)', async () => {
    const { box, background, ask } = await openLab(({ texts }) =>
      texts[0]?.includes('part-3 ') ? { hang: true } : { text: 'Done.' },
    );
    const { delegation_id, ids } = await background(goals(9));
    const early = await ask<DelegationResult>('wait', delegation_id, '--timeout', '1');
    expect(early.code).toBe(1);
    expect(early.results.map(({ index }) => index)).toEqual([0, 1, 2, 4, 5, 6, 7, 8]);
    expect(early.cost.complete).toBe(false);
    const shown = await box.run(['status', delegation_id]);
    expect(shown.stdout.match(/✔ completed/g)).toHaveLength(8);
    expect(shown.stdout).toContain('running');
    const answer = await ask<CallAnswer>('stop', ids[3]!);
    expect(answer).toMatchObject({ code: 0, tasks: [{ id: ids[3], status: 'cancelled' }] });
    expect((await ask<DelegationResult>('wait', delegation_id)).results).toHaveLength(9);
  });

  test('a child is told something from another terminal', async () => {
    let asked = 0;
    const { box, server, background, ask } = await openLab(async ({ turn, texts }) => {
      asked += 1;
      if (turn > 0) return { text: `I heard: ${texts.at(-1)}` };
      await until(() => existsSync(join(box.cwd, 'told')), 'it was told');
      return { tool_calls: [LOOK] };
    });
    const { ids } = await background(goals(1));
    await until(() => asked === 1, 'it asks');
    const told = await box.run(['steer', ids[0]!, 'Only the newest.']);
    expect([told.code, told.stdout]).toEqual([0, `${ids[0]} hears it with its next turn\n`]);
    expect((await box.run(['status', ids[0]!])).stdout).toContain('steer queued: Only the newest.');
    // What was asked is looked for four times a second.
    await sleep(500);
    box.write('told', '');
    const { results } = await ask<DelegationResult>('wait', ids[0]!);
    expect(results[0]).toMatchObject({
      summary: 'I heard: Only the newest.',
      steers: [{ message: 'Only the newest.', state: 'delivered', turn: 2 }],
    });
    expect(server.requests[1]?.texts.at(-1)).toBe('Only the newest.');
    expect((await box.run(['status', ids[0]!])).stdout).toContain('steer delivered in turn 2: Only the newest.');
    const late = await box.run(['steer', ids[0]!, 'Hello?']);
    expect([late.code, late.stdout]).toEqual([1, `${ids[0]} had ended: missed\n`]);
  });

  test('a delegation is stopped from another terminal: requests are let go, nothing queued starts, texts are kept', async () => {
    const { box, server, background, ask } = await openLab(
      ({ turn }) => (turn === 0 ? { text: 'So far.', tool_calls: [LOOK] } : { hang: true }),
      { delegation: { max_concurrent_children: 3 } },
    );
    const { delegation_id } = await background(goals(6));
    await until(() => server.requests.length === 6 && server.in_flight === 3, 'three hang in their second turn');
    const running = (await ask<(TaskRecord & { turns?: number })[]>('status', delegation_id)).slice(0, 3);
    expect(running.map(({ turns }) => turns)).toEqual([1, 1, 1]);
    const answer = await ask<Extract<CallAnswer, { kind: 'stop' }>>('stop', delegation_id);
    expect([answer.code, statuses(answer.tasks)]).toEqual([0, Array(6).fill('cancelled')]);
    await until(() => server.in_flight === 0 && owners(box).length === 0, 'all is quiet');
    expect(server.requests).toHaveLength(6);
    const { results, code } = await ask<DelegationResult>('result', delegation_id);
    expect(code).toBe(1);
    expect(results.map(({ summary }) => summary)).toEqual([...Array(3).fill('So far.'), ...Array(3).fill('')]);
  });

  test('SIGTERM to their process stops them first', async () => {
    const { box, server, background, ask } = await openLab(() => ({ hang: 'after-first', text: 'So far', deltas: 2 }));
    const { delegation_id } = await background(goals(2));
    await until(() => server.in_flight === 2, 'both ask');
    process.kill(owners(box)[0]!, 'SIGTERM');
    await until(() => owners(box).length === 0, 'it ends');
    expect(statuses(await ask<TaskRecord[]>('status', delegation_id))).toEqual(['cancelled', 'cancelled']);
  });
});

describe.skipIf(process.platform !== 'linux')('when their process is killed', () => {
  test('what ended is there, what ran is lost with what its journal has, and so is what waited (F39)', async () => {
    const { box, server, background, ask } = await openLab(
      ({ texts, turn }) => {
        if (texts[0]?.includes('part-0 ')) return { text: 'Done.' };
        return turn === 0 ? { text: 'So far.', tool_calls: [LOOK], usage: { input: 70, output: 7 } } : { hang: true };
      },
      { delegation: { max_concurrent_children: 2 } },
    );
    const { delegation_id, ids } = await background(goals(4));
    await until(() => server.in_flight === 2 && server.requests.length === 5, 'two hang in their second turn');
    kill(box);
    expect(statuses(await ask<TaskRecord[]>('status', delegation_id))).toEqual([
      'completed',
      'running',
      'running',
      'queued',
    ]);
    // Waiting for what nobody will end ends when the lease does.
    const waiting = ask<DelegationResult>('wait', delegation_id);
    await sleep(500);
    endLeases(box);
    const { code, results } = await waiting;
    expect(code).toBe(1);
    expect(results.map(({ id }) => id)).toEqual(ids);
    expect(statuses(results)).toEqual(['completed', 'lost', 'lost', 'lost']);
    expect(results[1]).toMatchObject({
      summary: 'So far.',
      turns: 1,
      tool_calls: 1,
      usage: { input: 70, output: 7 },
      cost: { complete: false },
      error: { code: 'LOST' },
    });
    expect(results[3]).toMatchObject({ summary: '', turns: 0 });
    const again = await ask<DelegationResult>('result', delegation_id);
    expect(again.results).toEqual(results);
    expect(JSON.stringify(await ask('jobs'))).toContain('"lost":3');
  });

  test('the worktree of a lost one is kept and named', async () => {
    const { box, server, ask } = await openLab(() => ({ hang: true }));
    for (const args of [
      ['init', '-q'],
      ['-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qm', '1', '--allow-empty'],
    ])
      execFileSync('git', args, { cwd: box.cwd });
    const flags = ['-g', goals(1)[0]!, '--worktree'];
    const { ids } = await ask<{ ids: string[] }>('delegate', '--background', ...flags);
    await until(() => server.in_flight === 1, 'it asks');
    kill(box);
    endLeases(box);
    const [task] = await ask<TaskRecord[]>('status', ids[0]!);
    expect(task?.result).toMatchObject({
      status: 'lost',
      worktree: {
        path: join(box.home, 'worktrees', ids[0]!),
        branch: `yardmaster/${ids[0]}`,
        problem: expect.any(String),
      },
    });
    expect(existsSync(task!.result!.worktree!.path)).toBe(true);
  });

  test('what was queued is dropped by a stop, at once; what ran is told to stop and found lost', async () => {
    const { box, server, background, ask } = await openLab(() => ({ hang: true }), {
      delegation: { max_concurrent_children: 1 },
    });
    const { delegation_id, ids } = await background(goals(3));
    await until(() => server.in_flight === 1, 'one asks');
    kill(box);
    const stopped = await ask<Extract<CallAnswer, { kind: 'stop' }>>('stop', ids[2]!);
    expect([stopped.code, statuses(stopped.tasks)]).toEqual([0, ['cancelled']]);
    const all = box.start(['stop', delegation_id]);
    await sleep(1_000);
    endLeases(box);
    expect((await all.ended).code).toBe(0);
    expect(statuses(await ask<TaskRecord[]>('status', delegation_id))).toEqual(['lost', 'cancelled', 'cancelled']);
  });

  test('at any moment, every task has exactly one end, and what was told as ended stays (F39)', async () => {
    const { box, background, ask } = await openLab(
      async ({ turn }) => {
        await sleep(Math.random() * 30);
        return turn < 3 ? { text: `Step ${turn}.`, tool_calls: [LOOK] } : { text: 'Done.' };
      },
      { delegation: { max_concurrent_children: 4 } },
    );
    for (let round = 0; round < ROUNDS; round++) {
      const { delegation_id, ids } = await background(goals(8));
      await sleep(Math.random() * 250);
      const before = await ask<TaskRecord[]>('status', delegation_id);
      const [owner] = owners(box);
      if (owner !== undefined) process.kill(owner, 'SIGKILL');
      await until(() => owners(box).length === 0, 'it is gone');
      endLeases(box);
      const after = await ask<TaskRecord[]>('status', delegation_id);
      expect(after.map(({ id }) => id)).toEqual(ids);
      expect(
        after.every(({ status, result }) => ['completed', 'lost'].includes(status) && result?.status === status),
      ).toBe(true);
      for (const { id, result } of before)
        if (result) expect(after.find((task) => task.id === id)?.result).toEqual(result);
    }
  }, 600_000);
});

describe('prune', () => {
  const run = async (box: Sandbox): Promise<string> => {
    const { stdout }: Ran = await box.run(['delegate', '-g', 'Look into it.', '--json']);
    return (JSON.parse(stdout) as DelegationResult).delegation_id;
  };

  test('removes what ended long enough ago, with its transcript, and says what', async () => {
    const { box, ask } = await openLab(() => ({ text: 'Done.' }));
    const id = await run(box);
    expect(await ask<unknown[]>('prune', '--days', '1')).toHaveLength(0);
    expect(readdirSync(join(box.home, 'transcripts'))).toHaveLength(1);
    const db = new Database(join(box.home, 'yardmaster.db'));
    db.exec('UPDATE task SET ended_at = ended_at - 2 * 86400000');
    db.close();
    expect((await box.run(['prune', '--days', '1'])).stdout).toBe('1 tasks of 1 delegations removed\n');
    expect(readdirSync(join(box.home, 'transcripts'))).toEqual([]);
    expect((await box.run(['status', id])).code).toBe(2);
  });

  test('without a number of days, in a flag or the configuration, is refused', async () => {
    const { box } = await openLab(() => ({ text: 'Done.' }));
    await run(box);
    const { code, stderr } = await box.run(['prune']);
    expect(code).toBe(2);
    expect(stderr).toContain('history.keep_days');
  });

  test('takes them from history.keep_days', async () => {
    const { box, ask } = await openLab(() => ({ text: 'Done.' }), { history: { keep_days: 30 } });
    await run(box);
    expect(await ask<unknown[]>('prune')).toHaveLength(0);
  });
});

test('the command names children of children under their parents, and counts what they cost once', async () => {
  const { box, ask } = await openLab(
    ({ texts, turn }) =>
      texts[0]?.startsWith('Lead') && turn === 0
        ? { tool_calls: [{ name: 'delegate_task', arguments: { tasks: [{ goal: 'Look into one.' }] } }] }
        : { text: 'Done.' },
    { toolsets: ['read', 'delegation'], delegation: { toolsets: ['read', 'delegation'], max_spawn_depth: 2 } },
  );
  const { code, stdout, stderr } = await box.run(['delegate', '-g', 'Look at this here.', '-g', 'Lead the search.']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/\[2\.1\] start .*Look into one\./);
  expect(stderr).toMatch(/\[2\.1\] ✔ completed/);
  expect(stdout).toContain('2. Lead the search.');
  expect(stdout).not.toContain('Look into one.');
  const [job, ...others] = await ask<{ delegation_id: string; tasks: number }[]>('jobs');
  expect([job?.tasks, others]).toEqual([2, []]);
  const shown = await box.run(['status', job!.delegation_id]);
  expect(shown.stdout).toMatch(/Lead the search\..*\n.* {3}Look into one\./);
  const { groups } = await ask<{ groups: { tasks: number; usage: { input: number } }[] }>('cost');
  const { usage } = await ask<DelegationResult>('result', job!.delegation_id);
  expect(groups).toMatchObject([{ tasks: 3, usage }]);
});
