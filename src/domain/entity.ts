/**
 * What the layers below the configuration speak of: an entity as the configuration says it (`EntitySpec`), the
 * source's columns as its connector describes them (`SourceColumn`), and the two bound together (`EntityPlan`).
 * Plain data and pure functions of the user's; nothing here knows which kind of source it is.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { FeedSpec } from './access/feed-spec.ts';
import type { Row, Value } from './row.ts';
import type { UploadSpec } from './upload/upload-spec.ts';

/** What `onSource` is called with: pure, and only when source columns of the row changed. */
export type SourceChange = {
  /** Mirrored source columns before the change, by source name; null for a row that is new. */
  readonly before: Row | null;
  /** Mirrored source columns after the change, by source name. */
  readonly after: Row;
  /** The local column's value as it is now. */
  readonly value: Value;
};

export type ReadSpec =
  | { readonly kind: 'table'; readonly table: string; readonly where?: string }
  | { readonly kind: 'sql'; readonly sql: string; readonly where?: string };

export type ChangedAtSpec = {
  readonly columns: readonly string[];
  readonly setBy: 'database' | 'application';
  /** Milliseconds re-read below the watermark, beside the safe high mark. 0 unless configured. */
  readonly overlapMs: number;
};

export type ColumnSpec =
  | {
      readonly role: 'from';
      readonly name: string;
      readonly from: string;
      readonly type?: string;
      readonly rounding?: boolean;
    }
  | {
      readonly role: 'compute';
      readonly name: string;
      readonly compute: (row: Row) => Value;
      readonly type: string;
    }
  | {
      readonly role: 'local';
      readonly name: string;
      readonly type: string;
      /** Value of a new row, as PostgreSQL reads it from text; null for none. */
      readonly default: string | null;
      readonly onSource?: (change: SourceChange) => Value;
    };

export type DeduplicateSpec = {
  /** Mirror columns that make two rows the same; NULLs count as equal. */
  readonly by: readonly string[];
  /** Mirror column of the row's time (timestamp, timestamptz or date). */
  readonly at: string;
  /** Width of the floor buckets of `at`. Rows in two neighbouring buckets are never duplicates. */
  readonly withinMs: number;
  readonly scope: 'entity' | 'mirror';
  /** How long a survivor is remembered, counted from its `at`. */
  readonly retentionMs: number;
};

/** Rows of the source that it marks as deleted: mirrored as tombstones. */
export type SoftDeleteSpec = {
  /** Source column. */
  readonly column: string;
  /** The texts that mean deleted; null in the list is NULL. Without `values`, any value but NULL (a deletion time). */
  readonly values?: readonly (string | null)[];
};

export type EntitySpec = {
  readonly entity: string;
  readonly pipeline: string;
  readonly source: string;
  readonly read: ReadSpec;
  /** Source columns, in key order. */
  readonly key: readonly string[];
  readonly changedAt: ChangedAtSpec | null;
  /** true: increments follow the log that the source's change capture keeps, not `changedAt`. */
  readonly capture: boolean;
  readonly mirror: { readonly schema: string; readonly table: string; readonly shared: boolean };
  /** null: every column of the source under its own name, in lower case. Local columns stand beside it. */
  readonly columns: readonly ColumnSpec[] | null;
  readonly localColumns: readonly Extract<ColumnSpec, { role: 'local' }>[];
  readonly validate: StandardSchemaV1<unknown, unknown> | null;
  readonly deduplicate: DeduplicateSpec | null;
  readonly softDelete: SoftDeleteSpec | null;
  /** Percent of the entity's live rows that one full run may tombstone; 100 switches the guard off. */
  readonly massDeleteGuardPercent: number;
  /** null: any number. */
  readonly maxQuarantined: number | null;
  readonly chunkRows: number;
  readonly lanes: number;
  readonly maxValueBytes: number;
  /** What the start of a run does with a compatible change of the source's columns. */
  readonly schemaChanges: 'stop' | 'apply';
  /** What devices and people may change; null: nothing. */
  readonly upload: UploadSpec | null;
  /** What devices get of it; null: it is not served. */
  readonly feed: FeedSpec | null;
  /** Login of PostgreSQL that the gateway reads the mirror by, where it has one of its own. */
  readonly reader?: string;
};

/** A column as the source's catalogue has it, and what it becomes in PostgreSQL. */
export type SourceColumn = {
  readonly name: string;
  /** The source's own spelling, for people: `NUMBER(10,2)`, `character varying(20)`. */
  readonly sourceType: string;
  /** The PostgreSQL type that holds every value of it, or null where there is none (`problem` says why). */
  readonly mirrorType: string | null;
  readonly nullable: boolean;
  readonly problem?: string;
  /** true: the bytes of the source's COPY (FORMAT binary) are those of `mirrorType`. Only PostgreSQL says so. */
  readonly binaryAsIs: boolean;
};

export type MirrorColumn = {
  readonly name: string;
  /** PostgreSQL type as format_type() prints it. */
  readonly type: string;
  readonly role: 'from' | 'compute' | 'local';
  /** Part of the mirror's key: 0-based position, else null. */
  readonly keyPosition: number | null;
  /** Source column (role 'from'). */
  readonly from: string | null;
};

/**
 * How an entity is read, shaped and loaded: `EntitySpec` bound to the source's columns. `readColumns` is what the
 * connector selects, in this order; everything positional (pieces, shape, load) follows it.
 */
export type EntityPlan = {
  readonly spec: EntitySpec;
  /** The source's columns that are read: mirrored ones, keys, changedAt, soft delete, and those user functions see. */
  readonly readColumns: readonly SourceColumn[];
  /** Every mirror column, keys first, then in the order of the configuration. System columns are not listed. */
  readonly mirrorColumns: readonly MirrorColumn[];
  /** Mirror columns that a load writes (role from and compute), in the order of staging and COPY. */
  readonly loadColumns: readonly MirrorColumn[];
  /** Mirror names of the key, in order; without sync_source. */
  readonly keyColumns: readonly string[];
  /**
   * Raw source columns that staging carries beside `loadColumns`, for the merge's decisions: `_changed_1` … (late
   * rows) and `_soft_delete`. They never reach the mirror.
   */
  readonly stagingExtras: readonly { readonly name: string; readonly type: string; readonly from: string }[];
  /** Value of `sync_source` for a shared mirror, else null. */
  readonly syncSource: string | null;
  /** Which log of changes the entity follows, and since when without a gap; null without `capture`. */
  readonly captureId: string | null;
  /**
   * 'pg-binary': a piece may travel as COPY binary tuples (every read column decodable or untouched).
   * 'rows': pieces are rows of text.
   */
  readonly format: PieceFormat;
};

export type PieceFormat = 'pg-binary' | 'rows';

/**
 * Rows read together: bounded in bytes, loaded in one store transaction. Columns follow `EntityPlan.readColumns`.
 * 'pg-binary': `data` holds whole COPY binary tuples, without header and trailer.
 * 'rows': every value as text as PostgreSQL would read it, or null.
 */
export type Piece = {
  readonly rows: number;
  /**
   * Encoded position of the piece's last row, behind which a read may go on: a key in a chunk, (changedAt, key) in an
   * increment. null where that row has none, since a part is NULL: then what came before it is read again.
   */
  readonly position: string | null;
  /** true: the stream ended with this piece. A stream may also end behind a piece that did not say so. */
  readonly last?: boolean;
} & (
  | { readonly format: 'pg-binary'; readonly data: Uint8Array }
  | { readonly format: 'rows'; readonly values: readonly (readonly (string | null)[])[] }
);

/**
 * A piece made ready for COPY. 'mirror' layout: `loadColumns`; 'staging' layout: `loadColumns`, then
 * `stagingExtras`. Rejected rows are not in `data`. The format is not always the piece's own.
 */
export type PieceLayout = 'mirror' | 'staging';

export type ShapedPiece = {
  readonly layout: PieceLayout;
  /** 'pg-binary': tuples without header and trailer; 'text': lines of COPY text. */
  readonly format: 'pg-binary' | 'text';
  readonly data: Uint8Array;
  readonly rowsInData: number;
  readonly rejects: readonly Reject[];
  /** Rows read, rejected ones included. */
  readonly rowsFetched: number;
};

export type QuarantineReason =
  | 'VALIDATION'
  | 'INVALID_VALUE'
  | 'CONSTRAINT'
  | 'OVERSIZED'
  | 'DUPLICATE_KEY'
  | 'UNREADABLE_KEY'
  | 'COMPUTE_FAILED'
  | 'ON_SOURCE_FAILED';

export type Severity = 'warning' | 'error' | 'critical';

/** A row set aside, with why. */
export type Reject = {
  /** Encoded key; null when the row has none that can be read (a part is NULL). */
  readonly key: string | null;
  readonly reason: QuarantineReason;
  readonly severity: Severity;
  /** For people; may name columns and rules, never values. */
  readonly detail: string;
  /** The source row as text, by source column name; the only place where its values go. */
  readonly payload: Readonly<Record<string, string | null>>;
};
