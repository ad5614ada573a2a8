/** Requests that execute a statement or fetch from it (94, 4, 78, 5), read whole and without any effect. */

import { OraError } from '../ora-error.ts';
import type { Statement } from '../types.ts';
import type { CallContext } from '../wire/call-context.ts';
import { FIELD_VERSION } from '../wire/capabilities.ts';
import { readClientText } from '../wire/client-text.ts';
import type { Cursor } from './cursors.ts';
import { type Bind, type BindRow, parseBindMetadata, parseBindRow } from './parse-binds.ts';
import { type StatementShape, shapeOf, shapeOfStatement } from './statement-shape.ts';

const OPTION = {
  parse: 0x01,
  bind: 0x08,
  define: 0x10,
  execute: 0x20,
  fetch: 0x40,
  commit: 0x100,
  /** The answer to binds that come back is an IO vector; returning binds travel in, too, as NULLs. */
  ioVector: 0x400,
  describe: 0x20000,
  batchErrors: 0x80000,
} as const;
const ROW_COUNTS_FLAG = 0x4000;
const COMMIT_AGAIN_FLAG = 0x01;
/** Places in the list of numbers behind the statement's text. */
const NUMBERS = { iterations: 1, flags: 9 } as const;

export type ExecuteRequest = {
  /** 0: a new one. */
  readonly cursorId: number;
  /** null: the cursor's own. */
  readonly sql: string | null;
  /** What the dialect says to `sql`; null without it. */
  readonly statement: Statement | OraError | null;
  readonly wants: {
    readonly define: boolean;
    readonly execute: boolean;
    /** 'implied': an execution says how many rows it would like to have. */
    readonly fetch: 'asked' | 'implied' | 'no';
    readonly commit: boolean;
    readonly ioVector: boolean;
    readonly describe: boolean;
    readonly batchErrors: boolean;
    readonly rowCounts: boolean;
  };
  /** Rows to send at once. */
  readonly prefetchRows: number;
  readonly iterations: number;
  /** null: as they were. */
  readonly binds: readonly Bind[] | null;
  readonly defines: readonly Bind[] | null;
  /** Values of all binds but the returning ones. */
  readonly rows: readonly BindRow[];
};

export type FetchRequest = { readonly cursorId: number; readonly count: number };

type Head = {
  readonly options: number;
  readonly cursorId: number;
  readonly sqlBytes: number;
  readonly prefetchRows: number;
  readonly bindCount: number;
  readonly defineCount: number;
  readonly numberCount: number;
};

/** Function 94. */
export function parseExecute(context: CallContext): ExecuteRequest {
  const { reader, client } = context;
  const head = parseHead(context);
  const has = (option: number): boolean => (head.options & option) !== 0;
  const sql = head.sqlBytes > 0 ? readClientText(reader, client, head.sqlBytes) : null;
  const numbers = Array.from({ length: head.numberCount }, () => reader.ub());
  const iterations = numbers[NUMBERS.iterations] ?? 0;
  const cursor = sql === null ? context.cursors.find(head.cursorId) : undefined;
  const statement = sql === null ? null : reader.once(() => understand(context, sql));
  // A define of what was executed before has no binds, whatever the count says.
  const bindCount = has(OPTION.define) && !has(OPTION.execute) ? 0 : head.bindCount;
  // Without metadata the binds are those of the execution before.
  const binds = has(OPTION.bind) ? parseBindMetadata(reader, bindCount, client) : null;
  const defines = has(OPTION.define) ? parseBindMetadata(reader, head.defineCount, client) : null;
  const wants = {
    define: has(OPTION.define),
    execute: has(OPTION.execute),
    fetch: fetchWanted(head),
    commit: has(OPTION.commit),
    ioVector: has(OPTION.ioVector),
    describe: has(OPTION.describe),
    batchErrors: has(OPTION.batchErrors),
    rowCounts: ((numbers[NUMBERS.flags] ?? 0) & ROW_COUNTS_FLAG) !== 0,
  };
  const rows = wants.execute
    ? parseRows(context, {
        binds: binds ?? cursor?.binds ?? [],
        shape: shapeOfRequest(statement, sql, cursor),
        iterations,
        ioVector: wants.ioVector,
      })
    : [];
  return {
    cursorId: head.cursorId,
    sql,
    statement,
    wants,
    prefetchRows: head.prefetchRows > 0 || !has(OPTION.fetch) ? head.prefetchRows : iterations,
    iterations: Math.max(iterations, 1),
    binds,
    defines,
    rows,
  };
}

/** Functions 4 and 78 (which fetches, too): the cursor's statement with its binds and defines. */
export function parseExecuteAgain(context: CallContext, end: 'fetch' | 'execute only'): ExecuteRequest {
  const { reader, cursors } = context;
  const cursorId = reader.ub();
  const count = reader.ub();
  reader.ub(); // options, which the function's number says as well
  const flags = reader.ub();
  const cursor = cursors.find(cursorId);
  const shape = shapeOfRequest(null, null, cursor);
  const iterations = end === 'fetch' ? 1 : Math.max(count, 1);
  const rows = parseRows(context, { binds: cursor?.binds ?? [], shape, iterations, ioVector: false });
  const wants = {
    define: false,
    execute: true,
    fetch: end === 'fetch' ? ('asked' as const) : ('no' as const),
    commit: (flags & COMMIT_AGAIN_FLAG) !== 0,
    ioVector: false,
    describe: false,
    batchErrors: false,
    rowCounts: cursor?.wantsRowCounts ?? false,
  };
  const prefetchRows = end === 'fetch' ? count : 0;
  return {
    cursorId,
    sql: null,
    statement: null,
    wants,
    prefetchRows,
    iterations,
    binds: null,
    defines: null,
    rows,
  };
}

/** Function 5. */
export function parseFetch({ reader }: CallContext): FetchRequest {
  return { cursorId: reader.ub(), count: reader.count() };
}

/** JDBC and go-ora do not ask for rows when they parse and execute a statement, but expect as many as they prefetch. */
function fetchWanted({ options, prefetchRows }: Head): 'asked' | 'implied' | 'no' {
  if ((options & OPTION.fetch) !== 0) return 'asked';
  const parsesAndExecutes = (options & OPTION.parse) !== 0 && (options & OPTION.execute) !== 0;
  return parsesAndExecutes && prefetchRows > 0 ? 'implied' : 'no';
}

function parseHead({ reader, client }: CallContext): Head {
  const options = reader.ub();
  const cursorId = reader.ub();
  reader.uint8(); // pointer: text
  const sqlBytes = reader.count();
  reader.uint8(); // pointer: numbers
  const numberCount = reader.count();
  reader.raw(2); // pointers: output
  reader.ub(); // bytes to prefetch
  const prefetchRows = reader.count();
  reader.ub(); // longest LONG
  reader.uint8(); // pointer: binds
  const bindCount = reader.count();
  reader.raw(5); // pointers: parameters, transaction and its length, keys and values and their length
  reader.uint8(); // pointer: defines
  const defineCount = reader.count();
  reader.ub(); // registration, low part
  reader.raw(2); // pointers: objects
  reader.uint8(); // pointer: a long bind's length
  reader.ub();
  reader.uint8(); // pointer: database name
  reader.ub();
  reader.ub(); // registration, high part
  reader.uint8(); // pointer: row counts
  reader.ub();
  reader.uint8();
  if (client.fieldVersion >= FIELD_VERSION.v12_2) {
    reader.uint8(); // pointer: signature
    reader.ub();
    reader.uint8(); // pointer: SQL_ID
    reader.ub();
    reader.uint8();
    if (client.fieldVersion > FIELD_VERSION.v12_2) {
      reader.uint8(); // pointer: chunks
      reader.ub();
    }
  }
  return { options, cursorId, sqlBytes, prefetchRows, bindCount, defineCount, numberCount };
}

function parseRows(
  context: CallContext,
  request: {
    readonly binds: readonly Bind[];
    readonly shape: StatementShape;
    readonly iterations: number;
    readonly ioVector: boolean;
  },
): readonly BindRow[] {
  const { binds, shape } = request;
  const returning = Math.min(shape.returningBinds, binds.length);
  const kept = binds.length - returning;
  const travelling = request.ioVector ? binds : binds.slice(0, kept);
  if (travelling.length === 0) return [];
  const count = shape.kind === 'query' ? 1 : Math.max(request.iterations, 1);
  const options = { owner: context.session, isBlock: shape.kind === 'block' };
  return Array.from({ length: count }, () =>
    context.reader.once(() => {
      const row = parseBindRow(context.reader, travelling, options);
      return kept === travelling.length ? row : { ...row, cells: row.cells.slice(0, kept) };
    }),
  );
}

function shapeOfRequest(
  statement: Statement | OraError | null,
  sql: string | null,
  cursor: Cursor | undefined,
): StatementShape {
  if (statement instanceof OraError) return shapeOf(sql ?? '');
  const known = statement ?? cursor?.statement;
  return known === undefined ? { kind: 'dml', returningBinds: 0 } : shapeOfStatement(known);
}

/** The dialect is pure, so that it may be asked before the request is complete. */
function understand({ session }: CallContext, sql: string): Statement | OraError {
  try {
    return session.parse(sql);
  } catch (error) {
    if (error instanceof OraError) return error;
    throw error;
  }
}
