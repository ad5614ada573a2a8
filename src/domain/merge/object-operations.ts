/**
 * Operations of an object, done to the base one after the other:
 *
 * - `{op: 'set', path: ['address', 'city'], value}`: objects that are missing on the way are made.
 * - `{op: 'unset', path}`: removes a property; one that is not there stays away.
 * - `{op: 'merge', path?, value}`: sets the properties of `value`, an object, one by one, those of objects within it too;
 *   others stay. null is a value like any other.
 *
 * A path has names only: arrays and scalars on the way are an error.
 */
import { z } from 'zod';
import type { Json } from './json.ts';
import { isJson, isObject, type JsonObject, property } from './json-values.ts';
import { invalid, jsonValue, type Parsed, parseOperations } from './parse-operations.ts';

const MAX_PATH = 100;
const names = z
  .array(z.string('must be a text'), 'must be a list of names')
  .max(MAX_PATH, `must have ${MAX_PATH} names at most`);
const path = names.min(1, 'must name a property');

const objectOperation = z.discriminatedUnion(
  'op',
  [
    z.strictObject({ op: z.literal('set'), path, value: jsonValue }),
    z.strictObject({ op: z.literal('unset'), path }),
    z.strictObject({
      op: z.literal('merge'),
      path: names.default([]),
      value: z.custom<JsonObject>(
        (value) => isObject(value) && isJson(value),
        'must be an object of JSON values',
      ),
    }),
  ],
  'must be set, unset or merge: operations of an object have these',
);

/** The object that the operations make of the base. */
export function readObjectOperations(base: JsonObject, operations: readonly unknown[]): Parsed<JsonObject> {
  const parsed = parseOperations(objectOperation, operations);
  if (!parsed.ok) return parsed;
  let value: Json = base;
  for (const [index, operation] of parsed.value.entries()) {
    const changed = at(value, operation.path, (current) => {
      if (operation.op === 'set') return operation.value;
      return operation.op === 'unset' ? undefined : merged(current, operation.value);
    });
    if (changed === WRONG) return invalid(index, 'path goes through something that is no object');
    value = changed ?? {};
  }
  if (!isObject(value) || !isJson(value)) {
    return { ok: false, problem: `its result is nested deeper than ${MAX_PATH} levels` };
  }
  return { ok: true, value };
}

const WRONG = Symbol('no object on the way');
type Change = (current: Json | undefined) => Json | undefined | typeof WRONG;

function at(value: Json | undefined, rest: readonly string[], change: Change): ReturnType<Change> {
  const [name, ...inner] = rest;
  if (name === undefined) return change(value);
  if (value !== undefined && !isObject(value)) return WRONG;
  const object = value ?? {};
  const changed = at(property(object, name), inner, change);
  if (changed === WRONG) return WRONG;
  if (changed !== undefined) return withProperty(object, name, changed);
  // Removing from an object that is not there makes none.
  return value === undefined ? undefined : without(object, name);
}

/** Object.fromEntries and spread make own properties of any name; an assignment to `__proto__` would not. */
function withProperty(object: JsonObject, name: string, value: Json): JsonObject {
  return { ...object, ...Object.fromEntries([[name, value]]) };
}

function without(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([other]) => other !== name));
}

function merged(current: Json | undefined, value: JsonObject): Json | typeof WRONG {
  if (current !== undefined && !isObject(current)) return WRONG;
  let result: JsonObject = current ?? {};
  for (const [name, inner] of Object.entries(value)) {
    const old = property(result, name);
    const next = isObject(inner) && isObject(old) ? merged(old, inner) : inner;
    if (next === WRONG) return WRONG;
    result = withProperty(result, name, next);
  }
  return result;
}
