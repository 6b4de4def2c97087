import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ProviderServer, type Reply, startProvider } from '../../src/testing.ts';
import { collecting, delegating, resultsIn } from './agent-scripts.ts';
import { type AgentHome, agentHome, type Session } from './agent-session.ts';
import { AGENTS, type Agent } from './agents.ts';
import { type Installed, installPackage } from './install-package.ts';
import { until } from './until.ts';

const WIRES = { chat: 'openai-chat', responses: 'openai-responses', messages: 'anthropic-messages' } as const;
const NAMES = Object.keys(WIRES) as (keyof typeof WIRES)[];
const TASKS = {
  tasks: NAMES.map((name) => ({ goal: `Say which wire you are on, ${name}.`, model: `${name}/${name}-1` })),
};

/** Longer than the 60 s after which one agent cuts a call that is silent. */
const LONG_MS = 75_000;

const installed = new Map<string, Installed>();
beforeAll(async () => {
  // One after the other: each is some hundred megabytes.
  for (const agent of AGENTS) installed.set(agent.name, await installPackage(agent));
});
afterAll(() => {
  for (const [name, found] of installed) console.log(name, 'missing' in found ? found.missing : found.version);
});

interface Lab extends AsyncDisposable {
  readonly home: AgentHome;
  readonly children: readonly ProviderServer[];
}

async function labFor(agent: Agent, reply: (name: string) => Promise<Reply>): Promise<Lab> {
  const found = installed.get(agent.name)!;
  if ('missing' in found) throw new Error(found.missing);
  const children = await Promise.all(
    NAMES.map((name) =>
      startProvider({ wire: WIRES[name], key: keyOf(name), models: [`${name}-1`], reply: () => reply(name) }),
    ),
  );
  const providers = Object.fromEntries(
    NAMES.map((name, index) => {
      const { wire, base_url } = children[index]!;
      return [name, { wire, base_url, key_env: variableOf(name), models: [`${name}-1`], simulated: true }];
    }),
  );
  const keys = Object.fromEntries(NAMES.map((name) => [variableOf(name), keyOf(name)]));
  const home = agentHome(agent, { installed: found, config: { providers }, keys });
  return {
    home,
    children,
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      for (const child of children) await child.close();
    },
  };
}

const keyOf = (name: string): string => `sk-${name}-canary-0123456789abcdef`;
const variableOf = (name: string): string => `${name.toUpperCase()}_KEY`;
const answerOf = (name: string): string => `I answered over ${name}.`;

describe.concurrent.each(AGENTS)('$name', (agent) => {
  test('its model delegates three tasks on three wires and reads three results with receipts', async ({ skip }) => {
    skipWhereMissing(agent, skip);
    await using lab = await labFor(agent, async (name) => ({ text: answerOf(name) }));
    const session = await lab.home.start('Please delegate this.', delegating(agent, TASKS));
    await expectRead(session);
    const results = resultsIn(session.turns, 'delegate_task');
    expect(results).toHaveLength(1);
    expectResults(results[0]);
    expectOneRequestEach(lab);
  });

  test('a run of more than a minute reaches its model', async ({ skip }) => {
    skipWhereMissing(agent, skip);
    await using lab = await labFor(agent, async (name) => ({ text: answerOf(name), first_token_delay_ms: LONG_MS }));
    const session = await lab.home.start('Please delegate this, however long it takes.', delegating(agent, TASKS));
    await expectRead(session);
    const calls = ['delegate_task', 'delegation_status'].flatMap((tool) => resultsIn(session.turns, tool));
    expectResults(calls.at(-1));
    expectOneRequestEach(lab);
  });

  test('killed while its children run, it loses nothing: the next session collects once', async ({ skip }) => {
    skipWhereMissing(agent, skip);
    let release = (): void => undefined;
    const gate = new Promise<void>((open) => {
      release = open;
    });
    await using lab = await labFor(agent, async (name) => {
      await gate;
      return { text: answerOf(name) };
    });
    const session = await lab.home.start('Please delegate this.', delegating(agent, TASKS));
    await until(() => lab.children.every(({ in_flight }) => in_flight === 1), 'all children have asked their models');
    const servers = session.crash();
    await session.ended;
    expect(servers).toHaveLength(1);
    release();
    await until(() => servers.every((pid) => !isAlive(pid)), 'the server ends after its children');

    const next = await lab.home.start('Please collect what is left.', collecting(agent));
    const { code, output } = await next.ended;
    expect([code, output]).toEqual([0, expect.stringContaining('NOTHING IS LEFT')]);
    const [before, collected, after, ...more] = resultsIn(next.turns, 'delegation_status');
    expect(before).toContain('uncollected');
    expectResults(collected);
    expect(after).toMatch(/Nothing runs and nothing waits|"delegations":\[\]/);
    expect(more).toEqual([]);
    expectOneRequestEach(lab);
  });
});

function skipWhereMissing({ name }: Agent, skip: (note: string) => never): void {
  const found = installed.get(name);
  if (found !== undefined && 'missing' in found) skip(found.missing);
}

async function expectRead({ ended }: Session): Promise<void> {
  const { code, output } = await ended;
  expect([code, output]).toEqual([0, expect.stringContaining('READ IT ALL')]);
}

/** All three answers, each with proof of what served it, and no key. */
function expectResults(text: string | undefined): void {
  for (const name of NAMES) {
    expect(text).toContain(answerOf(name));
    expect(text).toContain(`${name}-1`);
  }
  expect(text?.match(/\(match\)|verified\W+match/g)?.length).toBeGreaterThanOrEqual(NAMES.length);
  expect(text).not.toContain('canary');
}

function expectOneRequestEach({ children }: Lab): void {
  expect(children.map(({ requests }) => requests.map(({ key }) => key))).toEqual(NAMES.map((name) => [keyOf(name)]));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
