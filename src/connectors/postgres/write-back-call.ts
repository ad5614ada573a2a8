/**
 * Writing through a procedure or function of the database, in the ledger's transaction:
 * `CALL hr.set_employee(p_operation => …, p_changed => …, p_<key> => …, p_<column> => …)`.
 */
import type pg from 'pg';
import { SyncError } from '../../domain/errors.ts';
import { quoteIdent, quoteTable } from '../../pg/identifiers.ts';
import { parseTable } from './relation.ts';
import { keyOf } from './write-back-fetch.ts';
import type { Prepared } from './write-back-prepare.ts';
import type { WriteTable } from './write-back-table.ts';

/** @returns the row's key: the given one, or what the INOUT parameters of the key hold then. @throws Refused NO_KEY */
export async function callProcedure(
  client: pg.PoolClient,
  table: WriteTable,
  { mutation, row, columns }: Prepared,
): Promise<string> {
  const procedure = await findProcedure(client, table);
  const changed = Object.keys(mutation.values).filter((name) => !table.key.some((key) => key.name === name));
  const given: (readonly [name: string, value: string | null])[] = [
    ['operation', mutation.operation],
    ['changed', changed.join(',')],
    ...table.key.map(({ name }, i) => [name, row.key?.[i] ?? null] as const),
    ...columns.map(({ name }, i) => [name, row.values[i] ?? null] as const),
  ];
  // Without casts: a parameter takes the type that the procedure declares.
  const list = given.map(([name], i) => `${parameter(name)} => $${i + 1}`).join(', ');
  const { rows } = await client.query<Record<string, string | null>>(
    procedure.isFunction
      ? `SELECT * FROM ${procedure.sqlName}(${list})`
      : `CALL ${procedure.sqlName}(${list})`,
    given.map(([, value]) => value),
  );
  if (mutation.key !== null) return mutation.key;
  const [result = {}] = rows;
  const [only, ...more] = Object.values(result);
  // A function may simply return the key.
  const isKeyItself = table.key.length === 1 && more.length === 0;
  return keyOf(
    table,
    table.key.map(({ name }) => result[`p_${name}`] ?? (isKeyItself ? only : null)),
  );
}

function parameter(column: string): string {
  return quoteIdent(`p_${column}`);
}

async function findProcedure(
  client: pg.PoolClient,
  { spec }: WriteTable,
): Promise<{ readonly sqlName: string; readonly isFunction: boolean }> {
  const { schema, table: name } = parseTable(spec.call as string);
  const { rows } = await client.query<{ schema: string; kind: string }>(
    `SELECT n.nspname AS schema, p.prokind AS kind
       FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
      WHERE p.proname = $1 AND p.prokind IN ('p', 'f') AND n.nspname = coalesce($2, n.nspname)
        AND ($2 IS NOT NULL OR pg_function_is_visible(p.oid))
      LIMIT 1`,
    [name, schema],
  );
  const [row] = rows;
  if (row === undefined) {
    throw new SyncError('SOURCE_QUERY', {
      message: `Entity ${spec.entity}: there is no procedure or function ${spec.call}`,
      details: { scope: 'entity' },
      remedy: 'Correct `writeBack: { call }` of the entity, or create the procedure.',
    });
  }
  return { sqlName: quoteTable({ schema: row.schema, table: name }), isFunction: row.kind === 'f' };
}
