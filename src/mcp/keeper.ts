import type { Tool } from '@modelcontextprotocol/server';
import type { Yardmaster } from '../yardmaster.ts';
import { toolList } from './tool-list.ts';
import { every, fingerprint } from './watch-files.ts';

/** The application under the configuration as it is now, for sessions that outlive its files. */
export interface Keeper extends AsyncDisposable {
  /**
   * The application, opened on first use and anew when a file of its configuration has changed. Throws
   * `CONFIG_INVALID` while that is broken; once it is mended the next call finds it. What runs under an earlier one
   * goes on there.
   */
  yard(): Promise<Yardmaster>;
  /** The tools under it, the same bytes as long as nothing changed; the last good ones while it is broken. */
  tools(): Promise<readonly Tool[]>;
  /** Resolves when no children run here any more. */
  idle(): Promise<void>;
}

export interface KeeperOptions {
  /** Opens the application with the configuration as it stands, or with the one given. */
  readonly open: (config?: object) => Promise<Yardmaster>;
  /** The tools are others now than those listed last. */
  readonly onToolsChanged: () => void;
  readonly log: (line: string) => void;
}

export function createKeeper({ open, onToolsChanged, log }: KeeperOptions): Keeper {
  const opened: Yardmaster[] = [];
  let current: { readonly yard: Yardmaster; readonly state: string } | undefined;
  let opening: Promise<Yardmaster> | undefined;
  let listed: { readonly tools: readonly Tool[]; readonly yard: Yardmaster; readonly text: string } | undefined;
  let complaint: string | undefined;

  const keep = async (opening: Promise<Yardmaster>): Promise<Yardmaster> => {
    const yard = await opening;
    opened.push(yard);
    return yard;
  };
  const openAnew = async (): Promise<Yardmaster> => {
    const yard = await keep(open());
    current = { yard, state: fingerprint(yard.config.considered) };
    return yard;
  };
  const getYard = async (): Promise<Yardmaster> => {
    if (opening === undefined && current !== undefined) {
      if (fingerprint(current.yard.config.considered) === current.state) return current.yard;
    }
    opening ??= openAnew().finally(() => {
      opening = undefined;
    });
    return opening;
  };

  const list = (yard: Yardmaster): readonly Tool[] => {
    if (listed?.yard === yard) return listed.tools;
    const tools = toolList(yard.decisions());
    listed = { tools, yard, text: JSON.stringify(tools) };
    return tools;
  };
  const tools = async (): Promise<readonly Tool[]> => {
    try {
      const found = list(await getYard());
      complaint = undefined;
      return found;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== complaint) log(`the configuration cannot be used: ${message}`);
      complaint = message;
      // A host that is given no tools forgets us; with some, its first call says what is wrong.
      return listed?.tools ?? list(await keep(open({})));
    }
  };

  const stop = every(async () => {
    if (listed === undefined) return;
    const { text } = listed;
    await tools();
    if (listed.text !== text) onToolsChanged();
  });

  return {
    yard: getYard,
    tools,
    async idle() {
      await Promise.all(opened.map((yard) => yard.idle()));
    },
    async [Symbol.asyncDispose]() {
      stop();
      await Promise.all(opened.splice(0).map((yard) => yard[Symbol.asyncDispose]()));
    },
  };
}
