import {
  type CallToolResult,
  CLIENT_INFO_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  SdkError,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { DelegateError } from '../core/errors.ts';
import type { Yardmaster } from '../yardmaster.ts';
import { errorAnswer } from './answers.ts';
import type { Caller } from './caller.ts';
import { delegateTask } from './delegate-task.ts';
import { delegationStatus } from './delegation-status.ts';
import type { Desk } from './desk.ts';
import { explainRoute } from './explain-route.ts';
import { hostOf } from './hosts.ts';
import type { Identity } from './identity.ts';
import type { Keeper } from './keeper.ts';
import type { Keepers } from './keepers.ts';
import { listRoutes } from './list-routes.ts';
import { parentOfHost } from './parent-of-host.ts';
import { listResources, RESOURCE_TEMPLATES, readResource } from './resources.ts';
import { createRootFolder } from './root-folder.ts';
import { serveTasks, takesTasks } from './task-extension.ts';

export interface ServerOptions {
  readonly identity: Identity;
  readonly keepers: Keepers;
  /** Hosts that declare roots work in the first of them, and not where the server was started. */
  readonly follow_roots: boolean;
  readonly desk: Desk;
  readonly log: (line: string) => void;
}

/** The protocol's side of one session: what each request asks, and what it is answered with. */
export function createServer({ identity, keepers, follow_roots, desk, log }: ServerOptions): Server {
  const { serverInfo, capabilities, instructions } = identity;
  const server = new Server(serverInfo, { capabilities, instructions });
  server.onerror = (error) => log(error.message);

  const rootFolder = follow_roots ? createRootFolder(server) : undefined;
  const keeperFor = async (context: ServerContext): Promise<Keeper> => keepers.in(await rootFolder?.(context));

  server.setRequestHandler('tools/list', async (_, context) => ({
    tools: [...(await (await keeperFor(context)).tools())],
  }));

  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const { name, arguments: args = {} } = params;
    let caller: Caller | undefined;
    try {
      const yard = await (await keeperFor(context)).yard();
      caller = callerOf(context, yard);
      return await call(name, args, yard, caller);
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      return errorAnswer(error, caller);
    }
  });

  const call = async (name: string, args: unknown, yard: Yardmaster, caller: Caller): Promise<CallToolResult> => {
    switch (name) {
      case 'delegate_task':
        return delegateTask(args, yard, { caller, desk });
      case 'delegation_status':
        return delegationStatus(args, yard, { caller, desk });
      case 'list_routes':
        return listRoutes(args, yard);
      case 'explain_route':
        return explainRoute(args, yard, caller);
    }
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool "${name.slice(0, 80)}".`);
  };

  const callerOf = (context: ServerContext, yard: Yardmaster): Caller => {
    const { _meta, signal, envelope } = context.mcpReq;
    const host = hostOf(clientNameIn(envelope) ?? server.getClientVersion()?.name);
    const progressToken = _meta?.progressToken;
    const since = Date.now();
    let told = -1;
    const tell = (message: string): void => {
      const seconds = Math.max((Date.now() - since) / 1000, told + 0.001);
      told = seconds;
      context.mcpReq
        .notify({
          method: 'notifications/progress',
          params: { progressToken: progressToken as string | number, progress: seconds, message },
        })
        .catch(() => undefined);
    };
    return {
      wait_seconds: yard.config.hosts.get(host.name)?.wait_seconds ?? host.wait_seconds,
      ...parentOfHost(host.name, _meta, yard),
      ...(progressToken === undefined ? {} : { tell }),
      takes_tasks: takesTasks(envelope),
      signal,
      ...(context.http?.req === undefined ? {} : { connection: context.http.req.signal }),
      wasStopped: () => signal.aborted && isTakenBack(signal.reason),
    };
  };

  serveTasks(server, { keepers, desk });

  server.setRequestHandler('resources/list', async () => ({
    resources: [...(await listResources(await keepers.in().yard()))],
  }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...RESOURCE_TEMPLATES] }));
  server.setRequestHandler('resources/read', async ({ params }) => {
    try {
      return await readResource(params.uri, await keepers.in().yard());
    } catch (error) {
      if (error instanceof DelegateError && error.code === 'NOT_FOUND') {
        throw new ResourceNotFoundError(params.uri, error.message);
      }
      throw error;
    }
  });
  return server;
}

/** Later revisions name the host with every request. */
function clientNameIn(envelope: object | undefined): string | undefined {
  const info = (envelope as Readonly<Record<string, { readonly name?: string }>> | undefined)?.[CLIENT_INFO_META_KEY];
  return info?.name;
}

/** A host that gave up waiting, or is gone, did not say that the work is not wanted: it is kept for collection. */
function isTakenBack(reason: unknown): boolean {
  return !(reason instanceof SdkError) && !/time[d]?[ -]?out/i.test(String(reason));
}
