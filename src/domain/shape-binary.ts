/** Shapes pieces of COPY binary tuples: fields are copied as bytes, only what functions look at is decoded. */
import type { EntityPlan, Piece, PieceLayout, Reject, ShapedPiece } from './entity.ts';
import { SyncError } from './errors.ts';
import { openTuples, scanTuple, type Tuples } from './pg-binary.ts';
import { decoderOf } from './pg-binary-decode.ts';
import type { Value } from './row.ts';
import { compileOutput } from './shape-binary-output.ts';
import {
  compileJudge,
  hasFunctions,
  type Judge,
  oversized,
  unreadableKey,
  type Verdict,
  type Views,
} from './shape-judge.ts';
import { binaryKeyReader, keyFields } from './shape-key.ts';
import { binaryPayload } from './shape-payload.ts';
import { type Rest, ROWS_BEFORE_REST } from './shape-rest.ts';
import { binaryView, computedColumns, mirrorViewColumns, sourceViewColumns } from './shape-view.ts';
import { softDeleteMark } from './soft-delete.ts';

type BinaryPiece = Extract<Piece, { format: 'pg-binary' }>;

export function compileBinaryShape(
  plan: EntityPlan,
  layout: PieceLayout,
  rest: Rest,
): (piece: BinaryPiece) => Promise<ShapedPiece> {
  const judge = compileRowJudge(plan);
  const openOutput = compileOutput(plan, layout);
  const keyOf = binaryKeyReader(plan);
  const payloadOf = binaryPayload(plan);
  const width = plan.readColumns.length;
  const use = hasFunctions(plan) ? 'all' : 'fields';
  return async (piece) => {
    const tuples = openTuples(piece.data, width, use);
    const output = openOutput(tuples.bytes);
    const rejects: Reject[] = [];
    const computed: Value[] = [];
    let rows = 0;
    for (let at = 0; at < tuples.bytes.length; rows++) {
      const end = scanTuple(tuples, at);
      let verdict = judge(tuples, computed);
      if (verdict instanceof Promise) verdict = await verdict;
      if (verdict === null) output.keep({ tuples, start: at, end, computed });
      else {
        rejects.push({ ...verdict, key: keyOf(tuples), payload: payloadOf(tuples) });
        output.skip(at, end);
      }
      at = end;
      if (rows % ROWS_BEFORE_REST === 0) {
        const resting = rest();
        if (resting !== null) await resting;
      }
    }
    if (rows !== piece.rows) throw miscounted(plan, piece.rows, rows);
    return {
      layout,
      format: 'pg-binary',
      data: output.finish(),
      rowsInData: rows - rejects.length,
      rejects,
      rowsFetched: rows,
    };
  };
}

function miscounted(plan: EntityPlan, said: number, found: number): SyncError {
  return new SyncError('INTERNAL', {
    message: `Entity ${plan.spec.entity}: a piece of ${said} rows holds ${found}`,
  });
}

/** What holds for every row comes first, then the user's functions. */
function compileRowJudge(plan: EntityPlan): Judge<Tuples> {
  const { maxValueBytes } = plan.spec;
  const keys = keyFields(plan);
  const tooLarge = oversized(maxValueBytes);
  const keyless = unreadableKey(plan);
  const byFunctions = hasFunctions(plan) ? compileJudge(plan, binaryViews(plan)) : null;
  return (tuples, computed): Verdict | Promise<Verdict> => {
    for (let i = 0; i < keys.length; i++) {
      if ((tuples.ends[keys[i] as number] as number) < 0) return keyless;
    }
    if (tuples.longest > maxValueBytes) return tooLarge;
    return byFunctions === null ? null : byFunctions(tuples, computed);
  };
}

function binaryViews(plan: EntityPlan): Views<Tuples> {
  const computes = computedColumns(plan).length > 0;
  return {
    source: binaryView(computes ? sourceViewColumns(plan) : []),
    mirror: binaryView(plan.spec.validate === null ? [] : mirrorViewColumns(plan)),
    isDeleted: isDeletedTuple(plan),
  };
}

function isDeletedTuple(plan: EntityPlan): (tuples: Tuples) => boolean {
  const mark = softDeleteMark(plan);
  if (mark === null) return () => false;
  const { field, type, means } = mark;
  const text = decoderOf(type)?.text ?? (() => '');
  return (tuples) => {
    const end = tuples.ends[field] as number;
    return means(end < 0 ? null : text(tuples, tuples.starts[field] as number, end));
  };
}
