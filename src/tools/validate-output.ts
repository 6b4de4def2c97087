import { createContext, Script } from 'node:vm';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { DelegateError } from '../core/errors.ts';
import type { Json } from '../core/task.ts';

type Schema = { readonly [key: string]: Json };

const compiled = new WeakMap<Schema, Promise<ValidateFunction>>();

/**
 * What is wrong with a value by a JSON Schema (draft 7, or 2020-12 when `$schema` says so), one sentence a problem;
 * empty when it validates. References to other documents are never fetched. A schema that is none throws
 * `REQUEST_INVALID`.
 */
export async function validateOutput(schema: Schema, value: Json): Promise<readonly string[]> {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = compile(schema);
    compiled.set(schema, validate);
  }
  const check = await validate;
  try {
    return bounded(() => check(value)) ? [] : (check.errors ?? []).map(sentence);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return ['$ takes too long to check against the schema.'];
  }
}

/** Longest check. A pattern that backtracks, on a text that a model wrote for it, would end with the universe. */
const CHECK_MS = 250;
const script = new Script('check()');

/** What `check` gives. Throws `ERR_SCRIPT_EXECUTION_TIMEOUT` when its time is over: nothing else can interrupt it. */
function bounded(check: () => boolean): boolean {
  return script.runInContext(createContext({ check }), { timeout: CHECK_MS }) as boolean;
}

async function compile(schema: Schema): Promise<ValidateFunction> {
  const options = { allErrors: true, strict: false, validateFormats: false, logger: false } as const;
  const { Ajv } = String(schema.$schema).includes('2020-12')
    ? { Ajv: (await import('ajv/dist/2020.js')).Ajv2020 }
    : await import('ajv');
  try {
    if ('$async' in schema) throw new Error('"$async" is not taken');
    return new Ajv(options).compile(schema);
  } catch (error) {
    throw new DelegateError('REQUEST_INVALID', `The output_schema is not a JSON Schema: ${(error as Error).message}.`, {
      hint: 'Correct it; keywords are those of draft 7, or of 2020-12 when "$schema" names it.',
    });
  }
}

function sentence({ instancePath, message = 'is not valid', params }: ErrorObject): string {
  const { allowedValues, additionalProperty } = params as { allowedValues?: Json[]; additionalProperty?: string };
  const more =
    allowedValues !== undefined
      ? `: ${allowedValues.map((allowed) => JSON.stringify(allowed)).join(', ')}`
      : additionalProperty !== undefined
        ? ` ("${additionalProperty}")`
        : '';
  return `$${instancePath.replaceAll('/', '.')} ${message}${more}.`;
}
