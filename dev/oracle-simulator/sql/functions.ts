/**
 * Oracle's scalar functions and what they render as. Aggregates and analytic functions: aggregates.ts.
 * What is not here is unknown (ORA-00904). The `oracle.*` functions they need: oracle-signatures.ts.
 */

/** What is known of a value before the catalog is asked; null: nothing. */
export type ValueKind =
  | 'text'
  | 'number'
  | 'double'
  | 'date'
  | 'timestamp'
  | 'zoned'
  | 'interval'
  | 'raw'
  | 'clob'
  | 'blob'
  | 'rowid';

/**
 * How an argument is given: `text` through oracle.to_char unless it is text already, `number` and `date` converted when
 * they are text, `any` as it is.
 */
export type ArgumentKind = 'text' | 'number' | 'date' | 'any';

export type FunctionSpec = {
  readonly args: readonly ArgumentKind[];
  /** Arguments that must be there; more than `args` has: the last kind repeats (`least`). */
  readonly least: number;
  /** 'first': of the first argument. */
  readonly returns: ValueKind | 'first' | null;
  /** PostgreSQL's function; arguments follow in parentheses. */
  readonly calls: string;
};

/** `args`: kinds separated by blanks, `?` behind those that may be left out. */
function spec(args: string, returns: FunctionSpec['returns'], calls: string): FunctionSpec {
  const kinds = args === '' ? [] : args.split(' ');
  return {
    args: kinds.map((kind) => kind.replace('?', '') as ArgumentKind),
    least: kinds.filter((kind) => !kind.endsWith('?')).length,
    returns,
    calls,
  };
}

/** [name, arguments, result], rendered as `oracle.<name in lower case>`. */
const own: readonly (readonly [string, string, FunctionSpec['returns']])[] = [
  ['SUBSTR', 'text number number?', 'text'],
  ['SUBSTRB', 'text number number?', 'text'],
  ['INSTR', 'text text number? number?', 'number'],
  ['LENGTH', 'text', 'number'],
  ['LENGTHB', 'text', 'number'],
  ['UPPER', 'text', 'text'],
  ['LOWER', 'text', 'text'],
  ['INITCAP', 'text', 'text'],
  ['LTRIM', 'text text?', 'text'],
  ['RTRIM', 'text text?', 'text'],
  ['LPAD', 'text number text?', 'text'],
  ['RPAD', 'text number text?', 'text'],
  ['REPLACE', 'text text text?', 'text'],
  ['TRANSLATE', 'text text text', 'text'],
  ['CONCAT', 'text text', 'text'],
  ['CHR', 'number', 'text'],
  ['ASCII', 'text', 'number'],
  ['UNISTR', 'text', 'text'],
  ['REGEXP_REPLACE', 'text text text? number? number? text?', 'text'],
  ['REGEXP_SUBSTR', 'text text number? number? text? number?', 'text'],
  ['REGEXP_INSTR', 'text text number? number? number? text?', 'number'],
  ['REGEXP_COUNT', 'text text number? text?', 'number'],
  ['TO_CHAR', 'any text? text?', 'text'],
  ['TO_NUMBER', 'any text? text?', 'number'],
  ['TO_DATE', 'text text? text?', 'date'],
  ['TO_TIMESTAMP', 'text text? text?', 'timestamp'],
  ['TO_TIMESTAMP_TZ', 'text text? text?', 'zoned'],
  ['TO_DSINTERVAL', 'text', 'interval'],
  ['TO_YMINTERVAL', 'text', 'interval'],
  ['NUMTODSINTERVAL', 'number text', 'interval'],
  ['NUMTOYMINTERVAL', 'number text', 'interval'],
  ['TO_CLOB', 'text', 'clob'],
  ['TO_NCLOB', 'text', 'clob'],
  ['TO_BLOB', 'any', 'blob'],
  ['EMPTY_CLOB', '', 'clob'],
  ['EMPTY_BLOB', '', 'blob'],
  ['TRUNC', 'any any?', 'first'],
  ['ROUND', 'any any?', 'first'],
  ['MOD', 'number number', 'number'],
  ['REMAINDER', 'number number', 'number'],
  ['POWER', 'number number', 'number'],
  ['SQRT', 'number', 'number'],
  ['EXP', 'number', 'number'],
  ['LN', 'number', 'number'],
  ['LOG', 'number number', 'number'],
  ['BITAND', 'number number', 'number'],
  ['ADD_MONTHS', 'date number', 'date'],
  ['MONTHS_BETWEEN', 'date date', 'number'],
  ['LAST_DAY', 'date', 'date'],
  ['NEXT_DAY', 'date text', 'date'],
  ['FROM_TZ', 'any text', 'zoned'],
  ['SYS_EXTRACT_UTC', 'any', 'timestamp'],
  ['TZ_OFFSET', 'text', 'text'],
  ['SCN_TO_TIMESTAMP', 'number', 'timestamp'],
  ['TIMESTAMP_TO_SCN', 'any', 'number'],
  ['RAWTOHEX', 'any', 'text'],
  ['HEXTORAW', 'text', 'raw'],
  ['STANDARD_HASH', 'any text?', 'raw'],
  ['ORA_HASH', 'any number? number?', 'number'],
  ['VSIZE', 'any', 'number'],
  ['SYS_CONTEXT', 'text text number?', 'text'],
  ['SYS_GUID', '', 'raw'],
  ['NLSSORT', 'text text?', 'raw'],
  ['CHARTOROWID', 'text', 'rowid'],
  ['ROWIDTOCHAR', 'any', 'text'],
];

/** [name, arguments, result, what it calls]. */
const named: readonly (readonly [string, string, FunctionSpec['returns'], string])[] = [
  ['ABS', 'number', 'first', 'abs'],
  ['CEIL', 'number', 'first', 'ceil'],
  ['FLOOR', 'number', 'first', 'floor'],
  ['SIGN', 'number', 'first', 'sign'],
  ['TO_NCHAR', 'any text? text?', 'text', 'oracle.to_char'],
  ['NCHR', 'number', 'text', 'oracle.chr'],
  ['NLS_UPPER', 'text', 'text', 'oracle.upper'],
  ['NLS_LOWER', 'text', 'text', 'oracle.lower'],
  [
    'DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER',
    '',
    'number',
    '"SYS"."DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER"',
  ],
  ['DBMS_TRANSACTION.LOCAL_TRANSACTION_ID', '', 'text', 'oracle.local_transaction_id'],
  ['DBMS_LOB.GETLENGTH', 'any', 'number', 'oracle.lob_length'],
  ['DBMS_LOB.SUBSTR', 'any number? number?', null, 'oracle.lob_substr'],
  ['DBMS_LOB.INSTR', 'any any number? number?', 'number', 'oracle.lob_instr'],
  ['DBMS_LOB.COMPARE', 'any any', 'number', 'oracle.lob_compare'],
  ['UTL_RAW.CAST_TO_RAW', 'text', 'raw', 'oracle.cast_to_raw'],
  ['UTL_RAW.CAST_TO_VARCHAR2', 'any', 'text', 'oracle.cast_to_varchar2'],
  ['DBMS_ROWID.ROWID_CREATE', 'number number number number number', 'rowid', 'oracle.rowid_create'],
  ['DBMS_ROWID.ROWID_OBJECT', 'any', 'number', 'oracle.rowid_object'],
  ['DBMS_ROWID.ROWID_RELATIVE_FNO', 'any', 'number', 'oracle.rowid_relative_fno'],
  ['DBMS_ROWID.ROWID_BLOCK_NUMBER', 'any', 'number', 'oracle.rowid_block_number'],
  ['DBMS_ROWID.ROWID_ROW_NUMBER', 'any', 'number', 'oracle.rowid_row_number'],
];

const functions: ReadonlyMap<string, FunctionSpec> = new Map([
  ...own.map(([name, args, returns]) => [name, spec(args, returns, `oracle.${name.toLowerCase()}`)] as const),
  ...named.map(([name, args, returns, calls]) => [name, spec(args, returns, calls)] as const),
]);

/** `SUBSTR`, `DBMS_LOB.SUBSTR`; SYS in front of a package is Oracle's own. */
export function functionSpec(path: readonly string[]): FunctionSpec | null {
  const bare = path[0] === 'SYS' && path.length > 1 ? path.slice(1) : path;
  return functions.get(bare.join('.')) ?? null;
}

/** Every function of PostgreSQL that a function of Oracle's renders as. */
export const calledFunctions: readonly string[] = [...functions.values()].map(({ calls }) => calls);

/** Functions without parentheses: what they render as, and what they give. A precision may follow where `precise`. */
export const niladic: ReadonlyMap<string, { sql: string; returns: ValueKind; precise: boolean }> = new Map([
  ['SYSDATE', { sql: 'oracle.sysdate()', returns: 'date', precise: false }],
  ['CURRENT_DATE', { sql: 'oracle.current_date()', returns: 'date', precise: false }],
  ['SYSTIMESTAMP', { sql: 'oracle.systimestamp()', returns: 'zoned', precise: true }],
  ['CURRENT_TIMESTAMP', { sql: 'oracle.current_timestamp()', returns: 'zoned', precise: true }],
  ['LOCALTIMESTAMP', { sql: 'oracle.localtimestamp()', returns: 'timestamp', precise: true }],
  ['SESSIONTIMEZONE', { sql: 'oracle.sessiontimezone()', returns: 'text', precise: false }],
  ['DBTIMEZONE', { sql: 'oracle.dbtimezone()', returns: 'text', precise: false }],
  ['USER', { sql: 'oracle.user()', returns: 'text', precise: false }],
  ['UID', { sql: 'oracle.uid()', returns: 'number', precise: false }],
] as const);

const oraclePackages = ['DBMS_', 'UTL_', 'APEX_', 'OWA_', 'CTX_'];

/** Whose functions the dialect knows only in part: others are refused, never taken for a user's. */
export function isOraclePackage(name: string): boolean {
  return oraclePackages.some((prefix) => name.startsWith(prefix));
}

/** Oracle has them, the simulator has not: told apart from names that nobody knows. */
export const missingFunctions: ReadonlySet<string> = new Set(
  `APPROX_COUNT_DISTINCT ASCIISTR BIN_TO_NUM CARDINALITY COLLECT COMPOSE CONVERT CORR COVAR_POP COVAR_SAMP DECOMPOSE DUMP
  EXTRACTVALUE FIRST INSTRB INSTRC JSON_ARRAY JSON_ARRAYAGG JSON_EXISTS JSON_OBJECT JSON_OBJECTAGG JSON_QUERY JSON_TABLE
  JSON_VALUE LAST LNNVL MEDIAN NANVL NEW_TIME PERCENTILE_CONT PERCENTILE_DISC RATIO_TO_REPORT REF SOUNDEX
  SYS_CONNECT_BY_PATH SYS_OP_C2C SYS_TYPEID TREAT VALUE WIDTH_BUCKET WM_CONCAT XMLAGG XMLELEMENT XMLFOREST XMLQUERY
  XMLTABLE XMLTYPE ACOS ASIN ATAN ATAN2 COS COSH SIN SINH TAN TANH TO_LOB TO_SINGLE_BYTE TO_MULTI_BYTE`.split(
    /\s+/,
  ),
);
