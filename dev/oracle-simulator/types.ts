/**
 * What the simulator's layers speak of: Oracle's types, values in one canonical form, statements as the dialect
 * understands them, and the engine that executes them. The wire knows nothing of PostgreSQL, the engine nothing of TTC.
 */

export type OracleTypeName =
  | 'VARCHAR2'
  | 'NVARCHAR2'
  | 'CHAR'
  | 'NCHAR'
  | 'NUMBER'
  | 'FLOAT'
  | 'BINARY_FLOAT'
  | 'BINARY_DOUBLE'
  | 'DATE'
  | 'TIMESTAMP'
  | 'TIMESTAMP WITH TIME ZONE'
  | 'TIMESTAMP WITH LOCAL TIME ZONE'
  | 'INTERVAL YEAR TO MONTH'
  | 'INTERVAL DAY TO SECOND'
  | 'RAW'
  | 'LONG'
  | 'LONG RAW'
  | 'CLOB'
  | 'NCLOB'
  | 'BLOB'
  | 'ROWID'
  | 'UROWID';

export type OracleType = {
  readonly name: OracleTypeName;
  /** NUMBER: decimal digits, FLOAT: binary digits, intervals: leading field's digits; null: none given. */
  readonly precision: number | null;
  /** NUMBER: digits behind the point (null with a null precision: floating); TIMESTAMP and INTERVAL DAY: of seconds. */
  readonly scale: number | null;
  /** Character types: what was declared, in `unit`s; RAW: bytes; else null. */
  readonly length: number | null;
  readonly unit: 'BYTE' | 'CHAR' | null;
};

export type Column = { readonly name: string; readonly type: OracleType; readonly nullable: boolean };

/**
 * A value in canonical text:
 * NUMBER `-12.5` (no exponent); BINARY_FLOAT/DOUBLE as PostgreSQL prints float4/float8 (`1e+300`, `NaN`, `Infinity`);
 * DATE `2024-05-01 10:00:00`; TIMESTAMP `2024-05-01 10:00:00.123456789` (0 to 9 digits, point left out with none);
 * zoned timestamps the same with `+HH:MM` behind; years before 1 as PostgreSQL prints them, with ` BC` at the end;
 * INTERVAL YEAR TO MONTH `-3-11`; INTERVAL DAY TO SECOND `-12 03:04:05.123456789`;
 * ROWID its 18 characters; characters as they are, never empty (`''` is NULL); RAW bytes; LOB columns a LobCell.
 */
export type Cell = string | Uint8Array | LobCell | null;

/** A LOB as a statement gave it, or as a client names it by its locator. Lives in the session's `LobStore`. */
export type LobCell = { readonly lob: number; readonly kind: LobKind };
export type LobKind = 'CLOB' | 'NCLOB' | 'BLOB';

/** LOBs of one session, by number. Offsets count from 0; amounts are characters (UTF-16 units) or bytes. */
export type LobStore = {
  /** A new, empty, temporary one. */
  create(kind: LobKind): LobCell;
  length(cell: LobCell): Promise<number>;
  /** Less than `amount` at the end. */
  read(cell: LobCell, offset: number, amount: number): Promise<string | Uint8Array>;
  /** Written through to the row when the locator was selected FOR UPDATE. @throws OraError 22920 otherwise. */
  write(cell: LobCell, offset: number, data: string | Uint8Array): Promise<void>;
  trim(cell: LobCell, length: number): Promise<void>;
  free(cell: LobCell): void;
  isTemporary(cell: LobCell): boolean;
};

/** A statement as the dialect parsed it; `plan` is between dialect and engine. */
export type Statement = {
  readonly text: string;
  readonly kind: 'query' | 'dml' | 'block' | 'other';
  /**
   * Names of binds. Queries, DML: each occurrence, in order of the text. Blocks: each name once, in order of its first
   * occurrence. Upper case unless quoted.
   */
  readonly binds: readonly string[];
  /** DML: how many of the last binds are RETURNING … INTO targets. Their values never travel in. */
  readonly returningBinds: number;
  readonly plan: unknown;
};

/** The type a client bound a value as; `maxBytes` bounds what comes back. */
export type BindType = { readonly type: OracleType; readonly maxBytes: number };

/** An open query. Rows are fetched on demand; what was not fetched is not held in this process's memory. */
export type Query = {
  readonly columns: readonly Column[];
  /** At most `count` rows; `done` when no more follow. @throws OraError */
  fetch(count: number): Promise<{ readonly rows: readonly (readonly Cell[])[]; readonly done: boolean }>;
  close(): Promise<void>;
};

export type DmlResult = {
  /** Rows affected by each iteration; 0 for one that failed. */
  readonly rowCounts: readonly number[];
  /** Per iteration, per returned row, the returned values. Empty without RETURNING. */
  readonly returned: readonly (readonly (readonly Cell[])[])[];
  /** With `onError: 'collect'`: what failed, by offset of the iteration. */
  readonly errors: readonly { readonly offset: number; readonly error: Error }[];
  /** Of the last row that was written, where it is known. */
  readonly rowid?: string | null;
};

/**
 * A failed iteration without 'collect' ends the statement: earlier iterations stay (as in Oracle), and the error is an
 * ArrayDmlError that carries their counts.
 */
export type DmlOptions = { readonly onError: 'stop' | 'collect'; readonly returning: readonly BindType[] };

/** One logged-on session. One call at a time, `cancel` excepted. All methods reject with OraError. */
export type EngineSession = {
  readonly id: number;
  readonly serial: number;
  /** Upper case. */
  readonly user: string;
  readonly lobs: LobStore;
  /** Pure: the dialect. Parsed statements are cached by text. @throws OraError 900 family */
  parse(sql: string): Statement;
  /** Columns of a query without executing it; [] for other statements. */
  describe(statement: Statement, binds: readonly BindType[]): Promise<readonly Column[]>;
  query(statement: Statement, binds: readonly BindType[], row: readonly Cell[]): Promise<Query>;
  /** `rows`: one per iteration, values of all binds but the returning ones. */
  dml(
    statement: Statement,
    binds: readonly BindType[],
    rows: readonly (readonly Cell[])[],
    options: DmlOptions,
  ): Promise<DmlResult>;
  /** One anonymous block. @returns by bind, a value for those that the block assigned (`out`), undefined for others. */
  block(
    statement: Statement,
    binds: readonly BindType[],
    row: readonly Cell[],
  ): Promise<readonly (Cell | undefined)[]>;
  /** DDL, transaction control, ALTER SESSION, SET TRANSACTION, LOCK TABLE. */
  other(statement: Statement): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** true once the session wrote or locked something in the current transaction. */
  readonly inTransaction: boolean;
  /** Time zone of the session, `+HH:MM`. */
  setTimeZone(offset: string): Promise<void>;
  /** For V$SESSION: module, action, client identifier, client info, program, machine, ECID. */
  describeClient(values: Readonly<Record<string, string>>): void;
  /** Ends the statement at work with ORA-01013, whatever it waits for. Never hits the following one. */
  cancel(): Promise<void>;
  /** Rolls back and ends; safe at any time. */
  close(): Promise<void>;
};

export type Engine = {
  /** The password of a user, or null: nobody of that name. */
  passwordOf(user: string): string | null;
  /** @throws OraError 28000 for a locked account, 1045 without CREATE SESSION. */
  open(user: string): Promise<EngineSession>;
};
