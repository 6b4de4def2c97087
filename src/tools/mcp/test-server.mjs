// A small MCP server for tests: `node test-server.mjs [file]` speaks over stdio and notes in the file what happens to it.

import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Server } from '@modelcontextprotocol/server';

const tool = (name, annotations, properties = {}) => ({
  name,
  description: `It is called ${name}.`,
  inputSchema: { type: 'object', properties, required: Object.keys(properties) },
  ...(annotations === undefined ? {} : { annotations }),
});

/** A server whose tools do what their names say; `note` hears of what nobody is told. */
export function createServer(note = () => {}) {
  const tools = [
    tool('echo', { readOnlyHint: true }, { text: { type: 'string' } }),
    tool('environment'),
    tool('fail'),
    tool('refuse', { idempotentHint: true }),
    tool('show'),
    tool('wait'),
    tool('grow'),
    tool('exit'),
    tool('leave child'),
  ];
  const server = new Server(
    { name: 'test', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true }, logging: {} } },
  );
  const say = (text) => ({ content: [{ type: 'text', text }] });
  const run = {
    echo: ({ text }) => say(text),
    environment: () => ({ ...say(''), structuredContent: { env: process.env, cwd: process.cwd() } }),
    fail: () => ({ ...say('It did not work.'), isError: true }),
    refuse() {
      throw new Error('Not like this.');
    },
    show: () => ({
      content: [
        { type: 'text', text: 'Look:' },
        { type: 'image', data: 'AAAA', mimeType: 'image/png' },
        { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' },
        { type: 'resource', resource: { uri: 'file:///a.txt', text: 'inside a' } },
        { type: 'resource', resource: { uri: 'file:///b.bin', mimeType: 'application/x-b', blob: 'AAAA' } },
        { type: 'resource_link', uri: 'file:///c.txt', name: 'c', description: 'the third' },
        { type: 'text', text: '{ "n": 1 }' },
      ],
      structuredContent: { n: 1 },
    }),
    wait: (_, { mcpReq }) =>
      new Promise(() => {
        note('waiting');
        mcpReq.signal.addEventListener('abort', () => note('cancelled'));
      }),
    async grow() {
      tools.push(tool(`grown ${tools.length}`));
      await server.sendToolListChanged();
      return say('grown');
    },
    exit: () => process.exit(3),
    'leave child'() {
      const child = spawn('sleep', ['1000'], { stdio: ['ignore', 'inherit', 'inherit'] });
      return say(String(child.pid));
    },
  };
  server.setRequestHandler('tools/list', async () => {
    note('listed');
    return { tools: [...tools] };
  });
  server.setRequestHandler('tools/call', async ({ params }, context) => run[params.name](params.arguments, context));
  return server;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { StdioServerTransport } = await import('@modelcontextprotocol/server/stdio');
  const [, , file] = process.argv;
  const note = (text) => file !== undefined && appendFileSync(file, `${text}\n`);
  note(`started ${process.pid}`);
  await createServer(note).connect(new StdioServerTransport());
}
