/** Which of Oracle's errors each of PostgreSQL's is, by SQLSTATE and, where one state has several meanings, by message. */

import type pg from 'pg';
import { inconsistentTypes } from './type-names.ts';

/** What was being done when PostgreSQL refused. */
export type ErrorContext = {
  /** Oracle's text of the statement: names are looked for in it, for the error's offset. */
  readonly text: string;
  /** Whether NULL was inserted or set. */
  readonly verb?: 'insert' | 'update' | 'delete' | 'merge' | undefined;
  /** What a lock that cannot be had means. */
  readonly wait?: 'nowait' | 'seconds' | undefined;
  /** ALTER SESSION DISABLE COMMIT IN PROCEDURE. */
  readonly commitInProcedure?: 'refused' | undefined;
  /** The table that is written, for errors that do not name it. */
  readonly table?: { readonly schema: string; readonly name: string } | undefined;
};

export type Meaning = {
  readonly number: number;
  readonly text: string;
  /** The name in the statement's text at which the error is. */
  readonly name?: string | undefined;
};

type Rule = (error: pg.DatabaseError, context: ErrorContext) => Meaning;

function fixed(number: number, text: string): Rule {
  return () => ({ number, text });
}

/** `HR.EMP_PK`: constraints are named without quotes. */
function constraintOf(error: pg.DatabaseError): string {
  return `${error.schema ?? '?'}.${error.constraint ?? '?'}`;
}

/** `"HR"."EMPLOYEES"."NAME"`. */
function columnOf(error: pg.DatabaseError, { table }: ErrorContext): string {
  const path = [error.schema ?? table?.schema, error.table ?? table?.name, error.column];
  return path.map((name) => `"${name ?? '?'}"`).join('.');
}

function notNull(error: pg.DatabaseError, context: ErrorContext): Meaning {
  const column = columnOf(error, context);
  return context.verb === 'update'
    ? { number: 1407, text: `cannot update (${column}) to NULL` }
    : { number: 1400, text: `cannot insert NULL into (${column})` };
}

function foreignKey(error: pg.DatabaseError): Meaning {
  const constraint = constraintOf(error);
  // The text names the statement's direction: only "update or delete on table" is the parent's.
  return /^update or delete/.test(error.message)
    ? { number: 2292, text: `integrity constraint (${constraint}) violated - child record found` }
    : { number: 2291, text: `integrity constraint (${constraint}) violated - parent key not found` };
}

/** Names of a message: `column E.NAME does not exist`, `column "NAME" does not exist`. */
function missingColumn(error: pg.DatabaseError): Meaning {
  const [, quotedName, path] = /column (?:"(.+?)"|(\S+)) (?:of|does|refer)/.exec(error.message) ?? [];
  const names = quotedName === undefined ? (path ?? '?').split('.') : [quotedName];
  return invalidIdentifier(names);
}

function invalidIdentifier(names: readonly string[]): Meaning {
  const text = names.map((name) => `"${name.replace(/^"|"$/g, '')}"`).join('.');
  return { number: 904, text: `${text}: invalid identifier`, name: names.at(-1)?.replaceAll('"', '') };
}

function missingTable(error: pg.DatabaseError, { text }: ErrorContext): Meaning {
  const entry = /FROM-clause entry for table "(.+)"/.exec(error.message)?.[1];
  if (entry !== undefined) {
    const column = behind(text, entry, '[\\w$#]+|"[^"]+"');
    return invalidIdentifier(column === null ? [entry] : [entry, column]);
  }
  const name = /relation "(?:.+\.)?(.+?)"/.exec(error.message)?.[1];
  if (name !== undefined && behind(text, name, 'NEXTVAL|CURRVAL') !== null) {
    return { number: 2289, text: 'sequence does not exist', name };
  }
  return { number: 942, text: 'table or view does not exist', name };
}

/** What stands behind `NAME.` in the statement's text, upper case unless quoted; null: nothing of that kind. */
function behind(text: string, name: string, kind: string): string | null {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const found = new RegExp(`(?<![\\w$#])"?${escaped}"?\\s*\\.\\s*(${kind})`, 'i').exec(text)?.[1];
  if (found === undefined) return null;
  return found.startsWith('"') ? found.slice(1, -1) : found.toUpperCase();
}

function missingFunction(error: pg.DatabaseError): Meaning {
  const operator = /operator does not exist: (.+)/.exec(error.message)?.[1];
  if (operator !== undefined) return inconsistentTypes(operator);
  const [, path, args] = /(?:function|procedure) (.+?)\((.*)\)/.exec(error.message) ?? [];
  if (path === undefined) return { number: 904, text: 'invalid identifier' };
  // The dialect only renders functions of `oracle` that exist: the arguments' types are what is wrong.
  if (/^(oracle|pg_catalog)\.|^[a-z_]+$/.test(path)) {
    const types = inconsistentTypes(args ?? '');
    return { ...types, name: path.split('.').at(-1)?.toUpperCase() };
  }
  const names = path.replaceAll('"', '').split('.');
  return {
    number: 6550,
    text: `line 1, column 7:\nPLS-00306: wrong number or types of arguments in call to '${names.at(-1)}', or it is not declared`,
    name: names.at(-1),
  };
}

function outOfRange(error: pg.DatabaseError): Meaning {
  return /numeric field overflow/.test(error.message)
    ? { number: 1438, text: 'value larger than specified precision allowed for this column' }
    : { number: 1426, text: 'numeric overflow' };
}

function invalidText(error: pg.DatabaseError): Meaning {
  const type = /for type ([^:]+)/.exec(error.message)?.[1] ?? '';
  if (/tid|rowid/.test(type)) return { number: 1410, text: 'invalid ROWID' };
  if (/raw|bytea|blob|hexadecimal/.test(type)) return { number: 1465, text: 'invalid hex number' };
  if (/date|timestamp/.test(type)) return { number: 1861, text: 'literal does not match format string' };
  if (/interval/.test(type)) return { number: 1867, text: 'the interval is invalid' };
  return { number: 1722, text: 'invalid number' };
}

function lockNotAvailable(_error: pg.DatabaseError, { wait }: ErrorContext): Meaning {
  return wait === 'seconds'
    ? { number: 30006, text: 'resource busy; acquire with WAIT timeout expired' }
    : { number: 54, text: 'resource busy and acquire with NOWAIT specified or timeout expired' };
}

function denied(error: pg.DatabaseError, { table }: ErrorContext): Meaning {
  if (/row-level security/.test(error.message)) {
    return { number: 28115, text: 'policy with check option violation' };
  }
  const name = /(?:table|view|sequence|relation|function|procedure) "?(.+?)"?$/.exec(error.message)?.[1];
  const seen = table?.name ?? name;
  return /for schema/.test(error.message)
    ? { number: 942, text: 'table or view does not exist', name: seen }
    : { number: 1031, text: 'insufficient privileges', name: seen };
}

function cardinality(error: pg.DatabaseError): Meaning {
  return /second time/.test(error.message)
    ? { number: 30926, text: 'unable to get a stable set of rows in the source tables' }
    : { number: 1427, text: 'single-row subquery returns more than one row' };
}

function mismatch(error: pg.DatabaseError): Meaning {
  if (/UNION|INTERSECT|EXCEPT/.test(error.message)) {
    return { number: 1790, text: 'expression must have same datatype as corresponding expression' };
  }
  return inconsistentTypes(error.message);
}

function uninitialised(error: pg.DatabaseError): Meaning {
  const [, name] = /currval of sequence "(.+)" is not yet defined/.exec(error.message) ?? [];
  return name === undefined
    ? { number: 604, text: `error occurred at recursive SQL level 1\n${error.message}` }
    : { number: 8002, text: `sequence ${name}.CURRVAL is not yet defined in this session` };
}

function commitInside(_error: pg.DatabaseError, context: ErrorContext): Meaning {
  return context.commitInProcedure === 'refused'
    ? { number: 34, text: 'cannot COMMIT in current PL/SQL session' }
    : { number: 3001, text: 'unimplemented feature: COMMIT or ROLLBACK inside a procedure' };
}

function exhaustedSequence(error: pg.DatabaseError): Meaning {
  const name = /sequence "(.+?)"/.exec(error.message)?.[1] ?? '?';
  const bound = /minimum/.test(error.message) ? 'goes below MINVALUE' : 'exceeds MAXVALUE';
  return { number: 8004, text: `sequence ${name}.NEXTVAL ${bound} and cannot be instantiated` };
}

function tooLong(error: pg.DatabaseError, { table }: ErrorContext): Meaning {
  const most = /\((\d+)\)/.exec(error.message)?.[1];
  const where = table === undefined ? 'column' : `column of "${table.schema}"."${table.name}"`;
  return {
    number: 12899,
    text: `value too large for ${where}${most === undefined ? '' : ` (maximum: ${most})`}`,
  };
}

function grouping(error: pg.DatabaseError, { text }: ErrorContext): Meaning {
  if (/aggregate functions are not allowed/.test(error.message)) {
    return { number: 934, text: 'group function is not allowed here' };
  }
  return /\bGROUP\s+BY\b/i.test(text)
    ? { number: 979, text: 'not a GROUP BY expression' }
    : { number: 937, text: 'not a single-group group function' };
}

export const errorRules: Readonly<Record<string, Rule>> = {
  '0A000': (error) => ({ number: 3001, text: `unimplemented feature: ${error.message}` }),
  '21000': cardinality,
  '22001': tooLong,
  '22003': outOfRange,
  '22007': invalidText,
  '22008': fixed(1841, '(full) year must be between -4713 and +9999, and not be 0'),
  '22012': fixed(1476, 'divisor is equal to zero'),
  '22015': fixed(1873, 'the leading precision of the interval is too small'),
  '2201W': fixed(1465, 'invalid number of rows'),
  '2200H': exhaustedSequence,
  '22P02': invalidText,
  '22P03': fixed(1465, 'invalid hex number'),
  '23502': notNull,
  '23503': foreignKey,
  '23505': (error) => ({ number: 1, text: `unique constraint (${constraintOf(error)}) violated` }),
  '23514': (error) => ({ number: 2290, text: `check constraint (${constraintOf(error)}) violated` }),
  '25006': fixed(1456, 'may not perform insert, delete, update operation inside a READ ONLY transaction'),
  '2BP01': fixed(2449, 'unique/primary keys in table referenced by foreign keys'),
  '2D000': commitInside,
  '3B001': (error) => ({
    number: 1086,
    text: `savepoint '${/"s:(.+)"/.exec(error.message)?.[1] ?? '?'}' never established in this session or is invalid`,
  }),
  '3F000': fixed(942, 'table or view does not exist'),
  '40001': fixed(8177, "can't serialize access for this transaction"),
  '40P01': fixed(60, 'deadlock detected while waiting for resource'),
  '42501': denied,
  '42601': (error) => ({ number: 900, text: `invalid SQL statement (${error.message})` }),
  '42701': fixed(957, 'duplicate column name'),
  '42702': (error) => ({
    number: 918,
    text: 'column ambiguously defined',
    name: /"(.+?)"/.exec(error.message)?.[1],
  }),
  '42703': missingColumn,
  '42704': (error) => ({
    number: 942,
    text: 'table or view does not exist',
    name: /"(.+?)"/.exec(error.message)?.[1],
  }),
  '42710': fixed(955, 'name is already used by an existing object'),
  '42712': fixed(918, 'column ambiguously defined'),
  '42723': fixed(955, 'name is already used by an existing object'),
  '42803': grouping,
  '42804': mismatch,
  '42809': fixed(1702, 'a view is not appropriate here'),
  '42830': fixed(2270, 'no matching unique or primary key for this column-list'),
  '42846': (error) => inconsistentTypes(error.message),
  '42883': missingFunction,
  '42P01': missingTable,
  '42P07': fixed(955, 'name is already used by an existing object'),
  '42P08': (error) => inconsistentTypes(error.message),
  '42P10': fixed(2270, 'no matching unique or primary key for this column-list'),
  '42P16': fixed(2260, 'table can have only one primary key'),
  '42P18': fixed(932, 'inconsistent datatypes: expected - got -'),
  '42P20': fixed(30483, 'window functions are not allowed here'),
  '428C9': (error) =>
    /generated column|column ".+" is a generated/.test(error.message + (error.detail ?? '')) &&
    !/identity/.test(error.detail ?? '')
      ? { number: 54013, text: 'INSERT operation disallowed on virtual columns' }
      : { number: 32795, text: 'cannot insert into a generated always identity column' },
  '44000': fixed(1402, 'view WITH CHECK OPTION where-clause violation'),
  '53300': fixed(20, 'maximum number of processes exceeded'),
  '55000': uninitialised,
  '55P03': lockNotAvailable,
  '57014': fixed(1013, 'user requested cancel of current operation'),
  '57P01': fixed(28, 'your session has been killed'),
};
