/** The encoded key of a row, as `keySql` gives it for the row in the mirror. */
import type { EntityPlan } from './entity.ts';
import { canonicalKeyPart, encodeKey } from './keys.ts';
import type { Tuples } from './pg-binary.ts';
import { decoderOf, type FieldReader, wireTypeOf } from './pg-binary-decode.ts';
import { isStorable, type TextRow } from './pg-text.ts';
import { fieldOf } from './shape-view.ts';

/** null: a part is NULL, or no text that PostgreSQL can hold. */
export type KeyReader<S> = (source: S) => string | null;

type KeyPart = {
  readonly field: number;
  readonly type: string;
  readonly canonical: (text: string) => string;
};

export function keyFields(plan: EntityPlan): number[] {
  return plan.spec.key.map((name) => fieldOf(plan, name));
}

function keyParts(plan: EntityPlan): KeyPart[] {
  return plan.spec.key.map((name, position) => {
    const field = fieldOf(plan, name);
    const type =
      plan.mirrorColumns.find(({ keyPosition }) => keyPosition === position)?.type ??
      plan.readColumns[field]?.mirrorType ??
      'text';
    return { field, type, canonical: canonicalOf(type) };
  });
}

/** A cast to text of what COPY prints: character(n) loses its padding. */
function canonicalOf(type: string): (text: string) => string {
  if (wireTypeOf(type) === 'bpchar') return (text) => text.replace(/ +$/, '');
  return type.startsWith('numeric') ? (text) => canonicalKeyPart(text, type) : (text) => text;
}

export function binaryKeyReader(plan: EntityPlan): KeyReader<Tuples> {
  const parts = keyParts(plan).map((part) => ({ ...part, text: textOf(plan, part) }));
  return (tuples) => {
    const texts: string[] = [];
    for (const { field, canonical, text } of parts) {
      const end = tuples.ends[field] as number;
      if (end < 0) return null;
      texts.push(canonical(text(tuples, tuples.starts[field] as number, end)));
    }
    return encodeKey(texts);
  };
}

function textOf(plan: EntityPlan, { field, type }: KeyPart): FieldReader<string> {
  const decoder = decoderOf(plan.readColumns[field]?.mirrorType ?? type);
  if (decoder === null) throw new RangeError(`A key of type ${type} cannot be read`);
  return decoder.text;
}

export function textKeyReader(plan: EntityPlan): KeyReader<TextRow> {
  const parts = keyParts(plan);
  return (values) => {
    const texts: string[] = [];
    for (const { field, canonical } of parts) {
      const value = values[field] as string | null;
      if (value === null || !isStorable(value)) return null;
      texts.push(canonical(value));
    }
    return encodeKey(texts);
  };
}
