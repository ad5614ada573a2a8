/**
 * A mutation as devices write it: one JSON object, a line of an upload file or an element of a request. What cannot be
 * read is a rejected mutation, never a failed upload.
 */
import { z } from 'zod';
import type { Json } from '../merge/json.ts';
import type { StoredVerdict } from './stored-verdict.ts';
import type { Policy } from './upload-spec.ts';
import { parseVersion } from './versions.ts';

export const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;
const id = z.string().min(1).max(200);
const hlc = z.string().regex(/^[0-9a-f]{16}-[A-Za-z0-9_.:-]{1,64}$/, 'is no hybrid logical clock');

export const mutationSchema = z.strictObject({
  /** The device's own id of this change. Left out: made from what it says. */
  mutation: id.optional(),
  entity: id,
  /** The row's id: its key's text, or, of a row made offline, whatever the device chose. */
  row: z.string().min(1).max(1_000),
  operation: z.enum(['insert', 'update', 'delete']),
  /** By mirror column. Decimals and 64-bit integers as text. */
  values: z.record(z.string(), json).optional(),
  /** Instead of a value: what the device did to it, by mirror column (docs/uploads.md). */
  changes: z.record(z.string(), z.array(json).min(1)).optional(),
  /** The row as the device saw it: its version, the values that it had, or both. */
  base: z
    .strictObject({
      version: z
        .string()
        .refine((text) => parseVersion(text) !== null, 'is no version, such as "1.1234"')
        .optional(),
      values: z.record(z.string(), json).optional(),
    })
    .optional(),
  hlc: hlc.optional(),
  fieldHlcs: z.record(z.string(), hlc).optional(),
  policy: z.enum(['lastWriteWins', 'clientWins', 'serverWins', 'merge', 'rules', 'manual']).optional(),
  /** Mutations of one group, side by side in the upload, are applied all or not at all. */
  group: id.optional(),
  /** Lower ones first. Mutations of one row keep their order. Default 0. */
  priority: z.int().min(-1_000).max(1_000).optional(),
});

export type WireMutation = z.output<typeof mutationSchema> & { readonly policy?: Policy };

export type ReadMutation =
  | { readonly kind: 'read'; readonly mutation: WireMutation }
  /** `text`: what to tell the device. */
  | { readonly kind: 'unreadable'; readonly text: string; readonly hint: Partial<WireMutation> }
  | { readonly kind: 'judged'; readonly verdict: StoredVerdict; readonly hint: Partial<WireMutation> };

/** A line that is no JSON: it keeps its place among the mutations, as one that is rejected. */
export class UnreadableLine extends Error {
  /** Enumerable, so that an upload's hash covers it. */
  readonly why: string;

  constructor(why: string) {
    super(why);
    this.why = why;
  }
}

/** A mutation whose verdict was clear before it was kept: it keeps its place, and nothing is done about it. */
export class JudgedMutation {
  readonly mutation: unknown;
  readonly verdict: StoredVerdict;

  constructor(mutation: unknown, verdict: StoredVerdict) {
    this.mutation = mutation;
    this.verdict = verdict;
  }
}

export function readMutation(input: unknown): ReadMutation {
  if (input instanceof JudgedMutation) {
    return { kind: 'judged', verdict: input.verdict, hint: hintOf(input.mutation) };
  }
  if (input instanceof UnreadableLine) return { kind: 'unreadable', text: input.message, hint: {} };
  const parsed = mutationSchema.safeParse(input);
  if (!parsed.success) {
    return { kind: 'unreadable', text: storable(z.prettifyError(parsed.error)), hint: hintOf(input) };
  }
  const odd = oddText(parsed.data);
  if (odd === null) return { kind: 'read', mutation: parsed.data as WireMutation };
  return { kind: 'unreadable', text: `${odd} cannot be stored: remove it`, hint: hintOf(input) };
}

/** Enough to say which mutation it was. */
function hintOf(input: unknown): Partial<WireMutation> {
  if (typeof input !== 'object' || input === null) return {};
  const { mutation, entity, row, group } = input as Record<string, unknown>;
  const sound = (value: unknown): value is string =>
    typeof value === 'string' && value.length <= 1_000 && oddText(value) === null;
  return {
    ...(sound(mutation) && { mutation }),
    ...(sound(entity) && { entity }),
    ...(sound(row) && { row }),
    ...(sound(group) && { group }),
  };
}

/** A text about what somebody sent, names of properties among it. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** PostgreSQL keeps neither NUL nor half a character, and would replace the latter silently. */
export function oddText(value: unknown): string | null {
  if (typeof value === 'string') {
    if (value.includes('\u0000')) return 'the character U+0000';
    return /\p{Surrogate}/u.test(value) ? 'half a surrogate pair' : null;
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, item] of Object.entries(value)) {
    const odd = oddText(name) ?? oddText(item);
    if (odd !== null) return odd;
  }
  return null;
}

/** The text that PostgreSQL reads for a value of JSON. */
export function textOfJson(value: Json): string | null {
  if (value === null || typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
