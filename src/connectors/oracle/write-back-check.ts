/**
 * What stands against writing back, found by trying: roles, PUBLIC and system privileges count as they are. No statement
 * meets a row, and the transaction is rolled back.
 */
import type oracledb from 'oracledb';
import type { CheckedEntity, WriteProblem } from '../write-contract.ts';
import { isConnectionLost, oracleNumber } from './error-table.ts';
import { LEDGER_TABLE } from './ledger.ts';
import { parseTable, quoteName, quoteTable } from './relation.ts';

/** There is no such table, or not for us; a right on it is missing; there is no such sequence. */
const MISSING: ReadonlySet<number> = new Set([942, 1031, 2289]);

export async function findProblems(
  connection: oracledb.Connection,
  entities: readonly CheckedEntity[],
): Promise<WriteProblem[]> {
  const problems: WriteProblem[] = [];
  if (!(await may(connection, `DELETE FROM ${LEDGER_TABLE} WHERE 1 = 0`))) {
    problems.push({
      entity: null,
      problem: `the ledger ${LEDGER_TABLE} is missing in the schema of the source’s user`,
    });
  }
  for (const entity of entities) problems.push(...(await entityProblems(connection, entity)));
  return problems;
}

async function entityProblems(
  connection: oracledb.Connection,
  checked: CheckedEntity,
): Promise<WriteProblem[]> {
  const { entity, table, call, keySequence } = checked;
  const lacking: string[] = [];
  for (const [right, sql] of Object.entries(trials(checked))) {
    if (!(await may(connection, sql))) lacking.push(right);
  }
  const problems =
    lacking.length === 0 ? [] : [{ entity, problem: `the user lacks ${lacking.join(', ')} on ${table}` }];
  if (keySequence === undefined || call !== undefined) return problems;
  const sequence = quoteTable(parseTable(keySequence));
  if (await may(connection, `SELECT ${sequence}.CURRVAL FROM DUAL WHERE 1 = 0`)) return problems;
  return [
    ...problems,
    { entity, problem: `there is no sequence ${keySequence}, or the user lacks SELECT on it` },
  ];
}

/** A row is locked before it is written, whatever is done to it. A procedure writes with its owner's rights. */
function trials({ table, key, call, operations }: CheckedEntity): Record<string, string> {
  const name = quoteTable(parseTable(table));
  const column = quoteName(key[0] as string);
  const select = `SELECT 1 FROM ${name} WHERE 1 = 0`;
  if (call !== undefined) return { SELECT: select };
  return {
    SELECT: select,
    UPDATE: `UPDATE ${name} SET ${column} = ${column} WHERE 1 = 0`,
    ...(operations.includes('insert') && {
      INSERT: `INSERT INTO ${name} (${column}) SELECT ${column} FROM ${name} WHERE 1 = 0`,
    }),
    ...(operations.includes('delete') && { DELETE: `DELETE FROM ${name} WHERE 1 = 0` }),
  };
}

async function may(connection: oracledb.Connection, sql: string): Promise<boolean> {
  try {
    await connection.execute(sql);
    return true;
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    // Whatever else it says (an identity column takes no value), it is no missing right.
    return !MISSING.has(oracleNumber(error)?.number ?? 0);
  } finally {
    await connection.rollback();
  }
}
