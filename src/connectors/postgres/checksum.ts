/** A digest of a range's rows that the mirror can be compared with. */

import { canonicalRowSql, digestSql } from '../../domain/checksum.ts';
import type { EntityPlan, MirrorColumn } from '../../domain/entity.ts';
import type { KeyRange } from '../../domain/source-shape.ts';
import { quoteIdent } from '../../pg/identifiers.ts';
import { isPadded, keyOrder, rangeConditions } from './keys-sql.ts';
import { fromClause, whereClause } from './relation.ts';
import { inSession, type PgSource } from './session.ts';

/** Over the mirrored source columns, in the order of the mirror. */
export async function canonicalChecksum(
  source: PgSource,
  plan: EntityPlan,
  { range, signal }: { range: KeyRange; signal: AbortSignal },
): Promise<{ rows: number; digest: string }> {
  const columns = plan.loadColumns
    .filter((column) => column.role === 'from')
    .map((column) => ({ expression: asMirrored(plan, column), type: column.type }));
  const text = [
    `SELECT count(*) AS rows, ${digestSql(canonicalRowSql(columns))} AS digest`,
    fromClause(plan.spec.read),
    whereClause(plan.spec, rangeConditions(keyOrder(plan), range)),
  ].join(' ');
  const result = await inSession(source, { signal }, async (client) => (await client.query(text)).rows);
  return { rows: Number(result[0].rows), digest: String(result[0].digest) };
}

/** The value as the mirror has it. A cast would strip the blanks of char(n), which the mirror keeps: its output does not. */
function asMirrored(plan: EntityPlan, column: MirrorColumn): string {
  const name = quoteIdent(column.from ?? '');
  const source = plan.readColumns.find((candidate) => candidate.name === column.from);
  if (source === undefined) return `(${name})::${column.type}`;
  if (isPadded(source)) return `(textin(bpcharout(${name})))::${column.type}`;
  const element = { ...source, sourceType: source.sourceType.replace(/\[\]$/, '') };
  return isPadded(element) ? `(textin(array_out(${name})))::${column.type}` : `(${name})::${column.type}`;
}
