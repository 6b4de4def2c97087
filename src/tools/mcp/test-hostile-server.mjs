// An MCP server that misbehaves in one way: `node test-hostile-server.mjs <way>`.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const tool = (name, more) => ({ name, inputSchema: { type: 'object' }, ...more });
const flood = (text) => {
  for (;;) {
    try {
      writeSync(1, text);
    } catch {
      // The pipe is full.
    }
  }
};

/** Done at once. */
const starts = {
  'ends at once'() {
    console.error('I need a canary.');
    process.exit(1);
  },
  'prints its usage'() {
    console.log('Usage: me');
    process.exit(0);
  },
  'never answers': () => process.stdin.resume(),
  'ignores its end'() {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1000);
  },
  'answers nonsense': () => process.stdin.on('data', () => say({ id: 0, result: 7 })),
  'floods with answers': () => flood('{"jsonrpc":"2.0","id":77,"result":{}}\n'.repeat(100)),
  'floods with noise': () => flood('noise\n'.repeat(1000)),
};

const calls = new Map();
/** Done when its tools are asked for, after an honest start. */
const lists = {
  'has no tools': () => ({ tools: [] }),
  'has 1,000 tools': () => ({ tools: Array.from({ length: 1000 }, (_, i) => tool(`t${i}`)) }),
  'describes at length': () => ({ tools: [tool('small'), tool('big', { description: 'x'.repeat(1e6) })] }),
  'sends 20 MB': () => ({ tools: [tool('big', { description: 'x'.repeat(2e7) })] }),
  'lists without end': () => ({ tools: [], nextCursor: 'more' }),
  'nests without end': () => ({ tools: [tool('deep', { inputSchema: { type: 'object', x: 1 } })] }),
  'asks a person': () => ({ tools: [tool('ask')] }),
  'floods with messages': () =>
    flood(
      `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } })}\n`,
    ),
};

const [, , way = ''] = process.argv;
if (starts[way] !== undefined) starts[way]();
else {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method, params, error } = JSON.parse(line);
    if (method === 'initialize') {
      const { protocolVersion } = params;
      say({ id, result: { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } } });
    } else if (method === 'tools/call') {
      // Answers what it hears itself.
      calls.set(`ask ${id}`, id);
      const requestedSchema = { type: 'object', properties: { yes: { type: 'boolean' } } };
      say({ id: `ask ${id}`, method: 'elicitation/create', params: { message: 'May I?', requestedSchema } });
    } else if (calls.has(id)) {
      say({ id: calls.get(id), result: { content: [{ type: 'text', text: error?.message ?? 'it may' }] } });
    } else if (method === 'tools/list') {
      const text = `${JSON.stringify({ jsonrpc: '2.0', id, result: lists[way]() })}\n`;
      process.stdout.write(
        way === 'nests without end' ? text.replace('"x":1', `"x":${'['.repeat(1e5)}${']'.repeat(1e5)}`) : text,
      );
    }
  });
}
