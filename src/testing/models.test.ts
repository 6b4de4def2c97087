import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeFile } from './describe-file.ts';
import { pieces } from './json-shape.ts';
import { readerModel } from './reader-model.ts';
import type { Reply } from './reply.ts';
import { scriptedModel } from './scripted-model.ts';
import type { SeenRequest } from './seen-request.ts';
import { wireRecord } from './wire-record.ts';

const path = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const tools = [
  { name: 'read_file', parameters: path },
  { name: 'list_files', parameters: path },
];

function request(goal: string, more: Partial<SeenRequest> = {}): SeenRequest {
  return {
    ...{ index: 0, at: 0, wire: 'openai-chat', method: 'POST', path: '/v1/chat/completions', headers: {} },
    ...{ authority: 'http://127.0.0.1:1', body: '', json: {}, model: 'm1', effort: null, connection: 1, in_flight: 1 },
    ...{ system: '', texts: [goal], turn: 0, tools, tool_results: [], done: true, aborted: false },
    ...more,
  };
}

const result = (name: string, file: string, content: string) => ({
  id: 'c',
  name,
  arguments: JSON.stringify({ path: file }),
  content,
  is_error: false,
});

describe('a scripted model', () => {
  const turns = [{ text: 'one' }, ({ turn }: SeenRequest) => ({ text: `turn ${turn}` })];

  test('says its turns by the place in the conversation, and stays at the last', async () => {
    const model = scriptedModel(turns);
    const said = [0, 1, 5].map((turn) => model(request('x', { turn })));
    expect(said).toEqual([{ text: 'one' }, { text: 'turn 1' }, { text: 'turn 5' }]);
  });

  test('picks the script by a marker in the conversation', () => {
    const model = scriptedModel({ alpha: [{ text: 'A' }], '': [{ text: 'other' }] });
    expect(model(request('do alpha'))).toEqual({ text: 'A' });
    expect(model(request('do beta'))).toEqual({ text: 'other' });
  });

  test('says that it has nothing for a conversation that no marker fits', () => {
    expect(scriptedModel({ alpha: [{ text: 'A' }] })(request('beta'))).toMatchObject({ status: 500 });
    expect(scriptedModel([])(request('beta'))).toMatchObject({ status: 500 });
  });
});

describe('a reader model', () => {
  const next = (goal: string, more: Partial<SeenRequest> = {}): Reply => readerModel()(request(goal, more)) as Reply;
  const called = (reply: Reply): readonly unknown[] =>
    (reply.tool_calls ?? []).map((call) => [call.name, Object.values(call.arguments)[0]]);

  test.each([
    ['Summarise README.md and `src/core/route.ts`.', ['README.md', 'src/core/route.ts']],
    ['Read package.json, package.json and .ci/run.sh!', ['package.json', '.ci/run.sh']],
    ['In version 20.19, e.g. docs/a-b_c.md.', ['docs/a-b_c.md']],
  ])('reads the files that a goal names: %s', (goal, files) => {
    expect(called(next(goal))).toEqual(files.map((file) => ['read_file', file]));
  });

  test('lists the folder when no file is named, and reads what introduces it', () => {
    expect(called(next('What is in here?'))).toEqual([['list_files', '.']]);
    expect(called(next('What is in `src/core/`?'))).toEqual([['list_files', 'src/core']]);
    const listing = result('list_files', '.', '.npmrc\na.ts\nGUIDE.md\nREADME.md\nsrc/\nb.ts (symlink)');
    expect(called(next('What is in here?', { turn: 1, tool_results: [listing] }))).toEqual([
      ['read_file', 'README.md'],
      ['read_file', 'GUIDE.md'],
      ['read_file', 'a.ts'],
      ['read_file', '.npmrc'],
    ]);
  });

  test('reads below the folder that it listed, and says when no file is in it', () => {
    const turn = (content: string) =>
      next('What is in `docs/`?', { turn: 1, tool_results: [result('list_files', 'docs', content)] });
    expect(called(turn('a.md'))).toEqual([['read_file', 'docs/a.md']]);
    expect(turn('deeper/').text).toContain('There is no file to read in docs: deeper/');
  });

  test('answers from what came back, and says that it is simulated', () => {
    const read = result('read_file', 'a.md', '# Title\n\nShort.\nTODO: routing decides providers\n');
    const { text } = next('Explain how routing decides providers in a.md', { turn: 1, tool_results: [read] });
    expect(text).toMatch(/^\[simulated\]/);
    expect(text).toContain(
      '- a.md begins "Title": 4 lines, 47 characters, 1 headings, 1 TODO, the longest line is 4 (31 characters); nearest to the goal, line 4: "TODO: routing decides providers".',
    );
  });

  test('puts the path where the schema of the tool wants it', () => {
    const other = [
      {
        name: 'read_file',
        parameters: { type: 'object', properties: { file: { type: 'string' } }, required: ['file'] },
      },
    ];
    expect(next('Read a.md', { tools: other }).tool_calls).toEqual([
      { name: 'read_file', arguments: { file: 'a.md' } },
    ]);
  });

  test('has nothing to call without tools', () => {
    expect(next('Read a.md', { tools: [] })).toEqual({ text: expect.stringMatching(/^\[simulated\]/) });
  });

  test('thinks only where effort was asked for', () => {
    expect(next('Read a.md').reasoning).toBeUndefined();
    expect(next('Read a.md', { effort: { reasoning_effort: 'low' } }).reasoning).toContain('a.md');
  });

  test('keeps its own pace', () => {
    expect(readerModel({ live: true, delta_delay_ms: 5 })(request('Read a.md'))).toMatchObject({
      live: true,
      delta_delay_ms: 5,
    });
  });
});

test.each([
  ['numbered lines', { content: '1\tone\n2\ttwo', is_error: false }, '2 lines, 7 characters'],
  ['an empty file', { content: '', is_error: false }, 'begins "(empty)": 1 lines'],
  ['an error', { content: 'No such file.', is_error: true }, 'could not be read (No such file.)'],
  ['an error on a wire that cannot mark it', { content: '"a" does not exist.', is_error: false }, 'could not be read'],
  ['a part of a file', { content: 'one\ntwo\n\n[Lines 1 to 2 of 9.]', is_error: false }, 'in its first part 2 lines'],
])('a description of %s', (_, file, text) => {
  expect(describeFile({ path: 'a', goal: '', ...file })).toContain(text);
});

test('pieces of a text join to the text, are as many as asked at most, and tear no character', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'é', '🔎', '\n') }),
      fc.integer({ min: 1, max: 50 }),
      (text, count) => {
        const parts = pieces(text, count);
        expect(parts.join('')).toBe(text);
        expect(parts.length).toBeLessThanOrEqual(count);
        expect(parts.every((part) => part !== '' && Buffer.from(part).toString() === part)).toBe(true);
      },
    ),
  );
});

test('the record of the wire has one line a turn, over all servers, in the order of arrival', () => {
  const a = request('Do task-1.', { at: 5, key: 'sk-a', status: 200, request_id: 'r1', served_model: 'm1' });
  const b = request('Do TASK_B', { at: 3, effort: { reasoning_effort: 'low' } });
  const listing = request('', { method: 'GET' });
  expect(
    wireRecord([{ requests: [a, listing] }, { requests: [b] }]).map((line) => [line.task, line.key, line.request_id]),
  ).toEqual([
    ['', null, null],
    ['task-1', 'sk-a', 'r1'],
  ]);
  expect(wireRecord([{ requests: [b] }], /TASK_(\w+)/)[0]).toEqual({
    task: 'B',
    turn: 0,
    wire: 'openai-chat',
    authority: 'http://127.0.0.1:1',
    key: null,
    model: 'm1',
    effort: { reasoning_effort: 'low' },
    served_model: null,
    request_id: null,
    status: null,
  });
});
