/**
 * Shapes pieces of text rows. For the mirror itself they become tuples of COPY binary; for staging, and where only
 * PostgreSQL can say what a text means, lines of COPY text.
 */
import { createSink, sunkBytes } from './byte-sink.ts';
import { computedText } from './computed.ts';
import type { EntityPlan, Piece, PieceLayout, Reject, ShapedPiece } from './entity.ts';
import { SyncError } from './errors.ts';
import { isStorable, type TextRow, writeTextRow } from './pg-text.ts';
import type { Value } from './row.ts';
import {
  compileJudge,
  hasFunctions,
  type Judge,
  textProblem,
  unreadableKey,
  type Verdict,
  type Views,
} from './shape-judge.ts';
import { keyFields, textKeyReader } from './shape-key.ts';
import { textPayload } from './shape-payload.ts';
import { type Rest, ROWS_BEFORE_REST } from './shape-rest.ts';
import { compileGlance, compileTuple, type TupleWriter } from './shape-rows-binary.ts';
import { computedColumns, fieldOf, mirrorViewColumns, sourceViewColumns, textView } from './shape-view.ts';
import { softDeleteMark } from './soft-delete.ts';

type RowsPiece = Extract<Piece, { format: 'rows' }>;

/** Of a row without long values; the output grows where that is not enough. */
const ROW_BYTES = 128;

export function compileRowsShape(
  plan: EntityPlan,
  layout: PieceLayout,
  rest: Rest,
): (piece: RowsPiece) => Promise<ShapedPiece> {
  const lineOf = compileLine(plan, layout);
  const asText = compileShaping(plan, rest, {
    judge: compileRowJudge(plan),
    write: (sink, row, computed) => {
      writeTextRow(sink, lineOf(row, computed));
      return true;
    },
  });
  const tuple = layout === 'mirror' ? compileTuple(plan, layout) : null;
  const asTuples = tuple === null ? null : compileShaping(plan, rest, tupleSteps(plan, tuple));
  return async (piece) => {
    const tuples = asTuples === null ? null : await asTuples(piece);
    if (tuples !== null) return { layout, format: 'pg-binary', ...tuples };
    const lines = await asText(piece);
    if (lines === null) throw new SyncError('INTERNAL', { message: 'A row could not be written as text' });
    return { layout, format: 'text', ...lines };
  };
}

type Steps = {
  readonly judge: Judge<TextRow>;
  /** false: such a piece has to be written in another way. */
  readonly write: TupleWriter;
};

/** Without functions, a row that looks good is written at once, and judged only when that fails. */
function tupleSteps(plan: EntityPlan, write: TupleWriter): Steps & { readonly glance: Glance | null } {
  return { judge: compileRowJudge(plan), write, glance: hasFunctions(plan) ? null : compileGlance(plan) };
}

type Glance = (row: TextRow) => boolean;
type Shaped = Omit<ShapedPiece, 'layout' | 'format'>;

function compileShaping(
  plan: EntityPlan,
  rest: Rest,
  { judge, write, glance = null }: Steps & { readonly glance?: Glance | null },
): (piece: RowsPiece) => Promise<Shaped | null> {
  const keyOf = textKeyReader(plan);
  const payloadOf = textPayload(plan);
  return async (piece) => {
    const sink = createSink(piece.values.length * ROW_BYTES);
    const rejects: Reject[] = [];
    const computed: Value[] = [];
    for (let i = 0; i < piece.values.length; i++) {
      const row = piece.values[i] as TextRow;
      if (glance === null || !glance(row) || !write(sink, row, computed)) {
        let verdict = judge(row, computed);
        if (verdict instanceof Promise) verdict = await verdict;
        if (verdict !== null) rejects.push({ ...verdict, key: keyOf(row), payload: payloadOf(row) });
        else if (!write(sink, row, computed)) return null;
      }
      if (i % ROWS_BEFORE_REST === 0) {
        const resting = rest();
        if (resting !== null) await resting;
      }
    }
    return {
      data: sunkBytes(sink),
      rowsInData: piece.values.length - rejects.length,
      rejects,
      rowsFetched: piece.values.length,
    };
  };
}

/** What holds for every row comes first, then the user's functions. */
function compileRowJudge(plan: EntityPlan): Judge<TextRow> {
  const { maxValueBytes } = plan.spec;
  const keys = keyFields(plan);
  const keyless = unreadableKey(plan);
  const byFunctions = hasFunctions(plan) ? compileJudge(plan, textViews(plan)) : null;
  const width = plan.readColumns.length;
  return (row, computed): Verdict | Promise<Verdict> => {
    if (row.length !== width) throw misshapen(plan, row.length);
    for (let i = 0; i < keys.length; i++) {
      const part = row[keys[i] as number] as string | null;
      if (part === null || !isStorable(part)) return keyless;
    }
    for (let i = 0; i < width; i++) {
      const value = row[i] as string | null;
      const problem = value === null ? null : textProblem(value, maxValueBytes);
      if (problem !== null) return { ...problem, detail: `${plan.readColumns[i]?.name}: ${problem.detail}` };
    }
    return byFunctions === null ? null : byFunctions(row, computed);
  };
}

function misshapen(plan: EntityPlan, found: number): SyncError {
  return new SyncError('INTERNAL', {
    message: `Entity ${plan.spec.entity}: a row of ${found} values where ${plan.readColumns.length} are read`,
  });
}

function textViews(plan: EntityPlan): Views<TextRow> {
  const mark = softDeleteMark(plan);
  return {
    source: textView(computedColumns(plan).length > 0 ? sourceViewColumns(plan) : []),
    mirror: textView(plan.spec.validate === null ? [] : mirrorViewColumns(plan)),
    isDeleted: (row) => mark?.means(row[mark.field] ?? null) ?? false,
  };
}

/** The values of a line in the layout's order, in an array that the next call fills anew. */
function compileLine(
  plan: EntityPlan,
  layout: PieceLayout,
): (row: readonly (string | null)[], computed: readonly Value[]) => readonly (string | null)[] {
  const columns = [...plan.loadColumns, ...(layout === 'staging' ? plan.stagingExtras : [])];
  const fields = columns.map(({ from }) => (from === null ? -1 : fieldOf(plan, from)));
  const computedNames = computedColumns(plan).map(({ name }) => name);
  const results = columns.map(({ name, from }) => (from === null ? computedNames.indexOf(name) : -1));
  const line = new Array<string | null>(columns.length).fill(null);
  return (row, computed) => {
    for (let i = 0; i < line.length; i++) {
      const field = fields[i] as number;
      line[i] =
        field >= 0 ? (row[field] as string | null) : computedText(computed[results[i] as number] as Value);
    }
    return line;
  };
}
