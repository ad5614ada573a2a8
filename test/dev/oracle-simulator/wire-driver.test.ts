import oracledb from 'oracledb';
import { describe, expect, test } from 'vitest';
import { type FakeServer, fakeServer, PASSWORD, USER } from './wire-support.ts';

function connect(server: FakeServer, attributes: oracledb.ConnectionAttributes = {}) {
  return oracledb.getConnection({
    user: USER,
    password: PASSWORD,
    connectString: server.connectString,
    ...attributes,
  });
}

/** What the driver has and its published types have not. */
type Untyped = {
  tpcBegin(xid: object): Promise<unknown>;
  directPathLoad(schema: string, table: string, columns: string[], rows: unknown[][]): Promise<unknown>;
};

describe('a client of node-oracledb', () => {
  test('logs on, says who it is, pings, ends transactions and logs off', async () => {
    await using server = await fakeServer();
    const connection = await connect(server, { program: 'wiretest', driverName: 'mine' });
    const session = server.engine.session();
    expect(session.user).toBe('SCOTT');
    expect(session.told).toMatchObject({ program: 'wiretest', driver: 'mine' });
    expect(session.log[0]).toMatch(/^zone [+-]\d\d:\d\d$/);
    expect(server.listener.sessions()).toMatchObject([{ id: 1, user: 'SCOTT', service: 'FREEPDB1' }]);
    expect(connection.oracleServerVersionString).toBe('19.21.0.0.0');
    expect(connection.serviceName).toBe('FREEPDB1');
    await connection.ping();
    await connection.commit();
    await connection.rollback();
    await connection.close();
    await session.closed;
    expect(session.log.slice(1)).toEqual(['commit…', 'commit', 'rollback…', 'rollback', 'close']);
    expect(server.defects).toEqual([]);
  });

  test.each([
    { fieldVersion: 8 },
    { fieldVersion: 11 },
    { fieldVersion: 14 },
    { fieldVersion: 17 },
    { fieldVersion: 18 },
    { fieldVersion: 24 },
    { fastAuth: 'offered' as const },
    { fastAuth: 'offered' as const, endOfResponse: 'offered' as const, fieldVersion: 24 },
    { endOfResponse: 'offered' as const, fieldVersion: 24 },
    { sduBytes: 512 },
  ])('logs on to %j', async (options) => {
    await using server = await fakeServer(options);
    const connection = await connect(server);
    await connection.ping();
    await expect(connection.execute('select 1 from dual')).rejects.toThrow(/ORA-00900/);
    await connection.commit();
    await connection.close();
    await server.engine.session().closed;
    expect(server.defects).toEqual([]);
  });

  test('connects with a descriptor longer than a connect packet takes', async () => {
    await using server = await fakeServer();
    const filler = 'x'.repeat(600);
    const connection = await connect(server, {
      connectString: `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${server.listener.port}))(CONNECT_DATA=(SERVICE_NAME=freepdb1)(FILLER=${filler})))`,
    });
    await connection.close();
  });

  test('is refused for a wrong password, an unknown user and a locked account', async () => {
    await using server = await fakeServer();
    await expect(connect(server, { password: 'wrong' })).rejects.toThrow(/ORA-01017/);
    await expect(connect(server, { user: 'nobody' })).rejects.toThrow(/ORA-01017/);
    await expect(connect(server, { user: 'locked' })).rejects.toThrow(/ORA-28000/);
    await expect(connect(server, { privilege: oracledb.SYSDBA })).rejects.toThrow(/ORA-01031/);
    await expect(connect(server, { user: 'scott[other]' })).rejects.toThrow(/ORA-28150/);
    expect(server.engine.sessions).toHaveLength(0);
  });

  test('is refused for services and SIDs that are not there', async () => {
    await using server = await fakeServer();
    const at = `127.0.0.1:${server.listener.port}`;
    await expect(connect(server, { connectString: `${at}/nothing` })).rejects.toThrow(/NJS-518/);
    const descriptor = (data: string) =>
      `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${server.listener.port}))(CONNECT_DATA=${data}))`;
    await expect(connect(server, { connectString: descriptor('(SID=nothing)') })).rejects.toThrow(/NJS-519/);
    await expect(connect(server, { connectString: descriptor('(SERVER=dedicated)') })).rejects.toThrow(
      /ORA-12504/,
    );
    await expect(
      connect(server, { connectString: descriptor('(SERVICE_NAME=freepdb1)(SERVER=pooled)') }),
    ).rejects.toThrow(/ORA-12520/);
    const bySid = await connect(server, { connectString: descriptor('(SID=freepdb1)') });
    await bySid.close();
  });

  test('in a pool of many connections, each a session of its own', async () => {
    await using server = await fakeServer();
    const { connectString } = server;
    const pool = await oracledb.createPool({
      user: USER,
      password: PASSWORD,
      connectString,
      poolMin: 0,
      poolMax: 30,
      poolIncrement: 10,
      poolPingInterval: 0,
    });
    const connections = await Promise.all(Array.from({ length: 30 }, () => pool.getConnection()));
    await Promise.all(connections.map((connection) => connection.commit()));
    expect(new Set(server.listener.sessions().map(({ id }) => id)).size).toBe(30);
    for (const session of server.engine.sessions) {
      expect(session.log.filter((entry) => entry === 'commit')).toHaveLength(1);
    }
    await Promise.all(connections.map((connection) => connection.close()));
    await pool.close(0);
    await Promise.all(server.engine.sessions.map(({ closed }) => closed));
    expect(server.listener.sessions()).toEqual([]);
  });

  test('hands over module, action, schema and the like before its next call', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    connection.module = 'loader';
    connection.action = 'chunk 7';
    connection.clientId = 'übung';
    connection.clientInfo = 'x'.repeat(300);
    connection.dbOp = 'op';
    connection.ecid = 'e';
    connection.currentSchema = 'hr';
    await connection.ping();
    const session = server.engine.session();
    expect(session.told).toMatchObject({
      module: 'loader',
      action: 'chunk 7',
      clientIdentifier: 'übung',
      clientInfo: 'x'.repeat(300),
      dbOperation: 'op',
      ecid: 'e',
    });
    expect(session.log).toContain('ALTER SESSION SET CURRENT_SCHEMA = hr');
    connection.module = '';
    await connection.ping();
    expect(session.told).toMatchObject({ module: '' });
    await connection.close();
  });

  test('hears clearly what is not there: distributed transactions, direct path, change of password', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    const untyped = connection as unknown as Untyped;
    await expect(
      untyped.tpcBegin({ formatId: 1, globalTransactionId: 'g', branchQualifier: 'b' }),
    ).rejects.toThrow(/ORA-03001.*distributed transactions/);
    await expect(connection.changePassword(USER, PASSWORD, 'new')).rejects.toThrow(/ORA-03001/);
    await expect(untyped.directPathLoad('HR', 'T', ['A', 'B'], [[1, 2]])).rejects.toThrow(
      /ORA-03001.*direct path/,
    );
    await connection.ping();
    await connection.close();
  });
});
