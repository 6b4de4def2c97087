import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startProvider } from './provider-server.ts';
import type { Reply } from './reply.ts';
import { BODIES, type Body, eventsOf, post, WIRES } from './test-client.ts';

/** The chunks of a body as the socket gave them, by a client that joins nothing. */
async function rawTurn(reply: Reply): Promise<{ readonly chunks: readonly string[]; readonly whole: string }> {
  await using lab = await startProvider({ wire: 'openai-chat', reply });
  const { hostname, port } = new URL(lab.authority);
  const body = JSON.stringify(BODIES['openai-chat']);
  return await new Promise((resolve, reject) => {
    const chunks: string[] = [];
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
    socket.on('data', (data) => chunks.push(data.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve({ chunks, whole: chunks.join('') }));
  });
}

const say = async (wire: (typeof WIRES)[number], reply: Reply): Promise<readonly Body[]> => {
  await using lab = await startProvider({ wire, reply });
  return eventsOf(await post(lab));
};

describe.each(WIRES)('a reply on %s', (wire) => {
  test('may lie about the model, or name none', async () => {
    await using lab = await startProvider({
      wire,
      reply: ({ index }) => ({ text: 'hi', served_model: index === 0 ? 'cheaper' : null }),
    });
    expect(JSON.stringify(await eventsOf(await post(lab)))).toContain('"model":"cheaper"');
    expect(JSON.stringify(await eventsOf(await post(lab)))).not.toContain('"model"');
    expect(lab.requests.map((request) => request.served_model)).toEqual(['cheaper', undefined]);
  });

  test('may have another request id, or none', async () => {
    await using lab = await startProvider({
      wire,
      reply: ({ index }) => ({ request_id: index === 0 ? 'mine' : null }),
    });
    const name = wire === 'anthropic-messages' ? 'request-id' : 'x-request-id';
    expect((await post(lab)).headers.get(name)).toBe('mine');
    expect((await post(lab)).headers.get(name)).toBeNull();
    expect(lab.requests.map((request) => request.request_id)).toEqual(['mine', undefined]);
  });

  test.each([400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 503, 529])(
    "with status %i has a body in the vendor's shape",
    async (status) => {
      await using lab = await startProvider({ wire, reply: { status, headers: { 'retry-after': '7' } } });
      const response = await post(lab);
      expect(response.status).toBe(status);
      expect(response.headers.get('retry-after')).toBe('7');
      const body = (await response.json()) as { error: { message: string; type: string } };
      expect(body.error.message).not.toBe('');
      expect(body.error.type).not.toBe('');
    },
  );

  test.each([502, 524])('with status %i is a page of the proxy in front', async (status) => {
    await using lab = await startProvider({ wire, reply: { status } });
    const response = await post(lab);
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(await response.text()).toContain('<html>');
  });

  test('with a status and an error says that error', async () => {
    await using lab = await startProvider({
      wire,
      reply: { status: 429, error: { type: 'insufficient_quota', message: 'Pay first.' } },
    });
    expect(await (await post(lab)).json()).toMatchObject({
      error: { type: 'insufficient_quota', message: 'Pay first.' },
    });
  });

  test('with an error and no status breaks down inside the stream', async () => {
    const events = await say(wire, {
      text: 'so far',
      error: { type: 'overloaded_error', code: 'slow_down', message: 'Too much.' },
    });
    const all = JSON.stringify(events);
    expect(all).toContain('so');
    expect(JSON.stringify(events.at(-1))).toContain('Too much.');
    expect(all).not.toContain('response.completed');
    expect(all).not.toContain('message_stop');
    expect(all).not.toContain('"done"');
  });

  test('with a body is that body', async () => {
    await using lab = await startProvider({
      wire,
      reply: ({ index }) => ({ body: index === 0 ? { any: 'thing' } : '<html>no</html>' }),
    });
    expect(await (await post(lab)).json()).toEqual({ any: 'thing' });
    expect((await post(lab)).headers.get('content-type')).toBe('text/html');
  });

  test('may point elsewhere', async () => {
    await using lab = await startProvider({ wire, reply: { redirect: 'http://127.0.0.1:9/v1' } });
    const response = await post(lab);
    expect([response.status, response.headers.get('location')]).toEqual([307, 'http://127.0.0.1:9/v1']);
  });

  test('may be cut after some events or bytes, or end early without a word', async () => {
    const whole = await say(wire, { text: 'one two three' });
    const cuts: readonly Reply[] = [{ cut_after_events: 3 }, { cut_after_bytes: 100 }, { cut_after_events: 0 }];
    for (const cut of cuts) {
      await using lab = await startProvider({ wire, reply: { text: 'one two three', ...cut } });
      await expect(post(lab).then((response) => response.text())).rejects.toThrow();
      expect(lab.requests[0]).toMatchObject({ done: false, aborted: false });
    }
    const early = await say(wire, { text: 'one two three', cut_after_events: 3, end_early: true });
    expect(early).toHaveLength(3);
    expect(whole.length).toBeGreaterThan(3);
  });

  test('stops for the reason that was asked for', async () => {
    const stops = await Promise.all(
      ['end', 'length', 'refusal', 'eaten by a whale'].map((stop) => say(wire, { text: 'a', stop })),
    );
    const words = {
      'openai-chat': ['stop', 'length', 'content_filter', 'eaten by a whale'],
      'openai-responses': ['response.completed', 'max_output_tokens', 'refusal', 'eaten by a whale'],
      'anthropic-messages': ['end_turn', 'max_tokens', 'refusal', 'eaten by a whale'],
    }[wire];
    for (const [at, events] of stops.entries()) expect(JSON.stringify(events)).toContain(`"${words[at]}"`);
  });

  test('comes in as many deltas as asked', async () => {
    const piece = {
      'openai-chat': /"content":"x+"/,
      'openai-responses': /"delta":"x+"/,
      'anthropic-messages': /"text":"x+"/,
    }[wire];
    const deltas = async (count: number): Promise<number> =>
      (await say(wire, { text: 'x'.repeat(5_000), deltas: count })).filter((event) => piece.test(JSON.stringify(event)))
        .length;
    expect(await deltas(1_000)).toBe(1_000);
    expect(await deltas(1)).toBe(1);
  });
});

test('the whole answer is one write unless it has to be live', async () => {
  const bulk = await rawTurn({ text: 'abc', deltas: 3 });
  expect(bulk.chunks).toHaveLength(1);
  const live = await rawTurn({ text: 'abcdefghij'.repeat(10), deltas: 50, live: true });
  expect(live.chunks.length).toBeGreaterThan(10);
});

test('a slow reply waits before the first byte and between deltas', async () => {
  const before = performance.now();
  const { chunks } = await rawTurn({ text: 'abc', deltas: 3, first_token_delay_ms: 30, delta_delay_ms: 20 });
  expect(performance.now() - before).toBeGreaterThan(60);
  expect(chunks.length).toBeGreaterThanOrEqual(3);
});

test('a dripping reply is whole in the end', async () => {
  await using lab = await startProvider({ wire: 'openai-chat', reply: { text: 'ünï 🔎', drip_ms: 0 } });
  const text = (await eventsOf(await post(lab))).map((event) => JSON.stringify(event)).join('');
  expect(text).toContain('🔎');
});

test('raw bytes go out as they are', async () => {
  await using lab = await startProvider({ wire: 'openai-chat', reply: { raw: 'data: {broken\n\n: comment\r\n' } });
  expect(await (await post(lab)).text()).toBe('data: {broken\n\n: comment\r\n');
});

test('chat reports usage only to those who ask for it', async () => {
  await using lab = await startProvider({ wire: 'openai-chat' });
  const { stream_options: _, ...silent } = BODIES['openai-chat'];
  expect(await (await post(lab, silent)).text()).not.toContain('usage');
});

test('chat sends what a call must bring back beside it', async () => {
  const events = await say('openai-chat', {
    tool_calls: [{ name: 'read_file', arguments: '{', extra: { google: { thought_signature: 'abc' } } }],
  });
  expect(JSON.stringify(events)).toContain('"extra_content":{"google":{"thought_signature":"abc"}}');
});

test('responses seals its reasoning only when asked to', async () => {
  await using lab = await startProvider({
    wire: 'openai-responses',
    reply: { reasoning: 'hm', text: 'a', signature: 'sealed' },
  });
  expect(await (await post(lab)).text()).toContain('"encrypted_content":"sealed"');
  const { include: _, ...plain } = BODIES['openai-responses'];
  expect(await (await post(lab, plain)).text()).not.toContain('encrypted_content');
});

test('responses tells an error with type "error" by the bare event', async () => {
  const events = await say('openai-responses', { error: { type: 'error', code: 'server_error', message: 'Broke.' } });
  expect(events.at(-1)).toMatchObject({ type: 'error', code: 'server_error', message: 'Broke.', param: null });
});

test('a hanging server says nothing, or only its headers', async () => {
  await using lab = await startProvider({
    wire: 'openai-chat',
    reply: ({ index }) => ({ hang: index === 0 ? true : 'after-headers' }),
  });
  const leave = new AbortController();
  const silent = post(lab, BODIES['openai-chat'], { signal: leave.signal });
  await expect.poll(() => lab.requests.length).toBe(1);
  const open = await post(lab, BODIES['openai-chat'], { signal: leave.signal });
  expect(open.status).toBe(200);
  leave.abort();
  await expect(silent).rejects.toThrow();
  await expect.poll(() => lab.requests.map((request) => request.aborted)).toEqual([true, true]);
  expect(lab.requests[0]!.status).toBeUndefined();
});
