import type { DelegationResult, TaskResult } from '../result.ts';
import type { Json, TaskInput } from '../task.ts';

/**
 * Arguments of `delegate_task` as code writes them: `tasks`, or one task with its `goal` on top. Everything else on
 * top is the default of the tasks that do not say. What each field means stands in docs/delegation.md.
 */
export interface DelegateArgs extends Omit<DelegateTask, 'goal' | 'images' | 'toolsets'> {
  readonly tasks?: readonly DelegateTask[];
  readonly goal?: string;
}

/** One task as code writes it. Its schema may be of a library whose types are no plain JSON (`z.toJSONSchema(…)`). */
export interface DelegateTask extends Omit<TaskInput, 'output_schema'> {
  readonly output_schema?: object;
}

/** Arguments without a field that nobody knows: a generic parameter alone would let one pass. */
export type Exactly<Args extends DelegateArgs> = Only<Args, DelegateArgs> & {
  readonly tasks?: EachExactly<Args['tasks']>;
};
type EachExactly<Tasks> = { readonly [Index in keyof Tasks]: Only<Tasks[Index], DelegateTask> };
type Only<Given, Known> = { readonly [Name in keyof Given]: Name extends keyof Known ? Given[Name] : never };

/** The result of these arguments: one entry a task, each `output` of the type its `output_schema` says. */
export type ResultOf<Args extends DelegateArgs> = DelegationResult<ResultsOf<Args>>;

type ResultsOf<Args extends DelegateArgs> = Args extends { readonly tasks: infer Tasks extends readonly DelegateTask[] }
  ? { readonly [Index in keyof Tasks]: TaskResult<OutputOf<SchemaOf<Tasks[Index], Args>>> }
  : 'tasks' extends keyof Args
    ? readonly TaskResult[]
    : readonly [TaskResult<OutputOf<SchemaOf<Args>>>];

/** The task's own schema; the call's where the task can have none. */
type SchemaOf<Task, Call = unknown> = 'output_schema' extends keyof Task
  ? Task extends { readonly output_schema: infer Schema }
    ? Schema
    : unknown
  : 'output_schema' extends keyof Call
    ? SchemaOf<Call>
    : unknown;

/**
 * What a JSON Schema says of a value, as far as types can repeat it: `const`, `enum`, `type`, `properties`, `required`,
 * `items`. Whatever else it says narrows the value further, so the type stays true; where it says none of these: `Json`.
 */
export type OutputOf<Schema> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly type: infer Type }
      ? OfType<Type extends readonly (infer One)[] ? One : Type, Schema> | (Schema extends Nullable ? null : never)
      : Json;
type Nullable = { readonly nullable: true };

type OfType<Type, Schema> = Type extends 'string'
  ? string
  : Type extends 'number' | 'integer'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends 'null'
        ? null
        : Type extends 'array'
          ? readonly ItemOf<Schema>[]
          : Type extends 'object'
            ? FieldsOf<Schema>
            : Json;

type ItemOf<Schema> = Schema extends { readonly prefixItems: unknown }
  ? Json
  : Schema extends { readonly items: infer Items }
    ? OutputOf<Items>
    : Json;

type FieldsOf<Schema> = Schema extends { readonly properties: infer Fields }
  ? {
      readonly [Name in keyof Fields as Name extends NamesOf<Schema> ? Name : never]: OutputOf<Fields[Name]>;
    } & {
      readonly [Name in keyof Fields as Name extends NamesOf<Schema> ? never : Name]?: OutputOf<Fields[Name]>;
    }
  : { readonly [key: string]: Json };
type NamesOf<Schema> = Schema extends { readonly required: readonly (infer Name)[] } ? Name : never;
