/** Rows of text as tuples of COPY binary, which PostgreSQL takes in without parsing a value. */
import type { ByteSink } from './byte-sink.ts';
import { computedText } from './computed.ts';
import type { EntityPlan, PieceLayout } from './entity.ts';
import { writeInt16, writeNull } from './pg-binary-encode.ts';
import type { TextFieldWriter } from './pg-binary-field.ts';
import { textFieldWriter } from './pg-binary-from-text.ts';
import { isStorable, type TextRow } from './pg-text.ts';
import type { Value } from './row.ts';
import { keyFields } from './shape-key.ts';
import { computedColumns, fieldOf } from './shape-view.ts';

/** A loaded column: a field of the row, or the index of a computed value. */
type Column = { readonly field: number; readonly computed: number; readonly write: TextFieldWriter };

/** Writes a row as a tuple; false: it cannot be one, and nothing of it is written. */
export type TupleWriter = (sink: ByteSink, row: TextRow, computed: readonly Value[]) => boolean;

/** null: a column has a type without a binary form here. */
export function compileTuple(plan: EntityPlan, layout: PieceLayout): TupleWriter | null {
  const columns = columnsOf(plan, layout);
  if (columns === null) return null;
  const width = columns.length;
  return (sink, row, computed) => {
    const start = sink.length;
    writeInt16(sink, width);
    for (let i = 0; i < width; i++) {
      const { field, computed: index, write } = columns[i] as Column;
      const text = field >= 0 ? (row[field] as string | null) : computedText(computed[index] as Value);
      if (text === null) writeNull(sink);
      else if (!write(sink, text)) {
        sink.length = start;
        return false;
      }
    }
    return true;
  };
}

function columnsOf(plan: EntityPlan, layout: PieceLayout): Column[] | null {
  const computedNames = computedColumns(plan).map(({ name }) => name);
  const columns: Column[] = [];
  for (const { name, type, from } of [
    ...plan.loadColumns,
    ...(layout === 'staging' ? plan.stagingExtras : []),
  ]) {
    const write = textFieldWriter(type);
    if (write === null) return null;
    const field = from === null ? -1 : fieldOf(plan, from);
    columns.push({ field, computed: from === null ? computedNames.indexOf(name) : -1, write });
  }
  return columns;
}

/**
 * Is there surely nothing against the row, apart from texts that its tuple cannot hold? Far cheaper than to judge it:
 * no character is looked at, as the tuple's writers see them all.
 */
export function compileGlance(plan: EntityPlan): (row: TextRow) => boolean {
  const keys = keyFields(plan);
  const loaded = new Set(plan.loadColumns.map(({ from }) => from));
  const unloaded = plan.readColumns.flatMap(({ name }, i) => (loaded.has(name) ? [] : [i]));
  const width = plan.readColumns.length;
  // At most three bytes a character.
  const maxChars = Math.floor(plan.spec.maxValueBytes / 3);
  return (row) => {
    if (row.length !== width) return false;
    for (let i = 0; i < width; i++) {
      const value = row[i] as string | null;
      if (value !== null && value.length > maxChars) return false;
    }
    for (let i = 0; i < keys.length; i++) if (row[keys[i] as number] === null) return false;
    for (let i = 0; i < unloaded.length; i++) {
      const value = row[unloaded[i] as number] as string | null;
      if (value !== null && !isStorable(value)) return false;
    }
    return true;
  };
}
