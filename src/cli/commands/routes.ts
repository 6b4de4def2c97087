import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';
import { oneLine } from '../output.ts';
import { routeName } from '../render/route-name.ts';
import { table } from '../render/table.ts';

/** Each named route with what it resolves to now, or why it does not. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const { resolver, routing } = yard.decisions();
  const { output } = context;
  const routes = [...routing.routes].map(([name, route]) => {
    const resolution = resolver.resolve({ task: { route: name }, call: {} });
    return { name, description: route.description ?? '', resolution };
  });
  if (output.json) {
    output.document(
      routes.map(({ name, description, resolution }) => ({
        name,
        description,
        ...(resolution.ok ? { route: resolution.route, notes: resolution.notes } : { issues: resolution.issues }),
      })),
    );
    return EXIT_OK;
  }
  if (routes.length === 0) {
    output.note('No named routes. They stand under `routes:` in the configuration; docs/configuration.md shows how.');
    return EXIT_OK;
  }
  const columns = [
    { title: 'route' },
    { title: 'provider/model', min: 16 },
    { title: 'effort' },
    { title: 'fallback', min: 10 },
    { title: 'what for', min: 10 },
  ];
  const rows = routes.map(({ name, description, resolution }) => {
    if (!resolution.ok) {
      const [issue] = resolution.issues;
      return [name, output.paint.red(`✘ ${issue?.code ?? ''}`), '', '', oneLine(issue?.message ?? '')];
    }
    const { route } = resolution;
    return [
      name,
      routeName(route, output.paint),
      route.reasoning_effort ?? '–',
      route.fallback.map((next) => routeName(next, output.paint)).join(' → ') || '–',
      oneLine(description),
    ];
  });
  output.data(table(columns, rows, output.columns).join('\n'));
  return EXIT_OK;
};
