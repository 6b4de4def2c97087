import { createRaw } from '../raw.mjs';

export const wires = ['chat', 'responses', 'messages'];

/** The transcript as most loops keep it: an array, encoded whole for each request. */
function openTranscript(setup, history, opening) {
  const messages = [...opening];
  return {
    push: (message) => messages.push(message),
    body: () => JSON.stringify({ ...setup, [history]: messages }),
  };
}

export const create = (options) => createRaw({ ...options, openTranscript });
