/** Plans and pieces for the tests of shaping. */
import { bindPlan } from '../../src/domain/bind-plan.ts';
import { createSink, sunkBytes } from '../../src/domain/byte-sink.ts';
import type { ColumnSpec, EntityPlan, EntitySpec, Piece } from '../../src/domain/entity.ts';
import { openTuples, scanTuple } from '../../src/domain/pg-binary.ts';
import { decoderOf } from '../../src/domain/pg-binary-decode.ts';
import { encoderOf, writeInt16, writeNull } from '../../src/domain/pg-binary-encode.ts';
import type { Value } from '../../src/domain/row.ts';

export type PlanOf = {
  /** Source columns by name. */
  readonly source: Readonly<Record<string, string>>;
  readonly columns?: readonly ColumnSpec[];
} & Partial<Pick<EntitySpec, 'key' | 'changedAt' | 'softDelete' | 'maxValueBytes'>> & {
    readonly validate?: unknown;
  };

export function planOf({ source, columns, validate, ...rest }: PlanOf): EntityPlan {
  const names = Object.keys(source);
  const spec: EntitySpec = {
    entity: 'sales',
    pipeline: 'pos',
    source: 'shop',
    read: { kind: 'table', table: 'sales' },
    key: [names[0] as string],
    changedAt: null,
    mirror: { schema: 'public', table: 'sales', shared: false },
    columns: columns ?? null,
    localColumns: [],
    validate: (validate ?? null) as EntitySpec['validate'],
    deduplicate: null,
    softDelete: null,
    massDeleteGuardPercent: 20,
    maxQuarantined: null,
    chunkRows: 50_000,
    lanes: 1,
    maxValueBytes: 1024,
    capture: false,
    schemaChanges: 'stop',
    upload: null,
    feed: null,
    ...rest,
  };
  const described = names.map((name) => ({
    name,
    sourceType: source[name] as string,
    mirrorType: (source[name] as string).replace(/^numeric.*/, 'numeric'),
    nullable: true,
    binaryAsIs: true,
  }));
  return bindPlan(spec, { columns: described });
}

export function from(name: string, source = name): ColumnSpec {
  return { role: 'from', name, from: source };
}

/** Rows by source name, in the order of the plan. */
export type Rows = readonly Readonly<Record<string, Value>>[];

export function binaryPiece(plan: EntityPlan, rows: Rows): Piece {
  const sink = createSink(0);
  for (const row of rows) {
    writeInt16(sink, plan.readColumns.length);
    for (const { name, mirrorType } of plan.readColumns) {
      const value = row[name] ?? null;
      if (value === null) writeNull(sink);
      else encoderOf(mirrorType ?? '')?.(sink, value);
    }
  }
  return { format: 'pg-binary', data: sunkBytes(sink), rows: rows.length, position: '' };
}

export function textPiece(plan: EntityPlan, rows: Rows): Piece {
  const values = rows.map((row) =>
    plan.readColumns.map(({ name }) => {
      const value = row[name] ?? null;
      return value === null ? null : value === true ? 't' : value === false ? 'f' : String(value);
    }),
  );
  return { format: 'rows', values, rows: rows.length, position: '' };
}

/** The texts of tuples whose fields have these types. */
export function readTuples(data: Uint8Array, types: readonly string[]): (string | null)[][] {
  const tuples = openTuples(data, types.length, 'fields');
  const rows: (string | null)[][] = [];
  for (let at = 0; at < data.length; ) {
    at = scanTuple(tuples, at);
    rows.push(
      types.map((type, i) => {
        const end = tuples.ends[i] as number;
        return end < 0 ? null : (decoderOf(type)?.text(tuples, tuples.starts[i] as number, end) ?? '?');
      }),
    );
  }
  return rows;
}
