import oracledb from 'oracledb';
import { type ContractFixture, connectorContract } from '../contract.ts';
import { openOracle, startOracle } from './oracle-kit.ts';

const BATCH_ROWS = 1_000;
const AT_MASK = 'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM';
const atText = (instant: string): string => instant.replace('T', ' ').replace(/Z$/, ' +00:00');

connectorContract('oracle', async (): Promise<ContractFixture> => {
  const oracle = await startOracle();
  const table = oracle.name('items');
  await oracle.execute(
    `CREATE TABLE ${table} ("id" NUMBER(18) NOT NULL PRIMARY KEY, "name" VARCHAR2(200 CHAR),
       "changed_at" TIMESTAMP(6) WITH TIME ZONE DEFAULT SYSTIMESTAMP NOT NULL)`,
  );
  await oracle.execute(`CREATE INDEX ${table}_AT ON ${table} ("changed_at")`);
  const source = oracle.source();
  return {
    source,
    items: { read: { kind: 'table', table } },
    fill: async (count) => {
      const connection = await oracle.connect();
      const options: oracledb.ExecuteManyOptions = {
        bindDefs: [
          { type: oracledb.DB_TYPE_NUMBER },
          { type: oracledb.DB_TYPE_VARCHAR, maxSize: 200 },
          { type: oracledb.DB_TYPE_VARCHAR, maxSize: 40 },
        ],
      };
      for (let from = 1; from <= count; from += BATCH_ROWS) {
        const ids = Array.from({ length: Math.min(BATCH_ROWS, count - from + 1) }, (_, i) => from + i);
        const rows = ids.map((id) => {
          const at = new Date(Date.UTC(2026, 0, 1, 0, id)).toISOString().slice(0, 19);
          return [id, id % 10 === 0 ? null : `item ${id}`, atText(`${at}.000000Z`)];
        });
        await connection.executeMany(
          `INSERT INTO ${table} VALUES (:1, :2, TO_TIMESTAMP_TZ(:3, '${AT_MASK}'))`,
          rows,
          options,
        );
      }
      await connection.commit();
    },
    put: async ({ id, name, at }) => {
      await (at === undefined
        ? oracle.execute(`INSERT INTO ${table} ("id", "name") VALUES (:id, :name)`, { id, name })
        : oracle.execute(`INSERT INTO ${table} VALUES (:id, :name, TO_TIMESTAMP_TZ(:at, '${AT_MASK}'))`, {
            id,
            name,
            at: atText(at),
          }));
    },
    remove: (id) => oracle.execute(`DELETE FROM ${table} WHERE "id" = :id`, { id }),
    putLate: async (id) => {
      const connection = await oracle.connect();
      await connection.execute(`INSERT INTO ${table} ("id", "name") VALUES (:id, 'late')`, { id });
      return { commit: () => connection.commit() };
    },
    unreachable: () => openOracle({ user: 'nobody', password: 'secret', connectString: '127.0.0.1:1/none' }),
    running: async (correlationId) => {
      const [row] = await oracle.query(
        `SELECT COUNT(*) FROM v$session WHERE client_identifier = '${correlationId}' AND status = 'ACTIVE'`,
      );
      return Number(row?.[0]);
    },
    // 125 thousand million combinations of rows: longer than anybody waits, here and there.
    slow: () => ({
      read: {
        kind: 'sql',
        sql: `SELECT "id", "name", "changed_at" FROM ${table}
               WHERE "id" <= (SELECT COUNT(*) FROM ${table} a CROSS JOIN ${table} b CROSS JOIN ${table} c)`,
      },
    }),
    close: oracle.close,
  };
});
