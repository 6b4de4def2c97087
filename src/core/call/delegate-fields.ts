import type { Budget, Json } from '../task.ts';
import {
  type AskedModel,
  budgetKind,
  effortKind,
  type FieldKind,
  flagKind,
  goalKind,
  idKind,
  imagesKind,
  jsonSchemaKind,
  MAX_MESSAGE,
  MAX_TEXT,
  modelKind,
  nameKind,
  namesKind,
  secondsKind,
  textKind,
  wordKind,
} from './field-kinds.ts';

export const ACTIONS = ['spawn', 'list', 'status', 'wait', 'steer', 'stop'] as const;
export type Action = (typeof ACTIONS)[number];

/** One argument of `delegate_task`. Parser and schema are both made from this table (docs/delegation.md). */
export interface DelegateField<Value = unknown> {
  readonly kind: FieldKind<Value>;
  /** Whether it may stand inside `tasks[]`. */
  readonly inTask: boolean;
  /** Top level, the actions it goes with; empty = not allowed there. */
  readonly onTop: readonly Action[];
  /** Shown to the calling model. */
  readonly about: string;
  /** Hidden by policy: `model` fields are shown with `selection: open` only, `route` also with `routes`. */
  readonly choice?: 'model' | 'route';
}

const SPAWN: readonly Action[] = ['spawn'];

/** The value each field has once it is read. */
export interface FieldValues {
  readonly goal: string;
  readonly context: string;
  readonly model: AskedModel;
  readonly provider: string;
  readonly reasoning_effort: string;
  readonly route: string;
  readonly output_schema: { readonly [key: string]: Json };
  readonly images: readonly string[];
  readonly toolsets: readonly string[];
  readonly worktree: boolean;
  readonly budget: Budget;
  readonly timeout_seconds: number;
  readonly action: Action;
  readonly id: string;
  readonly message: string;
  readonly wait_seconds: number;
  readonly background: boolean;
  readonly dry_run: boolean;
}

/** In the order the schema shows them. `tasks` holds such fields and is not one of them. */
export const DELEGATE_FIELDS: { readonly [Name in keyof FieldValues]: DelegateField<FieldValues[Name]> } = {
  goal: {
    kind: goalKind,
    inTask: true,
    onTop: SPAWN,
    about: 'Complete, standalone objective of this child. It sees nothing of this conversation.',
  },
  context: { kind: textKind(MAX_TEXT), inTask: true, onTop: SPAWN, about: 'Facts only this child needs.' },
  model: {
    kind: modelKind,
    inTask: true,
    onTop: SPAWN,
    choice: 'model',
    about: 'Model id or alias for this child (`sonnet`, `provider/model`). Leave out for the configured one.',
  },
  provider: {
    kind: nameKind,
    inTask: true,
    onTop: SPAWN,
    choice: 'model',
    about: 'Provider id. Set it together with model when crossing providers.',
  },
  reasoning_effort: {
    kind: effortKind,
    inTask: true,
    onTop: SPAWN,
    choice: 'model',
    about: 'How hard this child thinks. Leave out for the default.',
  },
  route: {
    kind: nameKind,
    inTask: true,
    onTop: SPAWN,
    choice: 'route',
    about: 'A configured route, instead of model and provider.',
  },
  output_schema: {
    kind: jsonSchemaKind,
    inTask: true,
    onTop: SPAWN,
    about: 'JSON Schema that the final answer must fulfil.',
  },
  images: {
    kind: imagesKind,
    inTask: true,
    onTop: [],
    about: 'Paths, http(s) or data URLs this child must see; its model needs vision.',
  },
  toolsets: {
    kind: namesKind,
    inTask: true,
    onTop: [],
    about: 'Narrows what this child may use; never widens it.',
  },
  worktree: {
    kind: flagKind,
    inTask: true,
    onTop: SPAWN,
    about: 'Give this child its own git worktree and branch, so that it and its siblings cannot disturb each other.',
  },
  budget: {
    kind: budgetKind,
    inTask: true,
    onTop: SPAWN,
    about: 'Most this may cost; the lower of this and the configured one holds.',
  },
  timeout_seconds: {
    kind: secondsKind('refused'),
    inTask: true,
    onTop: SPAWN,
    about: 'Seconds for the whole child, from its start.',
  },
  action: {
    kind: wordKind(ACTIONS),
    inTask: false,
    onTop: ACTIONS,
    about: 'spawn (default) starts children; the others look after running ones.',
  },
  id: {
    kind: idKind,
    inTask: false,
    onTop: ['status', 'wait', 'steer', 'stop', 'list'],
    about: 'Of a delegation or a child.',
  },
  message: {
    kind: textKind(MAX_MESSAGE),
    inTask: false,
    onTop: ['steer'],
    about: 'What to tell the child, with action steer.',
  },
  wait_seconds: {
    kind: secondsKind('allowed'),
    inTask: false,
    onTop: ['wait'],
    about: 'Longest wait, with action wait.',
  },
  background: { kind: flagKind, inTask: false, onTop: SPAWN, about: 'Return a handle at once instead of the results.' },
  dry_run: { kind: flagKind, inTask: false, onTop: SPAWN, about: 'Only explain what would happen.' },
};

export type FieldName = keyof FieldValues;
export const FIELD_NAMES: readonly FieldName[] = Object.keys(DELEGATE_FIELDS) as FieldName[];
