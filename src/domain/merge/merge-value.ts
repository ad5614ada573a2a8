/** Merging what a device did to a field with what others did to it meanwhile. */
import type { MergeSpec } from '../upload/upload-spec.ts';
import { arrayChangeBetween, repeatsKey } from './array-change.ts';
import { arrayAfter, readArrayOperations } from './array-operations.ts';
import type { Json } from './json.ts';
import { isArray, isJson, isObject, sameJson } from './json-values.ts';
import { mergeArray } from './merge-array.ts';
import { addToCounter, mergeCounter, readCounterOperations } from './merge-counter.ts';
import { mergeJson } from './merge-json.ts';
import { mergeText } from './merge-text.ts';
import { readObjectOperations } from './object-operations.ts';
import { agreed, clashed, type MergeContext, type Outcome, reasonOf } from './outcome.ts';
import { applyEdits, editsBetween, inWholeWords } from './text-edits.ts';
import { readTextOperations } from './text-operations.ts';
import { isWellFormed } from './text-tokens.ts';

export type MergeInput = {
  /** The value that the device changed; undefined when it is not known. */
  readonly base: Json | undefined;
  /** The value as it is. */
  readonly server: Json;
  /** The value as the device wants it; not read when there are operations. */
  readonly client: Json | undefined;
  /**
   * What the device did to the base, where it says that instead of a value: see text-operations.ts,
   * array-operations.ts, object-operations.ts and merge-counter.ts.
   */
  readonly operations: readonly Json[];
  /** Of two moves of one array element the later wins. Without it the server's is. */
  readonly clientIsLater?: boolean;
};

export type MergeResult =
  | { readonly kind: 'merged'; readonly value: Json }
  /**
   * `draft`: what both sides agree on, and of the rest the server's value, of texts both wordings; null where there is
   * none. `reason` names properties and positions, no values.
   */
  | { readonly kind: 'conflict'; readonly draft: Json | null; readonly reason: string };

/**
 * Without operations, by the difference of base and client. Both sides can be swapped: who is the server decides
 * nothing. Never throws: what cannot be merged, an invalid list of operations too, is a conflict.
 */
export function mergeValue(spec: MergeSpec, input: MergeInput): MergeResult {
  const { base, server, client, operations } = input;
  if (![base ?? null, server, client ?? null].every((value) => isJson(value))) {
    return { kind: 'conflict', draft: null, reason: 'a value is no JSON, or nested deeper than 100 levels' };
  }
  const context: MergeContext = { path: [], later: input.clientIsLater === true ? 'client' : 'server' };
  const outcome =
    operations.length > 0 ? mergeOperations(spec, input, context) : mergeValues(spec, input, context);
  if (outcome.clashes.length === 0 && outcome.value !== undefined) {
    return { kind: 'merged', value: outcome.value };
  }
  return { kind: 'conflict', draft: outcome.value ?? null, reason: reasonOf(outcome.clashes) };
}

const NO_BASE = 'the value that the device changed is not known';

function mergeValues(spec: MergeSpec, { base, server, client }: MergeInput, context: MergeContext): Outcome {
  if (client === undefined)
    return clashed(undefined, context, 'there is neither a value nor a list of operations');
  const isCounter = spec.kind === 'counter';
  if (!isCounter && sameJson(server, client)) return agreed(server);
  if (base === undefined) return clashed(undefined, context, NO_BASE);
  if (sameJson(base, client)) return agreed(server);
  if (sameJson(base, server)) return agreed(client);
  if (isCounter) return mergeCounter({ base, server, client }, context);
  const old = base ?? empty(spec);
  if (![old, server, client].every((value) => fits(spec, value)))
    return clashed(server, context, misfit(spec));
  if (spec.kind === 'object') return mergeJson({ base: old, server, client }, context);
  if (spec.kind === 'text') {
    const sides = {
      server: editsBetween(old as string, server as string),
      client: editsBetween(old as string, client as string),
    };
    return mergeText(old as string, sides, context);
  }
  const arrays = [old, server, client] as (readonly Json[])[];
  if (arrays.some((value) => repeatsKey(value, spec.key))) return clashed(server, context, REPEATED_KEY);
  const [from, one, other] = arrays as [readonly Json[], readonly Json[], readonly Json[]];
  const changes = {
    base: from,
    server: arrayChangeBetween(from, one, spec.key),
    client: arrayChangeBetween(from, other, spec.key),
  };
  return mergeArray(changes, context, mergeJson);
}

const REPEATED_KEY = 'two elements have the same key';

/** NULL, before anybody wrote into it. */
function empty(spec: MergeSpec): Json {
  return spec.kind === 'text' ? '' : spec.kind === 'array' ? [] : {};
}

function fits({ kind }: MergeSpec, value: Json | undefined): boolean {
  if (kind === 'text') return typeof value === 'string' && isWellFormed(value);
  return kind === 'array' ? isArray(value) : isObject(value);
}

function misfit({ kind }: MergeSpec): string {
  return `one side is no ${kind === 'text' ? 'well-formed text' : kind}, so it cannot be merged`;
}

function mergeOperations(spec: MergeSpec, input: MergeInput, context: MergeContext): Outcome {
  const { base, server, operations } = input;
  if (spec.kind === 'counter') {
    const delta = readCounterOperations(operations);
    return delta.ok ? addToCounter(server, delta.value, context) : invalidList(delta.problem, context);
  }
  if (base === undefined) return clashed(undefined, context, NO_BASE);
  const old = base ?? empty(spec);
  if (!fits(spec, old)) return clashed(server, context, misfit(spec));
  if (spec.kind === 'object') {
    const value = isObject(old) ? readObjectOperations(old, operations) : null;
    if (value?.ok !== true) return invalidList(value?.problem ?? '', context);
    return mergeValues(spec, { ...input, client: value.value }, context);
  }
  const now = base === null ? (server ?? old) : server;
  return spec.kind === 'text'
    ? mergeTextOperations({ base: old as string, server: now, operations }, context)
    : mergeArrayOperations({ base: old as readonly Json[], server: now, operations }, spec.key, context);
}

function invalidList(problem: string, context: MergeContext): Outcome {
  return clashed(undefined, context, `the list of operations is invalid: ${problem}`);
}

type Described<T> = Pick<MergeInput, 'server' | 'operations'> & { readonly base: T };

function mergeTextOperations(input: Described<string>, context: MergeContext): Outcome {
  const { base, server, operations } = input;
  const edits = readTextOperations(base, operations);
  if (!edits.ok) return invalidList(edits.problem, context);
  const value = applyEdits(base, edits.value);
  if (server === value || server === base) return agreed(value);
  if (base === value) return agreed(server);
  if (typeof server !== 'string' || !isWellFormed(server))
    return clashed(server, context, misfit({ kind: 'text' }));
  const sides = { server: editsBetween(base, server), client: inWholeWords(base, edits.value) };
  return mergeText(base, sides, context);
}

function mergeArrayOperations(
  input: Described<readonly Json[]>,
  key: string | undefined,
  context: MergeContext,
): Outcome {
  const { base, server, operations } = input;
  if (repeatsKey(base, key)) return clashed(server, context, REPEATED_KEY);
  const client = readArrayOperations(base, operations, key);
  if (!client.ok) return invalidList(client.problem, context);
  const value = arrayAfter(client.value);
  if (sameJson(server, value) || sameJson(base, server)) return agreed(value);
  if (sameJson(base, value)) return agreed(server);
  if (!isArray(server)) return clashed(server, context, misfit({ kind: 'array' }));
  if (repeatsKey(server, key)) return clashed(server, context, REPEATED_KEY);
  return mergeArray(
    { base, server: arrayChangeBetween(base, server, key), client: client.value },
    context,
    mergeJson,
  );
}
