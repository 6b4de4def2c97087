import { describe, expect, test } from 'vitest';
import { createResolver } from '../../core/resolve-route.ts';
import { testCatalog, testSettings } from '../../core/test-catalog.ts';
import { COMMANDS } from './commands.ts';
import { parseLine } from './parse-line.ts';

describe('a line of the chat', () => {
  test.each([
    ['Fix the tests.', { kind: 'message', text: 'Fix the tests.' }],
    ['/etc/hosts is wrong', { kind: 'message', text: '/etc/hosts is wrong' }],
    ['two\n/model x', { kind: 'message', text: 'two\n/model x' }],
    ['/model', { kind: 'pick', command: 'model', save: false }],
    ['/model --save', { kind: 'pick', command: 'model', save: true }],
    ['/model sonnet', { kind: 'switch', command: 'model', request: { model: 'sonnet' }, save: false }],
    ['/MODEL sonnet', { kind: 'switch', command: 'model', request: { model: 'sonnet' }, save: false }],
    [
      '/model llama-3.3-70b:free --provider openrouter --save',
      {
        kind: 'switch',
        command: 'model',
        request: { model: 'llama-3.3-70b:free --provider openrouter' },
        save: true,
      },
    ],
    ['/model --provider lab', { kind: 'switch', command: 'model', request: { model: '--provider lab' }, save: false }],
    ['/model —save sonnet', { kind: 'switch', command: 'model', request: { model: 'sonnet' }, save: true }],
    ['/effort high', { kind: 'switch', command: 'effort', request: { reasoning_effort: 'high' }, save: false }],
    ['/route reviewer', { kind: 'switch', command: 'route', request: { route: 'reviewer' }, save: false }],
    ['/agents', { kind: 'command', command: 'agents' }],
    ['/?', { kind: 'command', command: 'help' }],
    ['/exit', { kind: 'command', command: 'quit' }],
  ])('%j is %j', (text, line) => expect(parseLine(text)).toEqual(line));

  test.each([
    ['/modle sonnet', 'There is no command "/modle".', 'Did you mean "/model"?'],
    ['/agent5', 'There is no command "/agent5".', 'Did you mean "/agents"?'],
    ['/zzzzzz', 'There is no command "/zzzzzz".', '/help lists the commands.'],
    ['/cost now', '/cost takes nothing, and "now" follows it.', 'Type /cost.'],
  ])('%j is refused: %s', (text, message, hint) => {
    expect(() => parseLine(text)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID', message, hint }));
  });

  test('every command can be typed as it is listed', () => {
    for (const { name } of COMMANDS) expect(parseLine(`/${name}`)).toMatchObject({ command: name });
  });

  test.each([
    'sonnet',
    'nope',
    '--provider',
    '--provider a --provider b',
    'x --flag',
    '--provider anthropic',
    'sonnet --provider openrouter',
    'anthropic/sonnet',
  ])('/model %s is decided as a task that says so, errors too', (model) => {
    const resolver = createResolver(testCatalog(), testSettings());
    const line = parseLine(`/model ${model}`);
    const request = line.kind === 'switch' ? line.request : {};
    expect(resolver.resolve({ task: request, call: {} })).toEqual(resolver.resolve({ task: { model }, call: {} }));
  });
});
