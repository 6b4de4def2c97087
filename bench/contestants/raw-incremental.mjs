import { createRaw } from '../raw.mjs';

export const wires = ['chat', 'responses', 'messages'];

const END = Buffer.from(']}');

/** The transcript as bytes ready to send: each message is encoded once, when it is added. */
function openTranscript(setup, history, opening) {
  const start = `${JSON.stringify(setup).slice(0, -1)},"${history}":[${opening.map((one) => JSON.stringify(one)).join()}`;
  let bytes = Buffer.allocUnsafeSlow(2048);
  let used = bytes.write(start);
  let first = opening.length === 0;
  return {
    push(message) {
      const text = (first ? '' : ',') + JSON.stringify(message);
      first = false;
      const needed = used + Buffer.byteLength(text) + END.length;
      if (needed > bytes.length) {
        const grown = Buffer.allocUnsafeSlow(needed * 2);
        bytes.copy(grown, 0, 0, used);
        bytes = grown;
      }
      used += bytes.write(text, used);
    },
    body() {
      END.copy(bytes, used);
      return bytes.subarray(0, used + END.length);
    },
  };
}

export const create = (options) => createRaw({ ...options, openTranscript });
