import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true });

/** Speaks to the servers' control port; `undefined` as a body makes a GET. Plain `node:http`: it loads nothing heavy. */
export function controlOf(port) {
  return (path, body) =>
    new Promise((resolve, reject) => {
      const call = request(
        { host: '127.0.0.1', port, path, agent, method: body ? 'POST' : 'GET' },
        async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          resolve(JSON.parse(text));
        },
      );
      call.on('error', reject);
      call.end(body && JSON.stringify(body));
    });
}
