/**
 * Keys and positions in SQL: how rows are ordered, and conditions that compare them with a position. COPY takes no
 * bound values, so positions stand in the statement as escaped literals.
 */
import pg from 'pg';
import type { EntityPlan, SourceColumn } from '../../domain/entity.ts';
import { SyncError } from '../../domain/errors.ts';
import { decodeKey } from '../../domain/keys.ts';
import type { KeyRange } from '../../domain/source-shape.ts';
import { quoteIdent } from '../../pg/identifiers.ts';

/** One value of a position: what orders it, and the type that its text is read as. */
export type OrderPart = { readonly expression: string; readonly type: string; readonly nullable: boolean };

export function keyColumns(plan: EntityPlan): SourceColumn[] {
  return plan.spec.key.map((name) => {
    const column = plan.readColumns.find((candidate) => candidate.name === name);
    if (column === undefined) {
      throw new SyncError('SCHEMA_CHANGED', {
        message: `Entity ${plan.spec.entity}: key column ${name} is not read`,
      });
    }
    return column;
  });
}

export function keyOrder(plan: EntityPlan): OrderPart[] {
  return keyColumns(plan).map(keyPart);
}

/** Text is ordered by its bytes, as the mirror orders it, whatever the column's own collation (C5). */
function keyPart(column: SourceColumn): OrderPart {
  const name = quoteIdent(column.name);
  const { nullable } = column;
  if (column.mirrorType !== 'text') {
    return { expression: name, type: column.mirrorType ?? column.sourceType, nullable };
  }
  if (isPadded(column)) return { expression: `${name} COLLATE "C"`, type: 'bpchar', nullable };
  const isPlain = /^(text|character varying.*)$/.test(column.sourceType);
  return { expression: `${isPlain ? name : `${name}::text`} COLLATE "C"`, type: 'text', nullable };
}

/** char(n), whose comparison ignores trailing blanks, which the mirror's text does not. */
export function isPadded(column: SourceColumn): boolean {
  return /^(character(\(\d+\))?|bpchar)$/.test(column.sourceType);
}

export function isTextKey(column: SourceColumn): boolean {
  return column.mirrorType === 'text';
}

export function orderBy(parts: readonly OrderPart[]): string {
  return `ORDER BY ${parts.map((part) => part.expression).join(', ')}`;
}

/** `(a, b) > ('1'::integer, 'x'::text)` */
export function compare(
  parts: readonly OrderPart[],
  operator: '>' | '<=',
  values: readonly string[],
): string {
  const literals = parts.map((part, i) => `${pg.escapeLiteral(values[i] ?? '')}::${part.type}`);
  return `(${parts.map((part) => part.expression).join(', ')}) ${operator} (${literals.join(', ')})`;
}

/**
 * Conditions of a key range. Rows without a complete key belong to the last chunk, so that each is read, and by one
 * chunk only.
 */
export function rangeConditions(parts: readonly OrderPart[], range: KeyRange): string[] {
  const lower = range.lower === null ? null : decodeKey(range.lower, parts.length);
  const upper = range.upper === null ? null : decodeKey(range.upper, parts.length);
  const bounds = [
    ...(lower === null ? [] : [compare(parts, '>', lower)]),
    ...(upper === null ? [] : [compare(parts, '<=', upper)]),
  ];
  const nullable = parts.filter((part) => part.nullable);
  if (bounds.length === 0 || nullable.length === 0) return bounds;
  if (upper !== null) return [...bounds, ...nullable.map((part) => `${part.expression} IS NOT NULL`)];
  const incomplete = nullable.map((part) => `${part.expression} IS NULL`);
  return [`(${bounds.join(' AND ')}) OR ${incomplete.join(' OR ')}`];
}
