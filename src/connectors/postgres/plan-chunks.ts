/** Boundaries of a full run's chunks, from one walk over the keys. */
import type { EntityPlan } from '../../domain/entity.ts';
import { canonicalKeyPart, encodeKey } from '../../domain/keys.ts';
import type { KeyRange } from '../../domain/source-shape.ts';
import type { ChunkPlan } from '../contract.ts';
import { estimate } from './estimate.ts';
import { keyOrder, orderBy } from './keys-sql.ts';
import { selectList } from './read.ts';
import { fromClause, whereClause } from './relation.ts';
import { inSession, type PgSource } from './session.ts';

/** @returns ranges that meet without gap or overlap, the first and the last unbounded (C5). */
export async function planChunks(
  source: PgSource,
  plan: EntityPlan,
  options: { chunkRows: number; chunkBytes: number; signal: AbortSignal },
): Promise<ChunkPlan> {
  const parts = keyOrder(plan);
  const from = fromClause(plan.spec.read);
  const readable = parts.filter((part) => part.nullable).map((part) => `${part.expression} IS NOT NULL`);
  return inSession(source, { signal: options.signal }, async (client) => {
    const { rowBytes } = await estimate(
      client,
      `SELECT ${selectList(plan)} ${from} ${whereClause(plan.spec)}`,
    );
    const chunkRows = Math.max(1, Math.min(options.chunkRows, Math.floor(options.chunkBytes / rowBytes)));
    const keys = parts.map((part, i) => `${part.expression} AS k${i}`).join(', ');
    const order = orderBy(parts);
    // `more`: a boundary at the very last row would only make an empty chunk behind it.
    const { rows } = await client.query<Record<string, string>>(
      `SELECT * FROM (
         SELECT ${keys}, row_number() OVER (${order}) AS n, lead(true) OVER (${order}) AS more
         ${from} ${whereClause(plan.spec, readable)}) AS walk
        WHERE n % $1 = 0 AND more ORDER BY n`,
      [chunkRows],
    );
    const boundaries = rows.map((row) =>
      encodeKey(parts.map((part, i) => canonicalKeyPart(row[`k${i}`] as string, part.type))),
    );
    return { ranges: toRanges(boundaries) };
  });
}

/** A key that fills more than a chunk gives equal boundaries: one is enough. */
function toRanges(boundaries: readonly string[]): KeyRange[] {
  const distinct = boundaries.filter((key, i) => i === 0 || key !== boundaries[i - 1]);
  return [...distinct, null].map((upper, i) => ({
    lower: i === 0 ? null : (distinct[i - 1] as string),
    upper,
  }));
}
