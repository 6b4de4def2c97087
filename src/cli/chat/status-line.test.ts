import { visibleWidth } from '@earendil-works/pi-tui';
import { describe, expect, test } from 'vitest';
import { statusLine } from './status-line.ts';
import { current, route, spendOf, theme } from './test-session.ts';

const status = { current, spend: spendOf(), context: 12_000, children: 3 };
const shown = (width: number, more: Partial<typeof status> = {}) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how dimness is written.
  statusLine({ ...status, ...more }, width, theme.paint).replace(/\u001b\[[\d;]*m/g, '');

describe('the status line', () => {
  test.each([
    [
      120,
      'lab/small-1 simulated · effort low · from parent/parent/task · context 12% of 100k · $0.0012 simulated · 3 running',
    ],
    [90, 'lab/small-1 simulated · effort low · context 12% of 100k · $0.0012 simulated · 3 running'],
    [70, 'lab/small-1 simulated · effort low · $0.0012 simulated · 3 running'],
    [60, 'lab/small-1 simulated · $0.0012 simulated · 3 running'],
    [40, 'lab/small-1 simulated · 3 running'],
    [20, 'lab/small-1 simulat…'],
  ])('in %i columns it is %s', (width, line) => {
    expect(shown(width)).toBe(line);
    expect(visibleWidth(line)).toBeLessThanOrEqual(width);
  });

  test('says what is not known, and never that it is nothing', () => {
    const { context: _, ...unknown } = route;
    expect(shown(120, { current: { ...current, route: unknown } })).toContain('context 12k');
    expect(shown(120, { context: undefined as never })).not.toContain('context');
    const usd = (amount: number) => shown(120, { spend: spendOf({ cost: { usd: amount, complete: false } }) });
    expect(usd(0)).toContain('$ unknown');
    expect(usd(0.5)).toContain('≥ $0.5000');
  });

  test('says when only a part of what it cost is simulated', () => {
    const [one] = spendOf().by_route;
    const { simulated: _, ...real } = one!.route;
    expect(shown(120, { spend: spendOf({ by_route: [one!, { ...one!, route: real }] }) })).toContain(
      'partly simulated',
    );
    expect(shown(120, { spend: spendOf({ by_route: [{ ...one!, route: real }] }) })).toContain('$0.0012 · 3');
  });
});
