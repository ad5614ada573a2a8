/**
 * Makes the example's tables in an Oracle schema and fills them. As a program, with ERP_CONNECT, ERP_USER (the schema's
 * owner) and ERP_PASSWORD: `npx tsx examples/hr/load.ts --employees 10000`.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import oracledb from 'oracledb';
import { type Amounts, type ColumnKind, hrTables, managers, type TableRows, type Value } from './rows.ts';

const BATCH_ROWS = 1_000;

/** Texts become dates in the database: a Date of this process would be shifted by its time zone. */
const PLACEHOLDERS: Readonly<Record<ColumnKind, (bind: string) => string>> = {
  number: (bind) => bind,
  text: (bind) => bind,
  clob: (bind) => bind,
  date: (bind) => `TO_DATE(${bind}, 'YYYY-MM-DD')`,
  timestamp: (bind) => `TO_TIMESTAMP(${bind}, 'YYYY-MM-DD HH24:MI:SS')`,
  zoned: (bind) => `TO_TIMESTAMP_TZ(${bind}, 'YYYY-MM-DD HH24:MI:SS TZH:TZM')`,
};

const BINDS: Readonly<Record<ColumnKind, oracledb.BindDefinition>> = {
  number: { type: oracledb.DB_TYPE_NUMBER },
  text: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 800 },
  clob: { type: oracledb.DB_TYPE_CLOB },
  date: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 40 },
  timestamp: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 40 },
  zoned: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 40 },
};

/** The statements of schema.sql, in order. */
export async function schemaStatements(): Promise<readonly string[]> {
  const script = await readFile(new URL('schema.sql', import.meta.url), 'utf8');
  return script
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/**
 * Executes schema.sql, unless its tables are there, and inserts the rows, committed table by table, in the schema of the
 * connection's user. `log` is told of every table.
 */
export async function loadHr(
  connection: oracledb.Connection,
  amounts: Amounts,
  log: (line: string) => void = () => {},
): Promise<void> {
  if (!(await hasTables(connection)))
    for (const statement of await schemaStatements()) await connection.execute(statement);
  for (const table of hrTables(amounts)) {
    const count = await insertRows(connection, table);
    log(`${table.table}: ${count} rows`);
  }
  const leaders = [...managers(amounts)].map((pair) => [...pair]);
  await connection.executeMany('UPDATE DEPARTMENTS SET MANAGER_ID = :1 WHERE DEPARTMENT_ID = :2', leaders, {
    bindDefs: [BINDS.number, BINDS.number],
  });
  await connection.commit();
}

async function hasTables(connection: oracledb.Connection): Promise<boolean> {
  const { rows } = await connection.execute<[number]>(
    "SELECT COUNT(*) FROM USER_TABLES WHERE TABLE_NAME = 'EMPLOYEES'",
  );
  return rows?.[0]?.[0] === 1;
}

async function insertRows(connection: oracledb.Connection, table: TableRows): Promise<number> {
  const names = table.columns.map(({ name }) => name).join(', ');
  const values = table.columns.map(({ kind }, index) => PLACEHOLDERS[kind](`:${index + 1}`)).join(', ');
  const sql = `INSERT INTO ${table.table} (${names}) VALUES (${values})`;
  const bindDefs = table.columns.map(({ kind }) => BINDS[kind]);
  let count = 0;
  for (const batch of batches(table.rows())) {
    await connection.executeMany(sql, batch, { bindDefs });
    count += batch.length;
  }
  await connection.commit();
  return count;
}

function* batches(rows: Iterable<readonly Value[]>): Iterable<Value[][]> {
  let batch: Value[][] = [];
  for (const row of rows) {
    batch.push([...row]);
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { employees: { type: 'string', default: '10000' } } });
  // biome-ignore lint/style/noProcessEnv: a program of its own
  const { ERP_CONNECT, ERP_USER, ERP_PASSWORD } = process.env;
  if (!ERP_CONNECT || !ERP_USER || !ERP_PASSWORD)
    throw new Error('Set ERP_CONNECT, ERP_USER and ERP_PASSWORD.');
  const connection = await oracledb.getConnection({
    connectString: ERP_CONNECT,
    user: ERP_USER,
    password: ERP_PASSWORD,
  });
  try {
    await loadHr(connection, { employees: Number(values.employees) }, (line) =>
      process.stdout.write(`${line}\n`),
    );
  } finally {
    await connection.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
