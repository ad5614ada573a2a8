/** The statements by which one row is locked, written and read again, with their binds. */
import oracledb from 'oracledb';
import { decodeKey } from '../../domain/keys.ts';
import { refused } from '../write-back/outcomes.ts';
import type { Mutation, Texts } from '../write-contract.ts';
import { parseTable, quoteName, quoteTable } from './relation.ts';
import { selected } from './write-back-read.ts';
import type { WriteTable } from './write-back-table.ts';
import { type Bind, bindOf, expression, InvalidValue, type WriteColumn } from './write-back-values.ts';

export type Statement = { readonly sql: string; readonly binds: Readonly<Record<string, Bind>> };

/** A column and its value, ready for a statement. */
type Part = { readonly column: WriteColumn; readonly bind: Bind };

/** `lockWaitSeconds`: null reads without a lock. */
export function selectRow(table: WriteTable, key: string, lockWaitSeconds: number | null): Statement {
  const where = keyCondition(table, key);
  const list = table.rowColumns.map(selected).join(', ');
  return {
    sql: `SELECT ${list} FROM ${table.sqlName} WHERE ${where.sql}${lockClause(lockWaitSeconds)}`,
    binds: where.binds,
  };
}

/** Many rows at once. Keys of one kind make one text per number of keys. */
export function selectRows(
  table: WriteTable,
  keys: readonly string[],
  lockWaitSeconds: number | null,
): Statement {
  const list = table.rowColumns.map(selected).join(', ');
  const rows = keys.map((key, row) => values(keyParts(table, key), `r${row + 1}k`));
  const [first] = table.key;
  const where =
    table.key.length === 1
      ? `${quoteName((first as WriteColumn).name)} IN (${rows.map((row) => row.list[0]).join(', ')})`
      : rows.map((row) => `(${equalities(table, row.list)})`).join(' OR ');
  return {
    sql: `SELECT ${list} FROM ${table.sqlName} WHERE ${where}${lockClause(lockWaitSeconds)}`,
    binds: Object.assign({}, ...rows.map((row) => row.binds)),
  };
}

function equalities(table: WriteTable, list: readonly string[]): string {
  return table.key.map(({ name }, i) => `${quoteName(name)} = ${list[i]}`).join(' AND ');
}

function lockClause(waitSeconds: number | null): string {
  if (waitSeconds === null) return '';
  return waitSeconds === 0 ? ' FOR UPDATE NOWAIT' : ` FOR UPDATE WAIT ${waitSeconds}`;
}

/** null: there is nothing to set. */
export function updateRow(table: WriteTable, key: string, parts: readonly Part[]): Statement | null {
  if (parts.length === 0) return null;
  const where = keyCondition(table, key);
  const { list, binds } = values(parts);
  const set = parts.map(({ column }, i) => `${quoteName(column.name)} = ${list[i]}`).join(', ');
  return {
    sql: `UPDATE ${table.sqlName} SET ${set} WHERE ${where.sql}`,
    binds: { ...binds, ...where.binds },
  };
}

export function deleteRow(table: WriteTable, key: string): Statement {
  const where = keyCondition(table, key);
  return { sql: `DELETE FROM ${table.sqlName} WHERE ${where.sql}`, binds: where.binds };
}

/** With RETURNING of the key into the binds o1, o2 … when the database gives it. */
export function insertRow(table: WriteTable, parts: readonly Part[], key: 'given' | 'generated'): Statement {
  const { list, binds } = values(parts);
  const names = parts.map(({ column }) => quoteName(column.name));
  const { keySequence } = table.spec;
  const generated = key === 'generated' && keySequence !== undefined ? (table.key[0] as WriteColumn) : null;
  if (generated !== null) {
    names.unshift(quoteName(generated.name));
    list.unshift(`${quoteTable(parseTable(keySequence as string))}.NEXTVAL`);
  }
  // INSERT needs a column: one of the key by its default.
  if (names.length === 0) {
    names.push(quoteName((table.key[0] as WriteColumn).name));
    list.push('DEFAULT');
  }
  const insert = `INSERT INTO ${table.sqlName} (${names.join(', ')}) VALUES (${list.join(', ')})`;
  if (key === 'given') return { sql: insert, binds };
  const returned = table.key.map(selected).join(', ');
  const into = table.key.map((_, i) => `:o${i + 1}`).join(', ');
  return {
    sql: `${insert} RETURNING ${returned} INTO ${into}`,
    binds: { ...binds, ...outBinds(table) },
  };
}

/**
 * `BEGIN PKG.PROC(P_OPERATION => …, P_CHANGED => …, P_<key> => …, P_<column> => …); END;`. The key goes in and out by the
 * binds o1, o2 …: NULL when the procedure is to give it.
 */
export function callProcedure(table: WriteTable, mutation: Mutation, parts: readonly Part[]): Statement {
  const keys = mutation.key === null ? null : keyParts(table, mutation.key);
  const { list, binds } = values(parts);
  const changed = Object.keys(mutation.values).filter((name) => !table.key.some((key) => key.name === name));
  const keyBinds = table.key.map((column, i) => keyBind(column, keys?.[i]?.bind ?? null));
  const args = [
    'P_OPERATION => :operation',
    'P_CHANGED => :changed',
    ...table.key.map((column, i) => {
      const bind = keyBinds[i] as Bind;
      // Only a variable can take what comes out.
      const value = bind.dir === oracledb.BIND_IN ? expression(column, `:o${i + 1}`, bind) : `:o${i + 1}`;
      return `${argument(column.name)} => ${value}`;
    }),
    ...parts.map(({ column }, i) => `${argument(column.name)} => ${list[i]}`),
  ];
  return {
    sql: `BEGIN ${procedureName(table.spec.call as string)}(${args.join(', ')}); END;`,
    binds: {
      operation: text(mutation.operation),
      changed: text(changed.join(',')),
      ...binds,
      ...Object.fromEntries(keyBinds.map((bind, i) => [`o${i + 1}`, bind])),
    },
  };
}

/** Dates have no text that PL/SQL would convert by itself: as parts of a key they are IN parameters. */
function keyBind({ kind }: WriteColumn, given: Bind | null): Bind {
  const isTime = kind === 'date' || kind === 'timestamp' || kind === 'zoned';
  if (given !== null && isTime) return given;
  const bind = { ...(given ?? { type: oracledb.DB_TYPE_VARCHAR, val: null }), dir: oracledb.BIND_INOUT };
  return { ...bind, maxSize: kind === 'raw' ? MAX_RAW_BYTES : MAX_KEY_BYTES };
}

function argument(column: string): string {
  const name = `P_${column}`;
  return /^[A-Z][A-Z0-9_$#]*$/.test(name) ? name : quoteName(name);
}

/** `PKG.PROC`, `HR.PKG.PROC`: what it is is checked, since it becomes part of a statement. */
function procedureName(call: string): string {
  const name = /^(?:"[^"]+"|[\w$#]+)(?:\.(?:"[^"]+"|[\w$#]+)){0,2}$/;
  if (!name.test(call)) throw new InvalidValue('call', 'is no name of a procedure: write PACKAGE.PROCEDURE');
  return call;
}

function text(val: string): Bind {
  return { dir: oracledb.BIND_IN, type: oracledb.DB_TYPE_VARCHAR, val: val === '' ? null : val };
}

const MAX_KEY_BYTES = 4_000;
const MAX_RAW_BYTES = 2_000;

function outBinds(table: WriteTable): Record<string, Bind> {
  const bind = { dir: oracledb.BIND_OUT, type: oracledb.DB_TYPE_VARCHAR, maxSize: MAX_KEY_BYTES };
  return Object.fromEntries(table.key.map((_, i) => [`o${i + 1}`, bind]));
}

function keyCondition(table: WriteTable, key: string): Statement {
  const { list, binds } = values(keyParts(table, key), 'k');
  return { sql: equalities(table, list), binds };
}

/** @throws InvalidValue */
export function keyParts(table: WriteTable, key: string): Part[] {
  const texts = decodeOrFail(table, key);
  return table.key.map((column, i) => {
    const bind = bindOf(column, texts[i] as string);
    if (bind.val === null) throw new InvalidValue(column.name, 'is part of the key and has no value');
    return { column, bind };
  });
}

function decodeOrFail(table: WriteTable, key: string): string[] {
  try {
    return decodeKey(key, table.key.length);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InvalidValue(table.key.map(({ name }) => name).join(', '), 'is not what the key’s text holds');
  }
}

/** Columns and values of a mutation, without its key. @throws InvalidValue, Refused */
export function valueParts(table: WriteTable, texts: Texts): Part[] {
  return Object.entries(texts).map(([name, value]) => {
    const column = table.columns.get(name);
    if (column === undefined) throw refused('UNKNOWN_COLUMN', `${name} is no column of the table`);
    if (column.kind === null) throw new InvalidValue(name, `is ${column.type}, which cannot be written`);
    return { column, bind: bindOf(column, value) };
  });
}

function values(
  parts: readonly Part[],
  prefix = 'v',
): { readonly list: string[]; readonly binds: Record<string, Bind> } {
  const names = parts.map((_, i) => `${prefix}${i + 1}`);
  return {
    list: parts.map(({ column, bind }, i) => expression(column, `:${names[i]}`, bind)),
    binds: Object.fromEntries(parts.map(({ bind }, i) => [names[i], bind])),
  };
}
