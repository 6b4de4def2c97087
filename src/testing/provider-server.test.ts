import { describe, expect, test } from 'vitest';
import { startProvider } from './provider-server.ts';
import { BODIES, eventsOf, headersFor, post, WIRES } from './test-client.ts';

const OPENAI_401 = { error: { type: 'invalid_request_error', code: 'invalid_api_key' } };
const OPENAI_404 = { error: { type: 'invalid_request_error', code: 'model_not_found', param: null } };

describe.each(WIRES)('a test server for %s', (wire) => {
  test('remembers what arrived', async () => {
    await using lab = await startProvider({ wire, key: 'sk-lab', models: ['m1'] });
    const effort = {
      'openai-chat': { reasoning_effort: 'high' },
      'openai-responses': { reasoning: { effort: 'high' } },
      'anthropic-messages': { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
    }[wire];
    const response = await post(lab, { ...BODIES[wire], ...effort });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await response.text();
    expect(lab.requests).toHaveLength(1);
    expect(lab.requests[0]).toMatchObject({
      index: 0,
      wire,
      method: 'POST',
      authority: lab.authority,
      key: 'sk-lab',
      model: 'm1',
      effort,
      turn: 0,
      texts: ['Do task-1.'],
      tools: [{ name: 'read_file', parameters: { type: 'object' } }],
      tool_results: [],
      connection: 1,
      in_flight: 1,
      status: 200,
      served_model: 'm1',
      request_id: response.headers.get(wire === 'anthropic-messages' ? 'request-id' : 'x-request-id'),
      done: true,
      aborted: false,
    });
    expect(JSON.parse(lab.requests[0]!.body)).toEqual(lab.requests[0]!.json);
  });

  test.each([
    ['a wrong key', 'sk-not-this-one', 'sk-not-this-one'],
    ['no key', undefined, undefined],
  ])("answers %s with 401 in the vendor's words, and remembers the key it saw", async (_, key, seen) => {
    await using lab = await startProvider({ wire, key: 'sk-lab' });
    const response = await fetch(
      `${lab.authority}${wire === 'openai-chat' ? '/v1/chat/completions' : wire === 'openai-responses' ? '/v1/responses' : '/v1/messages'}`,
      { method: 'POST', headers: headersFor(lab, key), body: JSON.stringify(BODIES[wire]) },
    );
    expect(response.status).toBe(401);
    const body = await response.json();
    if (wire === 'anthropic-messages')
      expect(body).toMatchObject({
        type: 'error',
        error: { type: 'authentication_error' },
        request_id: expect.any(String),
      });
    else if (key !== undefined) expect(body).toMatchObject(OPENAI_401);
    expect(lab.requests[0]).toMatchObject({ status: 401 });
    expect(lab.requests[0]!.key).toBe(seen);
  });

  test("answers an unknown model with 404 in the vendor's words", async () => {
    await using lab = await startProvider({ wire, key: 'sk-lab', models: ['m1'] });
    const response = await post(lab, { ...BODIES[wire], model: 'm2' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject(
      wire === 'anthropic-messages' ? { error: { type: 'not_found_error', message: 'model: m2' } } : OPENAI_404,
    );
  });

  test('asks for no key when it has none, and still says which one came', async () => {
    await using lab = await startProvider({ wire });
    expect((await post(lab, BODIES[wire], { key: 'sk-stray' })).status).toBe(200);
    expect(lab.requests[0]!.key).toBe('sk-stray');
  });

  test('lists its models to those who have the key', async () => {
    await using lab = await startProvider({ wire, key: 'sk-lab', models: ['m1', 'm2'] });
    const list = (key: string | undefined): Promise<Response> =>
      fetch(`${lab.authority}/v1/models`, { headers: headersFor(lab, key) });
    expect(await (await list('sk-lab')).json()).toMatchObject({ data: [{ id: 'm1' }, { id: 'm2' }] });
    expect((await list(undefined)).status).toBe(401);
  });

  test('answers broken JSON with 400, an unknown path with 404', async () => {
    await using lab = await startProvider({ wire, key: 'sk-lab' });
    expect((await post(lab, '{"model":')).status).toBe(400);
    expect((await fetch(`${lab.authority}/v1/other`, { method: 'POST' })).status).toBe(404);
    expect(lab.requests.map((request) => [request.status, request.json])).toEqual([
      [400, undefined],
      [404, undefined],
    ]);
  });

  test('answers any body when it is told not to check', async () => {
    await using lab = await startProvider({ wire, check: false });
    expect((await post(lab, { model: 'm1', nonsense: true })).status).toBe(200);
  });

  test('counts who is being answered at once', async () => {
    let release: (() => void)[] = [];
    await using lab = await startProvider({
      wire,
      reply: () =>
        new Promise((resolve) => {
          release.push(() => resolve({ text: 'ok' }));
          if (release.length === 5) {
            for (const one of release) one();
            release = [];
          }
        }),
    });
    await Promise.all(Array.from({ length: 5 }, async () => (await post(lab)).text()));
    expect(lab.max_in_flight).toBe(5);
    expect(lab.requests.map((request) => request.in_flight).toSorted()).toEqual([1, 2, 3, 4, 5]);
    expect(lab.requests.every((request) => request.done)).toBe(true);
    lab.reset();
    expect(lab.requests).toEqual([]);
  });

  test('tells a client that left from one that was answered', async () => {
    const leave = new AbortController();
    await using lab = await startProvider({ wire, reply: { text: 'never all of it', hang: 'after-first' } });
    const response = await post(lab, BODIES[wire], { signal: leave.signal });
    await response.body!.getReader().read();
    leave.abort();
    await expect.poll(() => lab.requests[0]!.aborted).toBe(true);
    expect(lab.requests[0]!.done).toBe(false);
    await expect.poll(() => lab.in_flight).toBe(0);
  });

  test('breaks what is open when it closes, and frees its port', async () => {
    const lab = await startProvider({ wire, reply: { hang: 'after-headers' } });
    const response = await post(lab);
    const reading = response.text();
    await Promise.all([lab.close(), expect(reading).rejects.toThrow()]);
    await using again = await startProvider({ wire, port: Number(new URL(lab.authority).port) });
    expect(again.authority).toBe(lab.authority);
    expect((await post(again)).status).toBe(200);
  });

  test('says in a 500 that the reply function threw', async () => {
    await using lab = await startProvider({
      wire,
      reply: () => {
        throw new Error('no such turn');
      },
    });
    const response = await post(lab);
    expect(response.status).toBe(500);
    expect(await response.text()).toContain('no such turn');
  });

  test('estimates usage unless told, and reports none when told so', async () => {
    const usages = [undefined, { input: 7, output: 3 }, null] as const;
    await using lab = await startProvider({
      wire,
      reply: ({ index }) => ({ text: 'four', ...(usages[index] === undefined ? {} : { usage: usages[index] }) }),
    });
    const said: string[] = [];
    for (const _ of usages) said.push(JSON.stringify((await eventsOf(await post(lab))).slice(-3)));
    const [input, output] =
      wire === 'openai-chat' ? ['prompt_tokens', 'completion_tokens'] : ['input_tokens', 'output_tokens'];
    expect(said[0]).toContain(`"${input}":${Math.ceil(lab.requests[0]!.body.length / 4)}`);
    expect(said[0]).toContain(`"${output}":1`);
    expect(said[1]).toContain(`"${input}":7`);
    expect(said[1]).toContain(`"${output}":3`);
    expect(said[2]).not.toContain(input);
  });
});
