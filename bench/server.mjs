// The providers of the benchmark: two authorities in one process, three wires, nothing validated.
//
// Answers are encoded once and written as they are, so that the client under test is what is measured.
// A run is scripted over a third, plain HTTP port:
//   POST /script  { turns, deltas, latency_ms, live, hold } → { text } the final answer every child must end with
//   GET  /stats   → { requests, first_ns, waiting }         since the last /script; ns of the monotonic clock
//   POST /release → writes every answer held back by `hold`
//   POST /close   → closes every connection, so that no client keeps an idle one
// Started by `fork`; it says { ports, control } and ends when its parent goes away.
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { encoders } from './answers.mjs';
import { FILES } from './work.mjs';

const HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\nx-request-id: req_bench\r\n' +
  'connection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n';
const NOT_FOUND = [Buffer.from('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')];
const LIVE_PACE_MS = 1;
const BULK_CHUNK_BYTES = 16_384;

let script;
let stats;
let held = [];
const connections = new Set();

function load(next) {
  script = { turns: 2, deltas: 8, latency_ms: 0, live: false, hold: false, ...next };
  const text = Array.from({ length: script.deltas }, (_, index) => `word${index % 10} `).join('');
  script.final = {};
  for (const [path, wire] of Object.entries(encoders))
    script.final[path] = encodeAnswer(wire.text(text.match(/\S+ /g)));
  stats = { requests: 0, first_ns: null };
  held = [];
  return { text };
}

function encodeAnswer(events) {
  if (script.live) return [Buffer.from(HEAD), ...events.map(chunked), Buffer.from('0\r\n\r\n')];
  const body = events.join('');
  const chunks = [];
  for (let at = 0; at < body.length; at += BULK_CHUNK_BYTES)
    chunks.push(chunked(body.slice(at, at + BULK_CHUNK_BYTES)));
  return [Buffer.concat([Buffer.from(HEAD), ...chunks, Buffer.from('0\r\n\r\n')])];
}

function chunked(text) {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

/** Which turn a request asks for is read off the newest tool-call id in it, without parsing. */
function answerTo(path, body) {
  const wire = /\w+(?=$|\?)/.exec(path)?.[0];
  if (!encoders[wire]) return NOT_FOUND;
  if (script.turns === 1) return script.final[wire];
  const at = body.lastIndexOf('step_');
  const turn = at < 0 ? 1 : Number.parseInt(body.toString('latin1', at + 5, at + 10), 10) + 1;
  return turn >= script.turns ? script.final[wire] : toolCall(wire, turn);
}

const toolCalls = new Map();
function toolCall(wire, turn) {
  const key = `${wire} ${turn} ${script.live}`;
  if (!toolCalls.has(key))
    toolCalls.set(key, encodeAnswer(encoders[wire].toolCall(`step_${turn}`, FILES[turn % FILES.length])));
  return toolCalls.get(key);
}

function reply(socket, answer) {
  const write = () => writeAll(socket, answer);
  if (script.hold) held.push(write);
  else if (script.latency_ms > 0) setTimeout(write, script.latency_ms);
  else write();
}

function writeAll(socket, pieces) {
  if (pieces.length === 1) return void socket.write(pieces[0]);
  let next = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || next === pieces.length) clearInterval(timer);
    else socket.write(pieces[next++]);
  }, LIVE_PACE_MS);
}

/** Just enough HTTP/1.1: one request at a time on a connection, by content-length or chunked. */
function serve(socket) {
  let received = [];
  let size = 0;
  let needed = 0;
  let path = '';
  let bodyAt = 0;
  socket.setNoDelay(true);
  connections.add(socket);
  socket.on('close', () => connections.delete(socket));
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    if (size === 0) stats.first_ns ??= String(process.hrtime.bigint());
    received.push(chunk);
    size += chunk.length;
    if (size < needed) return;
    const bytes = received.length === 1 ? chunk : Buffer.concat(received);
    received = [bytes];
    if (needed === 0) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = bytes.toString('latin1', 0, end);
      path = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/'));
      bodyAt = end + 4;
      const length = /^content-length: *(\d+)/im.exec(head);
      if (length) needed = bodyAt + Number(length[1]);
      else if (bytes.toString('latin1', size - 5) !== '0\r\n\r\n') return;
      if (size < needed) return;
    }
    stats.requests++;
    received = [];
    size = needed = 0;
    reply(socket, answerTo(path, bytes.subarray(bodyAt)));
  });
}

function listen(server) {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', 4096, () => resolve(server.address().port)));
}

async function control(request, response) {
  let body = '';
  for await (const chunk of request) body += chunk;
  const answer = {
    '/script': () => load(JSON.parse(body)),
    '/stats': () => ({ ...stats, waiting: held.length }),
    '/release': () => {
      script.hold = false;
      for (const write of held.splice(0)) write();
      return {};
    },
    '/close': () => {
      for (const socket of connections) socket.end();
      return {};
    },
  }[request.url];
  response.end(JSON.stringify(answer ? answer() : {}));
}

load({});
const ports = await Promise.all([listen(createServer(serve)), listen(createServer(serve))]);
// A slow contestant is silent for longer than the usual five seconds.
const controlPort = await listen(createHttpServer({ keepAliveTimeout: 0 }, control));
process.on('disconnect', () => process.exit());
process.send({ ports, control: controlPort });
