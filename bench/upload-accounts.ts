/** The table that uploads change, at either source, and the bare UPDATE that they are compared with. */
import oracledb from 'oracledb';
import type pg from 'pg';
import { LEDGER_DDL as ORACLE_LEDGER } from '../src/connectors/oracle/ledger.ts';
import { LEDGER_DDL as POSTGRES_LEDGER } from '../src/connectors/postgres/ledger.ts';
import type { OracleBench } from './oracle.ts';

const ROWS = 20_000;

export type Accounts = {
  readonly name: string;
  readonly pipeline: string;
  readonly entity: string;
  create(): Promise<void>;
  /** Ids and amounts, in one statement and one transaction, on a connection that is open. */
  updateBare(amounts: readonly (readonly [id: string, amount: string])[]): Promise<void>;
  close(): Promise<void>;
};

export function postgresAccounts(source: pg.Pool): Accounts {
  return {
    name: 'PostgreSQL',
    pipeline: 'shop',
    entity: 'accounts',
    create: async () => {
      await source.query(`${POSTGRES_LEDGER.join(';\n')};
        CREATE TABLE accounts (id bigint PRIMARY KEY, amount numeric(12, 2) NOT NULL, type text NOT NULL,
                               updated_at timestamptz NOT NULL DEFAULT now());
        INSERT INTO accounts SELECT n, 0, 'plain' FROM generate_series(1, ${ROWS}) AS n;
        CREATE INDEX ON accounts (updated_at, id);
        ANALYZE accounts`);
    },
    updateBare: async (amounts) => {
      await source.query(
        `UPDATE accounts AS a SET amount = given.amount
           FROM unnest($1::bigint[], $2::numeric[]) AS given (id, amount) WHERE a.id = given.id`,
        [amounts.map(([id]) => id), amounts.map(([, amount]) => amount)],
      );
    },
    close: async () => undefined,
  };
}

export function oracleAccounts(oracle: OracleBench): Accounts {
  let bare: oracledb.Connection | null = null;
  return {
    name: 'Oracle simulator',
    pipeline: 'erp',
    entity: 'erp_accounts',
    create: () =>
      oracle.withConnection(async (connection) => {
        for (const statement of ORACLE_LEDGER) await connection.execute(statement);
        await connection.execute(
          `CREATE TABLE accounts (id NUMBER(18) PRIMARY KEY, amount NUMBER(12, 2) NOT NULL, type VARCHAR2(20) NOT NULL,
             updated_at TIMESTAMP(6) NOT NULL)`,
        );
        await connection.execute(
          `INSERT INTO accounts SELECT LEVEL, 0, 'plain', TIMESTAMP '2026-01-01 00:00:00' FROM DUAL CONNECT BY LEVEL <= :many`,
          [ROWS],
          { autoCommit: true },
        );
        await connection.execute('CREATE INDEX accounts_changed ON accounts (updated_at, id)');
      }),
    updateBare: async (amounts) => {
      bare ??= await oracle.connect();
      await bare.executeMany(
        'UPDATE accounts SET amount = :1 WHERE id = :2',
        amounts.map(([id, amount]) => [Number(amount), Number(id)]),
        { autoCommit: true, bindDefs: [{ type: oracledb.NUMBER }, { type: oracledb.NUMBER }] },
      );
    },
    close: async () => bare?.close(),
  };
}
