import { realpath, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Server, ServerContext } from '@modelcontextprotocol/server';

/** How long a host that declares roots may take to name them; a job's id comes within two seconds all the same. */
const ROOTS_MS = 1_000;

/**
 * Tells which folder a session's host works in: the first of its roots that is one here. Undefined, which stands for
 * the folder the server was started in, for hosts that declare none, name none or do not answer, and for the later
 * revisions, in which a server cannot ask. Asked once, within the first request, and again when the host says that
 * its roots have changed.
 */
export function createRootFolder(server: Server): (context: ServerContext) => Promise<string | undefined> {
  let asked: Promise<string | undefined> | undefined;
  server.setNotificationHandler('notifications/roots/list_changed', () => {
    asked = undefined;
  });
  return async ({ mcpReq: { envelope, send } }) => {
    if (envelope !== undefined || server.getClientCapabilities()?.roots === undefined) return undefined;
    asked ??= send({ method: 'roots/list' }, { timeout: ROOTS_MS }).then(
      ({ roots }) => firstFolder(roots.map(({ uri }) => uri)),
      () => undefined,
    );
    return asked;
  };
}

async function firstFolder(uris: readonly string[]): Promise<string | undefined> {
  for (const uri of uris) {
    try {
      const folder = await realpath(fileURLToPath(uri));
      if ((await stat(folder)).isDirectory()) return folder;
    } catch {
      // No file, or none here: the next one may be.
    }
  }
  return undefined;
}
