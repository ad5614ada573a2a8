/** All of the simulator, as far as statements need it: a database, an engine, a port. */

import oracledb from 'oracledb';
import { createEngine } from '../../../dev/oracle-simulator/engine/engine.ts';
import { createFaults, type Faults } from '../../../dev/oracle-simulator/faults.ts';
import { createUser } from '../../../dev/oracle-simulator/schema/users.ts';
import { listen } from '../../../dev/oracle-simulator/wire/server.ts';
import { schemaDatabase } from './schema-database.ts';

export type WholeServer = {
  readonly faults: Faults;
  /** What the simulator could not make an error of Oracle's; empty unless it has a defect. */
  readonly defects: unknown[];
  connect(): Promise<oracledb.Connection>;
  close(): Promise<void>;
};

export async function wholeServer(): Promise<WholeServer> {
  const database = await schemaDatabase();
  const user = database.userName('SCOTT');
  await createUser(database.db, { name: user, password: 'tiger' });
  const engine = await createEngine({ url: database.url });
  const faults = createFaults();
  const defects: unknown[] = [];
  const listener = await listen({
    engine,
    faults,
    services: ['FREEPDB1'],
    onDefect: (error) => defects.push(error),
  });
  return {
    faults,
    defects,
    connect: () =>
      oracledb.getConnection({
        user,
        password: 'tiger',
        connectString: `127.0.0.1:${listener.port}/FREEPDB1`,
      }),
    async close() {
      faults.clear();
      await listener.close();
      await engine.close();
      await database.close();
    },
  };
}

/** Numbers and LOBs as what holds all of them. */
export const strings: NonNullable<oracledb.ExecuteOptions['fetchTypeHandler']> = ({ dbType }) =>
  dbType === oracledb.DB_TYPE_NUMBER || dbType === oracledb.DB_TYPE_CLOB || dbType === oracledb.DB_TYPE_NCLOB
    ? { type: oracledb.STRING }
    : dbType === oracledb.DB_TYPE_BLOB
      ? { type: oracledb.BUFFER }
      : undefined;
