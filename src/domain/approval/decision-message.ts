/**
 * A human decision as it is sent, in one shape by signal, update, command line and HTTP:
 * `{"decision":"client"|"server"|"merged","fields":{…},"round":1,"comment":"…"}`
 */
import { z } from 'zod';
import { closest } from '../closest.ts';
import type { Json } from '../merge/json.ts';
import { type ConflictFacts, type HumanDecision, type Refusal, refusal } from './approval.ts';

export const MAX_COMMENT = 2_000;
/** Far below what a Temporal payload may have. */
const MAX_FIELDS_LENGTH = 200_000;
/** A double keeps any decimal of so many digits. */
const EXACT_DIGITS = 15;
const MAX_DEPTH = 64;

const EXAMPLE = '{"decision":"client","round":1,"comment":"why"}';

/** What is wrong with a decision may depend on the conflict that it is for. */
export type Decidable = Pick<ConflictFacts, 'clash' | 'proposed'> & { readonly round: number };

const decisionMessage = z.strictObject(
  {
    decision: z.enum(['client', 'server', 'merged'], 'must be "client", "server" or "merged"'),
    // Not z.record(): it would drop a column that is named like a part of every object.
    fields: z
      .custom<Readonly<Record<string, Json>>>(isObject, 'must be an object: {"column": value, …}')
      .optional(),
    round: z.int('must be the number of the round that you saw, such as 1').positive('counts from 1'),
    comment: z.string('must be a text').max(MAX_COMMENT, `has at most ${MAX_COMMENT} characters`).optional(),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object' : undefined) },
);

/** For the input of a signal, an update, a command or a request, whatever it is. */
export function parseDecision(input: unknown, conflict: Decidable): HumanDecision | Refusal {
  const parsed = decisionMessage.safeParse(input);
  if (!parsed.success) return malformed(EXAMPLE, parsed.error);
  const { fields, comment, decision, round } = parsed.data;
  if (round !== conflict.round) return wrongRound(round, conflict.round);
  const problem = whyNotFields({ decision, fields }, conflict);
  if (problem !== null) return refusal('malformed', problem);
  return {
    decision,
    round,
    ...(fields !== undefined && { fields }),
    ...(comment !== undefined && { comment }),
  };
}

export type Hidden = {
  readonly input: unknown;
  /** What is wrong with the values, without them; nobody else can tell from then on. */
  readonly problem: string | null;
};

/** A decision for those who must not know its values: each is null. @returns null where it has none. */
export function withoutValues(input: unknown): Hidden | null {
  if (!isObject(input) || !isObject(input.fields)) return null;
  const { fields } = input;
  const names = Object.keys(fields).map((name) => [name, null] as const);
  return { input: { ...input, fields: Object.fromEntries(names) }, problem: whyNotValues(fields) };
}

export function wrongRound(given: number, current: number): Refusal {
  return refusal(
    'wrongRound',
    given < current
      ? `The row changed after round ${given}: look at it again, then decide with "round":${current}`
      : `There is no round ${given} yet: the current one is ${current}`,
  );
}

/** @returns null when the fields are those that the decision needs. */
export function whyNotFields(
  { decision, fields }: { decision: string; fields: HumanDecision['fields'] | undefined },
  { clash, proposed }: Pick<Decidable, 'clash' | 'proposed'>,
): string | null {
  if (decision !== 'merged') {
    return fields === undefined
      ? null
      : `"fields" goes with "decision":"merged" only, not with "${decision}"`;
  }
  const known = [...new Set([...(clash?.fields ?? []), ...proposed])];
  if (known.length === 0) return 'There are no fields to merge: decide "client" or "server"';
  const given = Object.keys(fields ?? {});
  const wanted = clash === null || clash.fields.length === 0 ? [] : clash.fields;
  const missing = wanted.filter((field) => !given.includes(field));
  if (missing.length > 0) return `"merged" needs a value for every clashing field; missing: ${list(missing)}`;
  if (given.length === 0) return `"merged" needs "fields": a value for at least one of ${list(known)}`;
  const unknown = given.find((field) => !known.includes(field));
  if (unknown !== undefined) return unknownField(unknown, known);
  return whyNotValues(fields ?? {});
}

function whyNotValues(fields: Readonly<Record<string, Json>>): string | null {
  for (const [name, value] of Object.entries(fields)) {
    const problem = whyNotValue(value, MAX_DEPTH);
    if (problem !== null) return `fields.${name} ${problem}`;
  }
  if (JSON.stringify(fields).length <= MAX_FIELDS_LENGTH) return null;
  return `"fields" has more than ${MAX_FIELDS_LENGTH} characters: correct the row in the application instead`;
}

function unknownField(given: string, known: readonly string[]): string {
  const meant = closest(given.slice(0, 64), known);
  const hint = meant === null ? `it has ${list(known)}` : `did you mean ${meant}?`;
  return `fields.${given.slice(0, 64)} is not part of this conflict: ${hint}`;
}

function isObject(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number whose text in JSON may have had more digits than it kept is refused, not written rounded. */
function whyNotValue(value: Json, depth: number): string | null {
  if (typeof value === 'number')
    return isExact(value) ? null : 'has more digits than a JSON number keeps: write it in quotes';
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return null;
  if (typeof value !== 'object') return 'is no JSON value';
  if (depth === 0) return 'is nested too deep';
  for (const part of Object.values(value)) {
    const problem = whyNotValue(part as Json, depth - 1);
    if (problem !== null) return problem;
  }
  return null;
}

function isExact(value: number): boolean {
  if (!(Math.abs(value) < 10 ** EXACT_DIGITS)) return false;
  const digits = String(value).replace(/e.*$/, '').replace(/[-.]/g, '').replace(/^0+/, '');
  return digits.length <= EXACT_DIGITS;
}

function list(names: readonly string[]): string {
  return names.join(', ');
}

/** Says what was expected and what was wrong, never what a value was. */
export function malformed(example: string, error: z.ZodError): Refusal {
  const problems = error.issues.map(({ path, message }) =>
    [path.join('.'), message].filter(Boolean).join(' '),
  );
  return refusal('malformed', `Expected ${example}: ${problems.join('; ')}`.slice(0, 1_000));
}
