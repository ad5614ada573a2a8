/**
 * Makes pieces ready for COPY: columns in the order of the mirror, results of `compute`, and the rows set aside that
 * cannot or may not be loaded. Everything that depends on the entity is decided once; per row only the work is left.
 */
import type { EntityPlan, Piece, PieceLayout, ShapedPiece } from './entity.ts';
import { openTuples, scanTuple } from './pg-binary.ts';
import type { TextRow } from './pg-text.ts';
import { compileBinaryShape } from './shape-binary.ts';
import { binaryKeyReader, textKeyReader } from './shape-key.ts';
import { noRest, type Rest } from './shape-rest.ts';
import { compileRowsShape } from './shape-rows.ts';

/**
 * 'pg-binary' pieces become COPY binary tuples; 'rows' pieces too where they go straight into the mirror, as far as
 * their types and texts allow it, else lines of COPY text. An entity may get both, as rows that are looked up by key
 * come as text. Calls for several pieces may overlap.
 *
 * @param rest a piece takes a tenth of a second and more, and this process serves sockets and heartbeats meanwhile.
 *
 * Rejects: UNREADABLE_KEY, OVERSIZED, INVALID_VALUE, COMPUTE_FAILED, VALIDATION, in this order of looking.
 * @throws SyncError INTERNAL when a piece does not hold what the plan says.
 */
export function compileShape(
  plan: EntityPlan,
  layout: PieceLayout,
  rest: Rest = noRest,
): (piece: Piece) => Promise<ShapedPiece> {
  const rows = compileRowsShape(plan, layout, rest);
  const binary = plan.format === 'pg-binary' ? compileBinaryShape(plan, layout, rest) : null;
  return (piece) => {
    if (piece.format === 'rows') return rows(piece);
    return (binary ?? compileBinaryShape(plan, layout, rest))(piece);
  };
}

/** The encoded keys of all rows that have one, whatever else is wrong with them (C5), in the piece's order. */
export function pieceKeys(plan: EntityPlan, piece: Piece): string[] {
  const keys: string[] = [];
  if (piece.format === 'rows') {
    const keyOf = textKeyReader(plan);
    for (const row of piece.values) pushKey(keys, keyOf(row as TextRow));
    return keys;
  }
  const keyOf = binaryKeyReader(plan);
  const tuples = openTuples(piece.data, plan.readColumns.length, 'fields');
  for (let at = 0; at < tuples.bytes.length; ) {
    at = scanTuple(tuples, at);
    pushKey(keys, keyOf(tuples));
  }
  return keys;
}

function pushKey(keys: string[], key: string | null): void {
  if (key !== null) keys.push(key);
}
