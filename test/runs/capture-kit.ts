/** A captured table of an Oracle, and the entity that follows its log. */
import oracledb from 'oracledb';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import type { Source } from '../../src/connectors/contract.ts';
import { installDdl } from '../../src/connectors/oracle/capture-ddl.ts';
import type { Kit, KitOptions } from './run-kit.ts';

export const CAPTURED = { table: 'ERP.ORDERS', key: ['REGION', 'ID'] };

export const ORDERS = [
  'CREATE TABLE orders (region CHAR(2), id NUMBER, amount NUMBER(10, 2), changed TIMESTAMP(6), UNIQUE (region, id))',
  `INSERT INTO orders SELECT 'EU', LEVEL, LEVEL * 1.5, NULL FROM DUAL CONNECT BY LEVEL <= 20`,
];

export const ORDERS_ENTITY = {
  read: { table: 'ERP.ORDERS' },
  key: ['region', 'id'],
  capture: true,
  mirror: 'shop.orders',
};

export function captured(more: Partial<KitOptions> = {}): KitOptions {
  const oracle = [...ORDERS, ...installDdl(CAPTURED)];
  return { sql: 'SELECT', oracle, entities: { orders: ORDERS_ENTITY }, ...more };
}

/** A session of the tables' owner, to be closed. */
export function connectErp(kit: Kit): Promise<oracledb.Connection> {
  const connectString = kit.oracle?.connectString as string;
  return oracledb.getConnection({ user: 'ERP', password: 'tiger', connectString });
}

/** Statements of the tables' owner, each committed. */
export async function asErp(kit: Kit, ...statements: readonly string[]): Promise<void> {
  for (const sql of statements) await kit.oracle?.sql('ERP', sql);
}

/** The same worker, whose source is another. */
export function changeSources(deps: ActivityDeps, change: (source: Source) => Source): ActivityDeps {
  return { ...deps, sources: { erp: change(deps.sources.erp as Source) } };
}
