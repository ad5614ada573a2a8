/** What change capture has seen: keys of changed and deleted rows, to be looked up like those of the refresh list. */
import oracledb from 'oracledb';
import { encodeKey } from '../../domain/keys.ts';
import type { CapturedPage, CapturedRange } from '../contract.ts';
import { type CaptureSpec, captureNames } from './capture-ddl.ts';
import { quoteName, quoteTable } from './relation.ts';
import { asText, type Session } from './session.ts';
import { readText, selected } from './write-back-read.ts';
import { describeTable } from './write-back-table.ts';
import type { WriteColumn } from './write-back-values.ts';

export type CapturedChange = {
  /** Text of domain/keys.ts. */
  readonly key: string;
  readonly operation: 'insert' | 'update' | 'delete';
  /** UTC instant of the change, as watermarks are written. */
  readonly at: string;
};

export type CapturedChanges = Omit<CapturedPage, 'keys'> & {
  /** In the order of their time. A row changed several times stands there several times. */
  readonly changes: readonly CapturedChange[];
};

const AT_MASK = 'YYYY-MM-DD"T"HH24:MI:SS.FF6';
const OPERATIONS: Readonly<Record<string, CapturedChange['operation']>> = {
  I: 'insert',
  U: 'update',
  D: 'delete',
};

/**
 * One page of the changes at or after `low`. The next checkpoint is the high mark that was taken before the first page
 * (C3): no transaction that was open at that time can still add a change below it.
 */
export async function readCaptured(
  session: Session,
  spec: CaptureSpec,
  range: CapturedRange,
): Promise<CapturedChanges> {
  const { schema, log } = captureNames(spec);
  const table = quoteTable({ schema, table: log });
  const key = await keyColumns(session, spec, table);
  const [at, seq] = range.after === null ? [range.low, null] : splitPosition(range.after);
  const instant = `TO_TIMESTAMP(:at, '${AT_MASK}')`;
  const beyond = seq === null ? '' : ` AND (sync_at > ${instant} OR sync_seq > TO_NUMBER(:seq))`;
  const { rows = [] } = await session.call((connection) =>
    connection.execute<(string | null)[]>(
      `SELECT TO_CHAR(sync_at, '${AT_MASK}'), TO_CHAR(sync_seq), sync_op, ${key.map(selected).join(', ')}
         FROM ${table} WHERE sync_at >= ${instant}${beyond}
        ORDER BY sync_at, sync_seq FETCH FIRST ${Math.trunc(range.limit)} ROWS ONLY`,
      { at: text(at.replace(/Z$/, '')), ...(seq !== null && { seq: text(seq) }) },
      { outFormat: oracledb.OUT_FORMAT_ARRAY, fetchTypeHandler: asText },
    ),
  );
  const last = rows.at(-1);
  return {
    changes: rows.flatMap(([when, , operation, ...values]) => {
      const parts = key.flatMap((column, i) => readText(column, values[i]) ?? []);
      // A key of which a part is NULL names no row of a mirror.
      if (parts.length < key.length) return [];
      return [{ key: encodeKey(parts), operation: OPERATIONS[operation ?? ''] ?? 'update', at: `${when}Z` }];
    }),
    position: last === undefined ? range.after : `${last[0]}Z/${last[1]}`,
    done: rows.length < range.limit,
  };
}

/** The log's own: the captured table may have been given other types since. */
async function keyColumns(
  session: Session,
  { key }: CaptureSpec,
  log: string,
): Promise<readonly WriteColumn[]> {
  const described = await session.call((connection) =>
    describeTable(connection, { entity: log, table: log, key }),
  );
  return described.key;
}

function splitPosition(position: string): [at: string, seq: string] {
  const slash = position.indexOf('/');
  return [position.slice(0, slash), position.slice(slash + 1)];
}

/** Deletes what is older than `before` (UTC instant), which must be below every checkpoint. @returns rows deleted */
export async function purgeCaptured(
  session: Session,
  spec: Pick<CaptureSpec, 'table'>,
  { before, limit }: { readonly before: string; readonly limit: number },
): Promise<number> {
  const { schema, log } = captureNames(spec);
  const { rowsAffected = 0 } = await session.call((connection) =>
    connection.execute(
      `DELETE FROM ${quoteTable({ schema, table: log })}
        WHERE ${quoteName('SYNC_AT')} < TO_TIMESTAMP(:at, '${AT_MASK}') AND ROWNUM <= :most`,
      { at: text(before.replace(/Z$/, '')), most: limit },
      { autoCommit: true },
    ),
  );
  return rowsAffected;
}

function text(val: string): oracledb.BindParameter {
  return { dir: oracledb.BIND_IN, type: oracledb.DB_TYPE_VARCHAR, val };
}
