/**
 * A full run from the Oracle simulator, through the whole product, against the bare driver that fetches the same rows
 * and drops them. The simulator is a process of its own for both. It says what the product adds to the driver's cost;
 * it says nothing of Oracle's speed.
 */
import oracledb from 'oracledb';
import { startOracleProcess } from '../dev/oracle-process.ts';

const LOGIN = { user: 'BENCH', password: 'bench' };
const PAGE_ROWS = 1_000;

export type OracleBench = {
  /** For the configuration's `env()`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Makes SALES with so many rows: 8 columns, a NUMBER key. */
  fill(rows: number): Promise<void>;
  /** Seconds that the bare driver takes. */
  fetchAll(): Promise<number>;
  connect(): Promise<oracledb.Connection>;
  withConnection<T>(work: (connection: oracledb.Connection) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
};

export async function startOracleBench(): Promise<OracleBench> {
  const { connectString, stop } = await startOracleProcess({ name: LOGIN.user, password: LOGIN.password });
  const connect = (): Promise<oracledb.Connection> => oracledb.getConnection({ ...LOGIN, connectString });
  const withConnection = async <T>(work: (connection: oracledb.Connection) => Promise<T>): Promise<T> => {
    const connection = await connect();
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  };
  return {
    environment: { ERP_CONNECT: connectString, ERP_USER: LOGIN.user, ERP_PASSWORD: LOGIN.password },
    fill: (rows) => withConnection((connection) => createSales(connection, rows)),
    fetchAll: () => withConnection(fetchAll),
    connect,
    withConnection,
    stop,
  };
}

async function createSales(connection: oracledb.Connection, rows: number): Promise<void> {
  await connection.execute(
    `CREATE TABLE sales (id NUMBER(18) PRIMARY KEY, pdv NUMBER(6) NOT NULL, operator VARCHAR2(20) NOT NULL,
       amount NUMBER(12, 2) NOT NULL, sold_at TIMESTAMP(6) NOT NULL, type VARCHAR2(10) NOT NULL, reference VARCHAR2(20),
       updated_at TIMESTAMP(6) NOT NULL)`,
  );
  await connection.execute(
    `INSERT INTO sales
     SELECT LEVEL, 1 + MOD(LEVEL, 120), 'op-' || MOD(LEVEL * 7919, 900), MOD(LEVEL * 104729, 5000000) / 100,
            TIMESTAMP '2025-01-01 00:00:00' + NUMTODSINTERVAL(LEVEL * 31, 'SECOND'),
            DECODE(MOD(LEVEL, 3), 0, 'sale', 1, 'return', 'voucher'), 'R-' || LEVEL * 2654435761,
            TIMESTAMP '2025-01-01 00:00:00' + NUMTODSINTERVAL(LEVEL * 31, 'SECOND')
       FROM DUAL CONNECT BY LEVEL <= :many`,
    [rows],
    { autoCommit: true },
  );
  await connection.execute('CREATE INDEX sales_changed ON sales (updated_at, id)');
}

async function fetchAll(connection: oracledb.Connection): Promise<number> {
  const startedAt = performance.now();
  const { resultSet } = await connection.execute('SELECT * FROM sales ORDER BY id', [], {
    resultSet: true,
    outFormat: oracledb.OUT_FORMAT_ARRAY,
    fetchArraySize: PAGE_ROWS,
    prefetchRows: PAGE_ROWS,
  });
  if (resultSet === undefined) throw new Error('The query gave no rows');
  while ((await resultSet.getRows(PAGE_ROWS)).length > 0);
  await resultSet.close();
  return (performance.now() - startedAt) / 1000;
}
