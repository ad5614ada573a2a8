/** A field's values, between the texts of its column and the JSON that merging speaks of. */
import type { Json } from '../merge/json.ts';
import { mergeValue } from '../merge/merge-value.ts';
import { isJsonType, parseJsonText } from './json-text.ts';
import type { MergeSpec } from './upload-spec.ts';

/** One field's values on both sides. */
export type FieldSides = {
  /** As format_type() prints it. */
  readonly type: string;
  readonly current: string | null;
  /** What both sides started from; undefined: nobody knows. */
  readonly base: string | null | undefined;
  /** What the device wants, or has where it wants nothing; undefined: nobody knows. */
  readonly wanted: string | null | undefined;
  /** What the device did to the base, where it sent that instead of a value. */
  readonly operations: readonly Json[];
};

export type FieldMerge =
  | { readonly kind: 'merged'; readonly text: string | null }
  /** `draft` undefined: there is none. */
  | { readonly kind: 'failed'; readonly draft: string | null | undefined; readonly reason: string };

/** Both sides' changes in one value. */
export function mergeField(
  spec: MergeSpec,
  sides: FieldSides,
  { clientIsLater }: { readonly clientIsLater: boolean },
): FieldMerge {
  const { type, base, current, wanted, operations } = sides;
  const [baseJson, server, client] = [base, current, wanted].map((text) => toJson(type, text));
  const unreadable =
    server === undefined ||
    (base !== undefined && baseJson === undefined) ||
    (wanted !== undefined && client === undefined);
  if (unreadable) {
    const reason = 'it holds no JSON, or a number with more digits than can be kept';
    return { kind: 'failed', draft: undefined, reason };
  }
  const own = operations.length > 0 ? undefined : client;
  const merged = mergeValue(spec, { base: baseJson, server, client: own, operations, clientIsLater });
  if (merged.kind === 'merged') {
    const text = toText(type, merged.value);
    return text === undefined
      ? { kind: 'failed', draft: undefined, reason: `the merged value does not fit a column of type ${type}` }
      : { kind: 'merged', text };
  }
  const draft = merged.draft === null ? undefined : toText(type, merged.draft);
  return { kind: 'failed', draft, reason: merged.reason };
}

/** What a device's operations make of the value that it saw. */
export function applyOperations(
  spec: MergeSpec,
  sides: Omit<FieldSides, 'current' | 'wanted'> & { readonly base: string | null },
): FieldMerge {
  return mergeField(spec, { ...sides, current: sides.base, wanted: undefined }, { clientIsLater: true });
}

function toJson(type: string, text: string | null | undefined): Json | undefined {
  if (text === null || text === undefined) return text;
  return isJsonType(type) ? parseJsonText(text) : text;
}

/** undefined: a list or an object in a column that is no JSON. */
function toText(type: string, value: Json): string | null | undefined {
  if (value === null) return null;
  if (isJsonType(type)) return JSON.stringify(value);
  return typeof value === 'object' ? undefined : String(value);
}
