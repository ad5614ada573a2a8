/** The driver's parts that its interface does not name: they must be there in the version that is pinned. */
import oracledb from 'oracledb';
import { expect, test } from 'vitest';
import { bytesMoved, destroyConnection } from '../../../src/connectors/oracle/driver.ts';
import { fakeServer, PASSWORD, USER } from '../../dev/oracle-simulator/wire-support.ts';

test('a session that waits for a silent server is cut off, and whoever waits for it hears of it', async () => {
  await using server = await fakeServer();
  const connection = await oracledb.getConnection({
    user: USER,
    password: PASSWORD,
    connectString: server.connectString,
  });
  const before = bytesMoved(connection);
  await connection.ping();
  expect(bytesMoved(connection)).toBeGreaterThan(before ?? Number.POSITIVE_INFINITY);
  server.faults.add({ when: { at: 'ping' }, fault: { do: 'stall' } });
  const struck = server.faults.struck();
  const pinging = connection.ping();
  await struck;
  destroyConnection(connection);
  await expect(pinging).rejects.toThrow(/NJS-5\d\d/);
  destroyConnection(connection);
});
