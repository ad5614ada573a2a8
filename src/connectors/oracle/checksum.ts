/**
 * A digest of a range's rows that the mirror can be compared with. The rows are read and digested here: Oracle's own
 * texts of numbers and floats are not PostgreSQL's, and its VARCHAR2 is too short for a row.
 */
import { canonicalRowText, digestOf } from '../../domain/checksum.ts';
import type { EntityPlan } from '../../domain/entity.ts';
import type { KeyRange } from '../../domain/source-shape.ts';
import { mirrored } from './mirrored.ts';
import { readChunk } from './read.ts';
import type { OracleSource } from './session.ts';

const PIECE_BYTES = 1024 * 1024;
const TWO_64 = 2n ** 64n;

/** Over the mirrored source columns, in the order of the mirror. */
export async function canonicalChecksum(
  source: OracleSource,
  plan: EntityPlan,
  { range, signal }: { range: KeyRange; signal: AbortSignal },
): Promise<{ rows: number; digest: string }> {
  const columns = plan.loadColumns
    .filter(({ role }) => role === 'from')
    .map(({ from, type }) => ({
      at: plan.readColumns.findIndex(({ name }) => name === from),
      as: mirrored(type),
    }));
  let rows = 0;
  let sum = 0n;
  const options = { format: 'rows', pieceBytes: PIECE_BYTES, signal } as const;
  for await (const piece of readChunk(source, plan, { range, options })) {
    if (piece.format !== 'rows') continue;
    rows += piece.rows;
    const texts = piece.values.map((row) =>
      canonicalRowText(
        columns.map(({ at, as }) => {
          const value = row[at] ?? null;
          return value === null ? null : as(value);
        }),
      ),
    );
    sum += BigInt(digestOf(texts));
  }
  return { rows, digest: String(sum % TWO_64) };
}
