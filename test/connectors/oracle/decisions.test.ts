/** What is decided about a source from what its dictionary and clock show. Pure. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advise, type ToAdvise } from '../../../src/connectors/oracle/advice.ts';
import { chunksByRowid } from '../../../src/connectors/oracle/chunking.ts';
import { oracleOptions } from '../../../src/connectors/oracle/config.ts';
import { addressOf, connectAttributes } from '../../../src/connectors/oracle/connect-attributes.ts';
import type { TableFacts } from '../../../src/connectors/oracle/dictionary.ts';
import { nextPageRows } from '../../../src/connectors/oracle/page-size.ts';
import { mayHideRows } from '../../../src/connectors/oracle/policies.ts';
import { serverInstant } from '../../../src/connectors/oracle/server-clock.ts';
import { correlationIdOf } from '../../../src/connectors/oracle/session.ts';
import type { SourceColumn } from '../../../src/domain/entity.ts';
import { wallTime } from '../../../src/domain/wall-time.ts';
import { changedAt, specOf } from '../kit.ts';

const table: TableFacts = { owner: 'HR', name: 'T', storage: 'heap', rows: 10, rowBytes: 20 };
const key = (name: string, nullable = false): SourceColumn => ({
  name,
  sourceType: 'NUMBER(9)',
  mirrorType: 'integer',
  nullable,
  binaryAsIs: false,
});

describe('options', () => {
  const least = { user: 'sync', password: 'secret' };
  const parse = (more: object) => oracleOptions.safeParse({ ...least, ...more });

  test.each([
    [{}, 'connectString'],
    [{ connectString: 'h/s', host: 'h' }, 'connectString'],
    [{ host: 'h' }, 'host'],
    [{ host: 'h', service: 's', sid: 's' }, 'host'],
    [{ connectString: 'h/s', pool: { min: 5, max: 4 } }, 'pool'],
    [{ connectString: 'h/s', port: 0 }, 'port'],
    [{ connectString: 'h/s', mode: 'fat' }, 'mode'],
  ])('%o is refused at %s', (options, path) => {
    const { error } = parse(options);
    expect(error?.issues[0]?.path[0]).toBe(path);
  });

  test('read again, they are the same', () => {
    const options = oracleOptions.parse({ ...least, connectString: 'h/s', pool: { max: 50, min: 10 } });
    expect(oracleOptions.parse(options)).toEqual(options);
    expect(options.pool).toEqual({
      min: 10,
      max: 50,
      increment: 1,
      waitMs: 60_000,
      idleMs: 60_000,
      lifetimeMs: 0,
      pingMs: 60_000,
    });
  });

  test('become what the driver takes', () => {
    const sid = oracleOptions.parse({ ...least, host: 'db', sid: 'ORCL', connectTimeoutMs: 1_500 });
    expect(connectAttributes(sid, 'syncline')).toMatchObject({
      connectString: '(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=db)(PORT=1521))(CONNECT_DATA=(SID=ORCL)))',
      connectTimeout: 2,
      retryCount: 0,
      stmtCacheSize: 30,
    });
    const tls = oracleOptions.parse({
      ...least,
      host: 'db',
      port: 2484,
      service: 'erp',
      tls: { walletDir: '/w', walletPassword: 'p', matchName: false },
    });
    expect(connectAttributes(tls, 'syncline')).toMatchObject({
      connectString:
        '(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=db)(PORT=2484))(CONNECT_DATA=(SERVICE_NAME=erp)))',
      walletLocation: '/w',
      walletPassword: 'p',
      sslServerDNMatch: false,
    });
    expect(addressOf(tls)).toBe('db:2484/erp');
    const named = oracleOptions.parse({ ...least, connectString: '(DESCRIPTION=(X=(PASSWORD=p)))' });
    expect(addressOf(named)).not.toContain('PASSWORD');
  });
});

test('a correlation id fits V$SESSION', () => {
  expect(correlationIdOf('syncline/worker ü')).toBe('worker ?');
  expect(correlationIdOf('x'.repeat(100))).toHaveLength(64);
});

describe('the host’s wall clock as instants', () => {
  const clockAt = (now: string, timeZone: string) => ({ now, wall: wallTime(now, timeZone).slice(0, 19) });

  test('goes by the offset that it has now', () => {
    const clock = { now: '2024-06-01T10:00:00.400000Z', wall: '2024-06-01 15:30:00' };
    expect(serverInstant('2024-06-01 15:00:00', clock, 'UTC')).toBe('2024-06-01T09:30:00.000000Z');
  });

  test('is the earlier of two where it was set back', () => {
    const clock = clockAt('2024-10-27T01:10:00.000000Z', 'Europe/Berlin');
    expect(clock.wall).toBe('2024-10-27 02:10:00');
    // 02:50 was an hour and twenty minutes ago; the offset of now would put it into the future.
    expect(serverInstant('2024-10-27 02:50:00', clock, 'Europe/Berlin')).toBe('2024-10-27T00:50:00.000000Z');
    expect(serverInstant('2024-10-27 02:05:00', clock, 'Europe/Berlin')).toBe('2024-10-27T00:05:00.000000Z');
    expect(serverInstant('2024-10-27 01:59:00', clock, 'Europe/Berlin')).toBe('2024-10-26T23:59:00.000000Z');
  });

  test('of another zone than the source’s is taken as it is', () => {
    const clock = clockAt('2024-10-27T01:10:00.000000Z', 'UTC');
    expect(serverInstant('2024-10-27 01:05:00', clock, 'Europe/Berlin')).toBe('2024-10-27T01:05:00.000000Z');
  });

  test('never gives an instant after the true one', () => {
    const minutes = fc.integer({ min: 0, max: 600 });
    fc.assert(
      fc.property(minutes, minutes, (ago, at) => {
        const now = new Date(Date.UTC(2024, 9, 26, 20, 0) + (ago + at) * 60_000);
        const start = new Date(now.getTime() - ago * 60_000);
        const instant = (date: Date) => `${date.toISOString().slice(0, 19)}.000000Z`;
        const wall = wallTime(instant(start), 'Europe/Berlin').slice(0, 19);
        const clock = clockAt(instant(now), 'Europe/Berlin');
        expect(serverInstant(wall, clock, 'Europe/Berlin') <= instant(start)).toBe(true);
      }),
    );
  });
});

describe('chunks by ROWID', () => {
  test.each([
    ['no index in key order', { table, indexes: [['B'], ['B', 'A']], keys: [key('A')] }, true],
    ['an index that begins with the key', { table, indexes: [['A', 'B']], keys: [key('A')] }, false],
    ['an index in another order', { table, indexes: [['B', 'A']], keys: [key('A'), key('B')] }, true],
    ['a key that may be NULL', { table, indexes: [], keys: [key('A', true)] }, false],
    ['a view or a query', { table: null, indexes: null, keys: [key('A')] }, false],
    ['indexes that are not shown', { table, indexes: null, keys: [key('A')] }, false],
    [
      'an index-organised table',
      { table: { ...table, storage: 'other' as const }, indexes: [], keys: [key('A')] },
      false,
    ],
  ])('%s', (_, at, expected) => {
    expect(chunksByRowid(at)).toBe(expected);
  });
});

describe('row policies', () => {
  const policies = [{ owner: 'HR', name: 'T', policy: 'OWN_REGION' }];
  const sql = (text: string) => specOf({ read: { kind: 'sql', sql: text } });
  const spec = specOf({ read: { kind: 'table', table: 'HR.T' } });

  test.each([
    ['the table has one', { spec, table, objects: null }, true],
    ['another table has one', { spec, table: { ...table, name: 'U' }, objects: null }, false],
    [
      'a query reads the table',
      { spec: sql('SELECT 1 FROM v'), table: null, objects: new Set(['HR.T']) },
      true,
    ],
    [
      'a query names the table',
      { spec: sql('SELECT 1 FROM t x'), table: null, objects: new Set<string>() },
      true,
    ],
    [
      'a query reads others',
      { spec: sql('SELECT 1 FROM v'), table: null, objects: new Set(['HR.U']) },
      false,
    ],
    ['nobody knows what a query reads', { spec: sql('SELECT 1 FROM v'), table: null, objects: null }, true],
  ])('%s', (_, at, expected) => {
    expect(mayHideRows(policies, at)).toBe(expected);
    expect(mayHideRows([], at)).toBe(false);
  });
});

describe('advice', () => {
  const work: ToAdvise = {
    spec: specOf({ read: { kind: 'table', table: 'HR.T' }, changedAt: changedAt('at') }),
    columns: [key('ID'), { ...key('AT'), sourceType: 'DATE' }],
    table,
    indexes: [['ID'], ['AT']],
    estimate: { objects: null, joinsInner: null },
    mayLookBack: true,
    user: 'sync',
  };
  const problems = (more: Partial<ToAdvise>) => advise({ ...work, ...more }).map(({ problem }) => problem);

  test('is none where all is there', () => {
    expect(advise(work)).toEqual([]);
  });

  test('names missing indexes and grants', () => {
    expect(advise({ ...work, indexes: [] }).map(({ sql }) => sql)).toEqual([
      'CREATE INDEX … ON "HR"."T" ("ID") ONLINE;',
      'CREATE INDEX … ON "HR"."T" ("AT") ONLINE;',
    ]);
    expect(advise({ ...work, mayLookBack: false })[0]?.sql).toBe('GRANT FLASHBACK ON "HR"."T" TO "SYNC";');
    const zoned = [key('ID'), { ...key('AT'), sourceType: 'TIMESTAMP(6) WITH TIME ZONE' }];
    expect(problems({ columns: zoned, indexes: [['ID'], ['SYS_NC00005$']] })).toEqual([]);
  });

  test('warns of joins (C20)', () => {
    const joined = (sql: string, ...columns: string[]) =>
      problems({
        table: null,
        indexes: null,
        spec: specOf({ read: { kind: 'sql', sql }, changedAt: changedAt(...columns) }),
      }).join('\n');
    const left = 'SELECT * FROM e LEFT JOIN d ON d.id = e.d';
    expect(joined(left, 'at', 'd_at')).toBe('');
    expect(joined(left, 'at')).toContain('2 tables are joined, but changedAt names one column');
    expect(joined('SELECT * FROM e JOIN d ON d.id = e.d', 'at', 'd_at')).toContain('inner join');
    expect(joined(`${left} -- JOIN it`, 'at', 'd_at')).toBe('');
    expect(joined(`${left} WHERE x = 'INNER JOIN'`, 'at', 'd_at')).toBe('');
  });
});

describe('pages', () => {
  test('grow up to their size, and shrink with slow rows', () => {
    expect(nextPageRows({ asked: 64, rows: 64, size: 6_400, ms: 1 })).toBe(256);
    expect(nextPageRows({ asked: 4_096, rows: 4_096, size: 409_600, ms: 10 })).toBe(1_310);
    expect(nextPageRows({ asked: 256, rows: 256, size: 256, ms: 60_000 })).toBe(2);
    expect(nextPageRows({ asked: 8, rows: 8, size: 64_000_000, ms: 100 })).toBe(1);
    expect(nextPageRows({ asked: 8, rows: 0, size: 0, ms: 0 })).toBe(8);
  });
});
