/** Three-way merge of JSON values: objects and arrays by what is in them, all others as a whole. */
import { arrayChangeBetween } from './array-change.ts';
import type { Json } from './json.ts';
import { isArray, isObject, type JsonObject, property, sameJson } from './json-values.ts';
import { mergeArray } from './merge-array.ts';
import {
  agreed,
  clashed,
  type MergeClash,
  type MergeContext,
  type Outcome,
  type Versions,
} from './outcome.ts';

export function mergeJson({ base, server, client }: Versions, context: MergeContext): Outcome {
  if (sameJson(server, client) || sameJson(base, client)) return agreed(server);
  if (sameJson(base, server)) return agreed(client);
  // What was not there before was empty: both sides' parts of it are new.
  if (isObject(server) && isObject(client) && (base === undefined || isObject(base))) {
    return mergeObject({ base: base ?? {}, server, client }, context);
  }
  if (isArray(server) && isArray(client) && (base === undefined || isArray(base))) {
    const old = base ?? [];
    const changes = {
      base: old,
      server: arrayChangeBetween(old, server, undefined),
      client: arrayChangeBetween(old, client, undefined),
    };
    return mergeArray(changes, context, mergeJson);
  }
  const removed = server === undefined || client === undefined;
  const why = removed ? 'one side changed it, one removed it' : 'both sides changed it';
  // A draft keeps what there is; else the server's.
  return clashed(server ?? client, context, why);
}

type Objects = { readonly base: JsonObject; readonly server: JsonObject; readonly client: JsonObject };

/** In the base's order; new properties follow by name. */
function mergeObject({ base, server, client }: Objects, context: MergeContext): Outcome {
  const added = [...Object.keys(server), ...Object.keys(client)].filter((name) => !Object.hasOwn(base, name));
  const properties: [string, Json][] = [];
  const clashes: MergeClash[] = [];
  for (const name of [...Object.keys(base), ...new Set(added.sort())]) {
    const versions = {
      base: property(base, name),
      server: property(server, name),
      client: property(client, name),
    };
    const outcome = mergeJson(versions, { ...context, path: [...context.path, name] });
    if (outcome.value !== undefined) properties.push([name, outcome.value]);
    clashes.push(...outcome.clashes);
  }
  return { value: Object.fromEntries(properties), clashes };
}
