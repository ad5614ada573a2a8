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
import { isArray, isJson, isObject, type JsonObject, property } from './json-values.ts';
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

type ObjectOperation = z.infer<typeof objectOperation>;

/** The object that the operations make of the base, which stays as it is. */
export function readObjectOperations(base: JsonObject, operations: readonly unknown[]): Parsed<JsonObject> {
  const parsed = parseOperations(objectOperation, operations);
  if (!parsed.ok) return parsed;
  // One copy, then changed in place: a copy for each of many operations on a large object would take seconds.
  const result = copyOf(base);
  for (const [index, operation] of parsed.value.entries()) {
    if (!perform(result, operation)) return invalid(index, 'path goes through something that is no object');
  }
  if (isJson(result)) return { ok: true, value: result };
  return { ok: false, problem: `its result is nested deeper than ${MAX_PATH} levels` };
}

type OpenObject = { [name: string]: Json };

function copyOf(object: JsonObject): OpenObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, copy(value)]));
}

function copy(value: Json): Json {
  if (isArray(value)) return value.map(copy);
  return isObject(value) ? copyOf(value) : value;
}

/** False when the path does not lead through objects. */
function perform(root: OpenObject, operation: ObjectOperation): boolean {
  const path = operation.op === 'merge' ? operation.path : operation.path.slice(0, -1);
  const found = walk(root, path, operation.op === 'unset' ? 'stop' : 'make');
  if (found === undefined) return true;
  if (!isObject(found)) return false;
  const name = operation.path.at(-1) ?? '';
  if (operation.op === 'merge') mergeInto(found, operation.value);
  else if (operation.op === 'set') put(found, name, copy(operation.value));
  else delete (found as OpenObject)[name];
  return true;
}

/** What the path leads to: no object when something else is on the way, undefined when it stopped at nothing. */
function walk(root: OpenObject, path: readonly string[], onMissing: 'make' | 'stop'): Json | undefined {
  let at: Json = root;
  for (const name of path) {
    if (!isObject(at)) return at;
    if (!Object.hasOwn(at, name)) {
      if (onMissing === 'stop') return undefined;
      put(at, name, {});
    }
    at = property(at, name) as Json;
  }
  return at;
}

/** An assignment to `__proto__` would change what the object is. */
function put(object: JsonObject, name: string, value: Json): void {
  Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
}

function mergeInto(target: JsonObject, value: JsonObject): void {
  for (const [name, inner] of Object.entries(value)) {
    const old = property(target, name);
    if (isObject(inner) && isObject(old)) mergeInto(old, inner);
    else put(target, name, copy(inner));
  }
}
