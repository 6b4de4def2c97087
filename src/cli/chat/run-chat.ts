import { homedir } from 'node:os';
import { join } from 'node:path';
import { isKeyRelease, matchesKey } from '@earendil-works/pi-tui';
import { hasEnded } from '../../core/answer.ts';
import { duration } from '../../core/budget/amounts.ts';
import type { RouteRequest } from '../../core/route.ts';
import type {
  PermissionAnswer,
  PermissionQuestion,
  Session,
  SessionEvent,
  SessionOptions,
} from '../../core/session.ts';
import type { Setup } from '../../setup.ts';
import type { Yardmaster } from '../../yardmaster.ts';
import type { Output } from '../output.ts';
import { oneLine } from '../output.ts';
import { treeLines } from '../render/live-tree.ts';
import { createTaskRows } from '../render/task-rows.ts';
import { version } from '../version.ts';
import { createChatCommands } from './chat-commands.ts';
import { createCompletion } from './completion.ts';
import { createConversation } from './conversation.ts';
import { createPermissionPanel } from './panels/permission.ts';
import { parseLine } from './parse-line.ts';
import { loadPromptHistory, type PromptHistory } from './prompt-history.ts';
import { clip } from './safe-text.ts';
import { createScreen, type Screen } from './screen.ts';
import { statusLine } from './status-line.ts';
import { createTheme } from './theme.ts';

/** How long the first of two Ctrl-C counts. */
const TWICE_MS = 2_000;

/** Somebody who is typing does not mean the question that just came up. */
const TYPING_MS = 700;

/** Of children at work, above the input; /agents has all. */
const CHILDREN_ROWS = 8;

const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

export interface ChatOptions {
  readonly open: () => Promise<Yardmaster>;
  readonly setup: () => Promise<Setup>;
  readonly session: Pick<SessionOptions, 'resume' | 'request' | 'toolsets'>;
  readonly output: Output;
  readonly cwd: string;
  /** Aborts when the process is told to end. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** How it ended. */
export interface ChatEnd {
  /** Undefined = it ended before there was one. */
  readonly session_id: string | undefined;
}

/**
 * A session on the terminal. The input is on screen before anything else is loaded; what is typed by then waits.
 * Resolves when the person leaves. Throws what the session's opening throws, with the terminal given back.
 */
export async function runChat(options: ChatOptions): Promise<ChatEnd> {
  const { now, output } = options;
  const theme = createTheme(output.paint);
  const { paint } = theme;
  const children = createTaskRows(paint, now);
  const conversation = createConversation({ theme, now, children });
  const waiting: string[] = [];
  let history: PromptHistory | undefined;
  let session: Session | undefined;
  let pressed = Number.NEGATIVE_INFINITY;
  let hint = '';
  let left = false;
  let leave: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    leave = () => {
      left = true;
      resolve();
    };
  });

  const active = (): number => children.inTree().filter((row) => !hasEnded(row)).length;

  const screen: Screen = createScreen(
    {
      header: header(),
      conversation,
      below: (width) => [...childrenAtWork(width), ...waitingLines(width), activityLine(width)],
      status: (width) =>
        session === undefined
          ? clip(paint.dim('opening the session …'), width)
          : statusLine(
              { current: session.route, spend: session.spend(), context: session.context, children: active() },
              width,
              paint,
            ),
    },
    theme,
  );
  const commands = createChatCommands({
    screen,
    conversation,
    children,
    theme,
    now,
    setup: options.setup,
    leave,
    running: active,
  });

  const completion = createCompletion((command) => commands.argumentsOf(command));
  screen.editor.setAutocompleteProvider(completion);
  screen.editor.onChange = (text) => {
    // A line that was emptied at once leaves its list of completions behind; setting them takes it away.
    if (!text.startsWith('/') && screen.editor.isShowingAutocomplete())
      screen.editor.setAutocompleteProvider(completion);
  };
  screen.editor.onSubmit = (text) => submit(text);
  screen.onKey(onKey);
  options.signal.addEventListener('abort', () => leave(), { once: true });
  await screen.start(() => leave());

  let yard: Yardmaster | undefined;
  try {
    yard = await options.open();
    history = loadPromptHistory(join(yard.config.paths.data, 'prompt-history.jsonl'));
    for (const prompt of history.prompts) screen.editor.addToHistory(prompt);
    const opened = await openSession(yard);
    if (opened !== undefined) {
      session = opened;
      commands.attach({ yard, session });
      if (session.messages.length > 0) {
        conversation.replay(session.messages);
        conversation.note(paint.dim(`resumed ${session.id}`));
      }
      for (const note of session.route.notes) conversation.note(paint.yellow(oneLine(note)));
      for (const text of waiting.splice(0)) submit(text);
      screen.repaint();
      await gone;
    }
  } finally {
    await screen.stop({ erase: session === undefined });
    await session?.[Symbol.asyncDispose]();
    await yard?.[Symbol.asyncDispose]();
  }
  return { session_id: session?.id };

  /** Without a model that anybody named, the person picks one first; undefined = left without. */
  async function openSession(from: Yardmaster): Promise<Session | undefined> {
    const asked = options.session.request;
    const named =
      asked !== undefined || options.session.resume !== undefined || from.config.routing.parent !== undefined;
    const request = named ? asked : await Promise.race([commands.pickFirst(from), gone.then(() => undefined)]);
    if (left || (!named && request === undefined)) return undefined;
    return from.session({
      ...options.session,
      ...(request === undefined ? {} : { request: request as RouteRequest }),
      on: hear,
      ask,
      origin: 'chat',
    });
  }

  function hear(event: SessionEvent): void {
    if (event.type === 'child') children.on(event.event);
    if (event.type === 'reply-start' && event.cause === 'user') waiting.shift();
    if (event.type === 'reply-end') hint = '';
    conversation.on(event);
    screen.animate(conversation.activity !== undefined || active() > 0);
    // A hundred children stream at once: the regular frames show them.
    if (event.type !== 'child' || event.event.type === 'delegation-end') screen.repaint();
  }

  function ask(question: PermissionQuestion, signal: AbortSignal): Promise<PermissionAnswer> {
    conversation.asked();
    return new Promise((resolve) => {
      const done = (answer: PermissionAnswer): void => {
        signal.removeEventListener('abort', denied);
        close();
        if (answer !== 'once') {
          const what = question.kind === 'tool' ? oneLine(`${question.tool} ${question.about}`) : 'these routes';
          conversation.note(
            paint.dim(`${answer === 'deny' ? 'denied' : 'always allowed here'}: ${what.slice(0, 200)}`),
          );
        }
        resolve(answer);
      };
      const denied = (): void => done('deny');
      const close = screen.ask(
        createPermissionPanel({
          question,
          theme,
          room: () => screen.rows - 3,
          deaf_until: screen.editor.getText() === '' ? 0 : now() + TYPING_MS,
          now,
          done,
        }),
      );
      signal.addEventListener('abort', denied, { once: true });
    });
  }

  function submit(text: string): void {
    hint = '';
    if (text.trim() === '') return;
    // What was mistyped, too: it is there to be mended.
    screen.editor.addToHistory(text);
    try {
      const line = parseLine(text);
      if (line.kind !== 'command') history?.add(text);
      if (line.kind === 'command' && line.command === 'quit') commands.quit();
      else if (session === undefined) waiting.push(text);
      else if (line.kind === 'message') say(line.text, session);
      else commands.run(line);
    } catch (error) {
      conversation.error(error);
    }
  }

  function say(text: string, to: Session): void {
    waiting.push(text);
    to.send(text).catch((error: unknown) => {
      const at = waiting.indexOf(text);
      if (at >= 0) waiting.splice(at, 1);
      conversation.error(error);
      screen.repaint();
    });
    screen.repaint();
  }

  function onKey(data: string): boolean {
    if (isKeyRelease(data)) return false;
    if (matchesKey(data, 'ctrl+l')) {
      screen.clear();
      return true;
    }
    if (matchesKey(data, 'ctrl+z') && process.platform !== 'win32') {
      screen.suspend();
      return true;
    }
    if (!screen.free) return false;
    if (matchesKey(data, 'ctrl+t')) {
      conversation.fold();
      screen.repaint();
      return true;
    }
    if (matchesKey(data, 'escape')) return stopReply();
    if (matchesKey(data, 'ctrl+d') && screen.editor.getText() === '') {
      commands.quit();
      return true;
    }
    if (matchesKey(data, 'ctrl+c')) {
      interrupt();
      return true;
    }
    if (hint !== '') hint = '';
    return false;
  }

  /** A list of completions takes the key first. */
  function stopReply(): boolean {
    if (screen.editor.isShowingAutocomplete() || session?.busy !== true) return false;
    session.interrupt();
    hint = 'stopping …';
    screen.repaint();
    return true;
  }

  function interrupt(): void {
    if (now() - pressed < TWICE_MS) {
      leave();
      return;
    }
    pressed = now();
    if (screen.editor.getText() !== '') screen.editor.setText('');
    const stopped = stopReply();
    const running = active();
    hint = `${stopped ? 'stopping … ' : ''}ctrl+c again leaves${running > 0 ? ` and stops ${running} children` : ''}`;
    setTimeout(() => {
      hint = '';
      screen.repaint();
    }, TWICE_MS).unref();
    screen.repaint();
  }

  function header() {
    const home = homedir();
    const folder = options.cwd.startsWith(`${home}/`) ? `~${options.cwd.slice(home.length)}` : options.cwd;
    return {
      invalidate() {},
      render: (width: number) =>
        [
          `${paint.bold(paint.cyan('Yardmaster'))} ${paint.dim(`${version()} · ${oneLine(folder)}`)}`,
          paint.dim('/help · /model · esc stops the reply · ctrl+c twice leaves'),
          '',
        ].map((line) => clip(line, width)),
    };
  }

  function childrenAtWork(width: number): string[] {
    const all = children.inTree();
    if (all.every(hasEnded)) return [];
    const open = new Set(all.filter((row) => !hasEnded(row)).map((row) => row.delegation_id));
    const rows = all.filter((row) => open.has(row.delegation_id));
    const height = Math.min(CHILDREN_ROWS, Math.max(3, Math.floor(screen.rows / 3)));
    return treeLines(rows, { paint, now: now(), columns: width, height: height + 2 });
  }

  function waitingLines(width: number): string[] {
    return waiting.map((text) => clip(paint.dim(`… waits: ${oneLine(text.slice(0, 500))}`), width));
  }

  function activityLine(width: number): string {
    const { activity } = conversation;
    if (hint !== '') return clip(paint.yellow(hint), width);
    if (activity === undefined) return '';
    const frame = SPINNER[Math.floor(now() / 100) % SPINNER.length];
    const time = duration(Math.max(0, now() - activity.since));
    return clip(`${paint.cyan(frame!)} ${activity.text} ${paint.dim(`${time} · esc stops`)}`, width);
  }
}
