/** Puts together the tuples of a shaped piece: runs of fields are copied, results of `compute` encoded. */
import { appendBytes, type ByteSink, createSink, sunkBytes } from './byte-sink.ts';
import type { EntityPlan, PieceLayout } from './entity.ts';
import { SyncError } from './errors.ts';
import type { Tuples } from './pg-binary.ts';
import { encoderOf, type FieldWriter, writeInt16, writeNull } from './pg-binary-encode.ts';
import type { Value } from './row.ts';
import { computedColumns, fieldOf } from './shape-view.ts';

/** The scanned tuple from `start` to `end`. */
export type TupleAt = {
  readonly tuples: Tuples;
  readonly start: number;
  readonly end: number;
  readonly computed: readonly Value[];
};

export type Output = {
  keep(tuple: TupleAt): void;
  /** A rejected tuple. */
  skip(start: number, end: number): void;
  finish(): Uint8Array;
};

/** Neighbouring fields that go out as they came in, or one computed column. */
type Part =
  | { readonly kind: 'run'; first: number; last: number }
  | { readonly kind: 'computed'; readonly index: number; readonly write: FieldWriter };

export function compileOutput(plan: EntityPlan, layout: PieceLayout): (bytes: Buffer) => Output {
  const parts = partsOf(plan, layout);
  const width = plan.loadColumns.length + (layout === 'staging' ? plan.stagingExtras.length : 0);
  const [only] = parts;
  const isWhole =
    parts.length === 1 && only?.kind === 'run' && only.first === 0 && width === plan.readColumns.length;
  return isWhole ? passOn : (bytes) => assemble(parts, width, createSink(bytes.length + (bytes.length >> 2)));
}

/** Tuples stay as they are: without rejects not a byte is copied, else what lies between them. */
function passOn(bytes: Buffer): Output {
  let sink: ByteSink | null = null;
  let kept = 0;
  return {
    keep() {},
    skip(start, end) {
      sink ??= createSink(bytes.length);
      appendBytes(sink, bytes, { start: kept, end: start });
      kept = end;
    },
    finish() {
      if (sink === null) return bytes;
      appendBytes(sink, bytes, { start: kept, end: bytes.length });
      return sunkBytes(sink);
    },
  };
}

function assemble(parts: readonly Part[], width: number, sink: ByteSink): Output {
  return {
    keep({ tuples, end, computed }) {
      const { bytes, starts } = tuples;
      writeInt16(sink, width);
      for (let i = 0; i < parts.length; i++) {
        const part = parts[i] as Part;
        if (part.kind === 'run') {
          // A field's length stands in the four bytes before it, also that of NULL.
          const from = (starts[part.first] as number) - 4;
          const to = part.last + 1 < starts.length ? (starts[part.last + 1] as number) - 4 : end;
          appendBytes(sink, bytes, { start: from, end: to });
        } else {
          const value = computed[part.index] as Value;
          if (value === null) writeNull(sink);
          else part.write(sink, value);
        }
      }
    },
    skip() {},
    finish: () => sunkBytes(sink),
  };
}

function partsOf(plan: EntityPlan, layout: PieceLayout): Part[] {
  const computedNames = computedColumns(plan).map(({ name }) => name);
  const columns = [...plan.loadColumns, ...(layout === 'staging' ? plan.stagingExtras : [])];
  const parts: Part[] = [];
  for (const { name, type, from } of columns) {
    if (from === null) {
      const write = encoderOf(type);
      if (write === null) throw unsupported(plan, name, type);
      parts.push({ kind: 'computed', index: computedNames.indexOf(name), write });
      continue;
    }
    const field = fieldOf(plan, from);
    const last = parts.at(-1);
    if (last?.kind === 'run' && last.last + 1 === field) last.last = field;
    else parts.push({ kind: 'run', first: field, last: field });
  }
  return parts;
}

function unsupported(plan: EntityPlan, column: string, type: string): SyncError {
  return new SyncError('TYPE_UNSUPPORTED', {
    message: `Entity ${plan.spec.entity}: ${column} is computed as ${type}, which binary pieces cannot hold`,
  });
}
