/** What stands against writing back, found without writing: the ledger, and the rights of the login. */
import type pg from 'pg';
import type { CheckedEntity, WriteProblem } from '../write-contract.ts';
import { LEDGER_TABLE } from './ledger.ts';
import { parseTable } from './relation.ts';

type Held = { readonly held: string };

/** By the catalogue alone: to_regclass() fails where the login may not enter the schema. @returns its oid */
async function find(client: pg.PoolClient, text: string): Promise<string | null> {
  const { schema, table } = parseTable(text);
  const { rows } = await client.query<{ oid: string }>(
    `SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'v', 'f', 'S')
        AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $2 END`,
    [table, schema],
  );
  return rows[0]?.oid ?? null;
}

export async function findProblems(
  client: pg.PoolClient,
  entities: readonly CheckedEntity[],
): Promise<WriteProblem[]> {
  const problems = await ledgerProblems(client);
  for (const entity of entities) problems.push(...(await entityProblems(client, entity)));
  return problems;
}

async function ledgerProblems(client: pg.PoolClient): Promise<WriteProblem[]> {
  const ledger = await find(client, LEDGER_TABLE);
  if (ledger === null) return [{ entity: null, problem: `the ledger ${LEDGER_TABLE} is missing` }];
  const lacking = await lackingRights(client, ledger, ['SELECT', 'INSERT', 'UPDATE', 'DELETE']);
  if (lacking.length === 0) return [];
  return [{ entity: null, problem: `the login lacks ${lacking.join(', ')} on the ledger ${LEDGER_TABLE}` }];
}

async function entityProblems(client: pg.PoolClient, checked: CheckedEntity): Promise<WriteProblem[]> {
  const { entity, table, call, operations, keySequence } = checked;
  const found = await find(client, table);
  if (found === null) return [{ entity, problem: `table ${table} is not there` }];
  // A row is locked before it is written, whatever is done to it.
  const wanted = ['SELECT', 'UPDATE', ...(call === undefined ? operations.map(rightFor) : [])];
  const lacking = await lackingRights(client, found, [...new Set(wanted)]);
  return [
    ...(lacking.length === 0
      ? []
      : [{ entity, problem: `the login lacks ${lacking.join(', ')} on ${table}` }]),
    ...(call === undefined || (await mayCall(client, call))
      ? []
      : [{ entity, problem: `there is no procedure ${call}, or the login may not execute it` }]),
    ...(keySequence === undefined || (await maySequence(client, keySequence))
      ? []
      : [{ entity, problem: `there is no sequence ${keySequence}, or the login lacks USAGE on it` }]),
  ];
}

const rightFor = (operation: CheckedEntity['operations'][number]): string => operation.toUpperCase();

/** DELETE is a right of tables only; the others may be granted by column. */
async function lackingRights(
  client: pg.PoolClient,
  oid: string,
  wanted: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<Held>(
    `SELECT wanted AS held FROM unnest($2::text[]) AS wanted
      WHERE has_table_privilege($1::oid, wanted)
         OR CASE WHEN wanted <> 'DELETE' THEN has_any_column_privilege($1::oid, wanted) END`,
    [oid, wanted],
  );
  const schema = await mayEnter(client, oid);
  const held = new Set(rows.map((row) => row.held));
  return [...(schema ? [] : ['USAGE of the schema']), ...wanted.filter((right) => !held.has(right))];
}

async function mayEnter(client: pg.PoolClient, oid: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_catalog.pg_class WHERE oid = $1::oid AND has_schema_privilege(relnamespace, 'USAGE')`,
    [oid],
  );
  return rowCount === 1;
}

async function mayCall(client: pg.PoolClient, call: string): Promise<boolean> {
  const { schema, table: name } = parseTable(call);
  const { rowCount } = await client.query(
    `SELECT FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
      WHERE p.proname = $1 AND ($2::text IS NULL AND pg_catalog.pg_function_is_visible(p.oid) OR n.nspname = $2)
        AND has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE') LIMIT 1`,
    [name, schema],
  );
  return rowCount === 1;
}

async function maySequence(client: pg.PoolClient, sequence: string): Promise<boolean> {
  const found = await find(client, sequence);
  if (found === null) return false;
  const { rows } = await client.query<Held>(
    `SELECT (has_sequence_privilege($1::oid, 'USAGE') OR has_sequence_privilege($1::oid, 'UPDATE'))::text AS held`,
    [found],
  );
  return rows[0]?.held === 'true';
}
