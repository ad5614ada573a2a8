/**
 * The demo's tables in an Oracle schema that may be somebody's own. A comment on each says whose it is; a table of that
 * name without it was made by somebody else, and is never touched.
 */
import type oracledb from 'oracledb';

export type DemoTable = {
  readonly name: string;
  /** Makes it, then its indexes. */
  readonly statements: readonly string[];
};

const MARK = 'Made by the Syncline demo, which drops it at its end or when it starts again';

/**
 * Drops what an earlier demo left, and makes the tables in order, empty.
 * @throws Error when one of the names is taken by something that the demo did not make; nothing was changed then.
 */
export async function createOwnTables(
  connection: oracledb.Connection,
  tables: readonly DemoTable[],
): Promise<void> {
  await refuseForeignTables(connection, tables);
  await dropOwnTables(connection, tables);
  for (const { name, statements } of tables) {
    for (const statement of statements) {
      await connection.execute(statement);
      // At once after the first one: what stays behind when the next one fails has to be known as ours.
      if (statement === statements[0]) await connection.execute(`COMMENT ON TABLE ${name} IS '${MARK}'`);
    }
  }
}

/** Drops those of the tables that a demo made. @returns their names. */
export async function dropOwnTables(
  connection: oracledb.Connection,
  tables: readonly DemoTable[],
): Promise<readonly string[]> {
  const own = await ownTables(connection);
  // Those that refer to others go first.
  const dropped = [...tables].reverse().filter(({ name }) => own.has(name));
  for (const { name } of dropped) await connection.execute(`DROP TABLE ${name} CASCADE CONSTRAINTS PURGE`);
  return dropped.map(({ name }) => name);
}

/** @throws Error when one of the names is taken by something that no demo made. */
export async function refuseForeignTables(
  connection: oracledb.Connection,
  tables: readonly DemoTable[],
): Promise<void> {
  const names = new Set(tables.map(({ name }) => name));
  const own = await ownTables(connection);
  const { rows = [] } = await connection.execute<[string, string, string]>(
    "SELECT object_name, object_type, USER FROM user_objects WHERE object_name LIKE 'SYNCLINE%' ORDER BY object_name",
  );
  const foreign = rows.find(([name]) => names.has(name) && !own.has(name));
  if (foreign === undefined) return;
  const [name, type, schema] = foreign;
  throw new Error(
    `The schema ${schema} has a ${type.toLowerCase()} ${name} that the demo did not make: it is left alone. ` +
      `Give another ERP_USER, whose schema has nothing of that name.`,
  );
}

async function ownTables(connection: oracledb.Connection): Promise<ReadonlySet<string>> {
  const { rows = [] } = await connection.execute<[string]>(
    "SELECT table_name FROM user_tab_comments WHERE table_type = 'TABLE' AND comments = :mark",
    { mark: MARK },
  );
  return new Set(rows.map(([name]) => name));
}
