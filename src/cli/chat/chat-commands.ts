import type { AutocompleteItem } from '@earendil-works/pi-tui';
import { EFFORTS } from '../../core/effort.ts';
import { DelegateError } from '../../core/errors.ts';
import { type RouteRequest, routeLabel } from '../../core/route.ts';
import type { Session, SessionRoute } from '../../core/session.ts';
import type { Setup } from '../../setup.ts';
import type { Yardmaster } from '../../yardmaster.ts';
import { oneLine } from '../output.ts';
import { renderExplanation } from '../render/explanation.ts';
import { sourceLabel } from '../render/receipt.ts';
import { routeName } from '../render/route-name.ts';
import type { TaskRows } from '../render/task-rows.ts';
import { openAgents } from './agents-view.ts';
import type { ConversationView } from './conversation.ts';
import { costText } from './cost-text.ts';
import { helpText } from './help-text.ts';
import { MODEL_COLUMNS, modelChoices } from './model-choices.ts';
import { createPicker } from './panels/picker.ts';
import type { Line, Switch } from './parse-line.ts';
import { saveSwitch } from './save-switch.ts';
import type { Screen } from './screen.ts';
import type { Theme } from './theme.ts';

/** Rows of a list to pick from, and the lines around it. */
const MOST_CHOICES = 12;
const AROUND_LIST = 9;

interface Options {
  readonly screen: Screen;
  readonly conversation: ConversationView;
  readonly children: TaskRows;
  readonly theme: Theme;
  readonly now: () => number;
  readonly setup: () => Promise<Setup>;
  readonly leave: () => void;
  /** Children at work. */
  readonly running: () => number;
}

interface Attached {
  readonly yard: Yardmaster;
  readonly session: Session;
}

/** What lines with a slash do. */
export interface ChatCommands {
  attach(to: Attached): void;
  run(line: Extract<Line, { kind: 'switch' | 'pick' | 'command' }>): void;
  quit(): void;
  /** Lets the person choose the model to begin with; undefined = they would not. */
  pickFirst(yard: Yardmaster): Promise<RouteRequest | undefined>;
  argumentsOf(command: string): readonly AutocompleteItem[];
}

export function createChatCommands(options: Options): ChatCommands {
  const { screen, conversation, theme, children, now } = options;
  const { paint } = theme;
  let attached: Attached | undefined;
  let warned = 0;

  const on = (): Attached => {
    if (attached === undefined) throw new DelegateError('INTERNAL', 'There is no session yet.');
    return attached;
  };
  const report = (work: Promise<unknown>): void => {
    work.catch((error: unknown) => conversation.error(error)).finally(() => screen.repaint());
  };

  async function change(request: RouteRequest, save: boolean): Promise<void> {
    const { session } = on();
    const route = await session.switch(request);
    conversation.note(switched(route));
    if (save) conversation.note(paint.dim(`saved in ${await saveSwitch(request, route, await options.setup())}`));
  }

  function switched({ route, source, notes }: SessionRoute): string {
    const effort = route.reasoning_effort === undefined ? '' : ` · effort ${route.reasoning_effort}`;
    return [
      `${paint.green('→')} ${routeName(route, paint)}${effort}  ${paint.dim(sourceLabel(source))}`,
      ...notes.map((note) => `  ${paint.yellow(oneLine(note))}`),
    ].join('\n');
  }

  function pick<Value>(
    given: Omit<Parameters<typeof createPicker<Value>>[0], 'theme' | 'room' | 'done'>,
  ): Promise<Value | undefined> {
    return new Promise((resolve) => {
      const close = screen.ask(
        createPicker<Value>({
          ...given,
          theme,
          room: () => Math.max(1, Math.min(MOST_CHOICES, screen.rows - AROUND_LIST)),
          done(value) {
            close();
            resolve(value);
          },
        }),
      );
    });
  }

  function pickModel(yard: Yardmaster, title: string, current?: string): Promise<string | undefined> {
    return pick({
      title,
      columns: MODEL_COLUMNS,
      choices: modelChoices(yard.decisions().resolver.catalog, paint),
      ...(current === undefined ? {} : { current }),
    });
  }

  async function pickFor(command: Switch): Promise<RouteRequest | undefined> {
    const { yard, session } = on();
    const { route } = session.route;
    if (command === 'model') {
      const model = await pickModel(yard, 'Which model?', `${route.model} --provider ${route.provider}`);
      return model === undefined ? undefined : { model };
    }
    if (command === 'effort') {
      const levels = levelsOf(yard, session);
      const reasoning_effort = await pick({
        title: `How much effort on ${routeLabel(route)}?`,
        columns: [{ title: 'level' }],
        choices: levels.map((level) => ({ value: level, search: level, cells: [level] })),
        ...(route.reasoning_effort === undefined ? {} : { current: route.reasoning_effort }),
      });
      return reasoning_effort === undefined ? undefined : { reasoning_effort };
    }
    const { routes } = yard.decisions().routing;
    if (routes.size === 0) {
      throw new DelegateError('ROUTE_UNKNOWN', 'No named routes are configured.', {
        hint: 'Write them under `routes:` of the configuration.',
      });
    }
    const name = await pick({
      title: 'Which route?',
      columns: [{ title: 'route' }, { title: 'provider/model', min: 12 }, { title: '', min: 8, spare: true }],
      choices: [...routes].map(([key, { provider, model, description = '' }]) => ({
        value: key,
        search: `${key} ${provider} ${model} ${description}`.toLowerCase(),
        cells: [key, `${provider}/${model}`, oneLine(description)],
      })),
      ...(route.name === undefined ? {} : { current: route.name }),
    });
    return name === undefined ? undefined : { route: name };
  }

  function levelsOf(yard: Yardmaster, { route: { route } }: Session): readonly string[] {
    const known = yard.decisions().resolver.catalog.providers.get(route.provider)?.models.get(route.model)?.reasoning;
    return known === undefined || known.length === 0 ? EFFORTS : known.includes('none') ? known : ['none', ...known];
  }

  function quit(): void {
    const running = options.running();
    if (running === 0 || warned === running) {
      options.leave();
      return;
    }
    warned = running;
    conversation.note(paint.yellow(`${running} children are at work; leaving stops them. /quit again leaves.`));
    screen.repaint();
  }

  return {
    attach(to) {
      attached = to;
    },
    quit,
    pickFirst: async (yard) => {
      // Servers that want no key are always usable, whether or not they run here.
      const usable = [...yard.decisions().resolver.catalog.providers.values()].some(
        (one) => one.usable && (one.configured || one.credential.kind !== 'none') && one.models.size > 0,
      );
      if (!usable) return undefined;
      const model = await pickModel(yard, 'Which model shall it be? (/model --save keeps one)');
      return model === undefined ? undefined : { model };
    },
    run(line) {
      if (line.kind === 'switch') return report(change(line.request, line.save));
      if (line.kind === 'pick') {
        const { command, save } = line;
        return report(pickFor(command).then((request) => (request === undefined ? undefined : change(request, save))));
      }
      const { session, yard } = on();
      switch (line.command) {
        case 'help':
          conversation.note((width) => helpText(width, paint));
          break;
        case 'cost': {
          const spend = session.spend();
          conversation.note((width) => costText(spend, width, paint));
          break;
        }
        case 'explain': {
          const explanation = session.explain();
          conversation.note(
            explanation === undefined
              ? paint.dim('Nothing was delegated yet in this session.')
              : renderExplanation(explanation, paint, 'as it was decided'),
          );
          break;
        }
        case 'agents':
          openAgents({ yard, screen, children, theme, now });
          break;
        case 'quit':
          quit();
      }
      screen.repaint();
    },
    argumentsOf(command) {
      if (attached === undefined) return [];
      const { yard, session } = attached;
      const { resolver, routing } = yard.decisions();
      const save = { value: '--save', label: '--save', description: 'keep it in the configuration' };
      if (command === 'effort') return [...levelsOf(yard, session).map(plainItem), save];
      if (command === 'route') return [...[...routing.routes.keys()].map(plainItem), save];
      if (command !== 'model') return [];
      const usable = [...resolver.catalog.providers.values()].filter((provider) => provider.usable);
      return [
        ...[...routing.aliases.keys()].map(plainItem),
        ...usable.flatMap(({ id, models }) =>
          [...models.keys()].map((model) => ({ value: `${model} --provider ${id}`, label: `${id}/${model}` })),
        ),
        { value: '--provider', label: '--provider', description: 'at which provider' },
        save,
      ];
    },
  };
}

function plainItem(value: string): AutocompleteItem {
  return { value, label: value };
}
