import { describe, expect, test } from 'vitest';
import type { RouteRequest } from '../../core/route.ts';
import { saveSwitch } from './save-switch.ts';
import { current } from './test-session.ts';

describe('a switch that is saved', () => {
  test.each<[string, unknown, RouteRequest, RouteRequest]>([
    ['a name stays a name, at its provider', undefined, { model: 'small' }, { provider: 'lab', model: 'small' }],
    [
      'an inline provider becomes a field',
      undefined,
      { model: 'x:free --provider lab' },
      { provider: 'lab', model: 'x:free' },
    ],
    [
      'a provider alone saves the model it chose',
      undefined,
      { model: '--provider lab' },
      { provider: 'lab', model: 'small-1' },
    ],
    [
      'the effort of the configuration stays',
      { provider: 'other', model: 'y', reasoning_effort: 'high' },
      { model: 'small' },
      { provider: 'lab', model: 'small', reasoning_effort: 'high' },
    ],
    [
      'an effort joins the model that is there',
      'lab/sonnet',
      { reasoning_effort: 'high' },
      { model: 'lab/sonnet', reasoning_effort: 'high' },
    ],
    [
      'an effort without a model takes the one in use',
      undefined,
      { reasoning_effort: 'high' },
      { provider: 'lab', model: 'small-1', reasoning_effort: 'high' },
    ],
    ['a route stands alone', { provider: 'other', model: 'y' }, { route: 'reviewer' }, { route: 'reviewer' }],
  ])('%s', async (_, before, request, after) => {
    const written: [string, string][] = [];
    const setup = {
      get: async () => ({ key: 'model', value: before, source: 'default' }),
      set: (key: string, value: string) => {
        written.push([key, value]);
        return '/config.yaml';
      },
    };
    expect(await saveSwitch(request, current, setup)).toBe('/config.yaml');
    expect(written.map(([key, value]) => [key, JSON.parse(value)])).toEqual([['model', after]]);
  });
});
