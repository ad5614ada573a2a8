/** Which rows the source marks as deleted. */
import type { EntityPlan } from './entity.ts';
import { canonicalKeyPart } from './keys.ts';
import { wireTypeOf } from './pg-binary-decode.ts';
import { booleanOf, fieldOf } from './shape-view.ts';

export type SoftDeleteMark = {
  /** Index of the read column. */
  readonly field: number;
  readonly type: string;
  /** Does this text of the column, or NULL, mean deleted? */
  readonly means: (text: string | null) => boolean;
};

export function softDeleteMark(plan: EntityPlan): SoftDeleteMark | null {
  const { softDelete } = plan.spec;
  if (softDelete === null) return null;
  const field = fieldOf(plan, softDelete.column);
  const type = plan.readColumns[field]?.mirrorType ?? 'text';
  if (softDelete.values === undefined) return { field, type, means: (text) => text !== null };
  const spelled = spellingOf(type);
  const values = new Set(softDelete.values.map((text) => (text === null ? null : spelled(text))));
  return { field, type, means: (text) => values.has(text === null ? null : spelled(text)) };
}

/** Equal values of most types have one text. */
function spellingOf(type: string): (text: string) => unknown {
  const wire = wireTypeOf(type);
  if (wire === 'bool') return booleanOf;
  if (wire === 'bpchar') return (text) => text.replace(/ +$/, '');
  if (wire === 'numeric') return (text) => canonicalKeyPart(text, 'numeric');
  return (text) => text;
}
