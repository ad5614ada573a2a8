/** What is Oracle's own in writing back, over the wire. What every kind does is in write-contract.test.ts. */
import oracledb from 'oracledb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openOracleTarget, oracleWriteTarget } from '../../../src/connectors/oracle/write-back.ts';
import type { Mutation, Verdict, WriteEntity, WriteTarget } from '../../../src/connectors/write-contract.ts';
import { insertOf, mutation, writeOptions } from '../write-kit.ts';
import { isRealOracle } from './oracle-kit.ts';
import { createEmployees, employeeEntities, fillEmployees } from './write-back-employees.ts';
import { type WriteWorld, writeWorld } from './write-back-kit.ts';

let world: WriteWorld;
let target: WriteTarget;
let entities: WriteEntity[];

beforeAll(async () => {
  world = await writeWorld();
  target = oracleWriteTarget(world.source, { callTimeoutMs: 10_000 });
  entities = Object.values(employeeEntities(world));
  await createEmployees(world);
}, 60_000);

afterAll(() => world?.stop());

beforeEach(() => fillEmployees(world));

async function write(...mutations: Mutation[]): Promise<readonly Verdict[]> {
  return target.writeBatch(mutations, writeOptions(entities));
}

const employee = (given: Partial<Mutation>) => mutation({ entity: 'employees', ...given });

test('a row is shown as reads show it: numbers without zeros at their ends, dates with their time', async () => {
  const [verdict] = await write(
    employee({ key: '1', values: { SALARY: '25000.00' }, base: { SALARY: '24000.0' }, origin: 'device-7' }),
  );
  expect(verdict).toEqual({
    kind: 'applied',
    key: '1',
    row: {
      ID: '1',
      NAME: 'King',
      SALARY: '25000',
      EMAIL: 'king',
      DEPARTMENT_ID: '10',
      HIRED: '2003-06-17 00:00:00',
      ORIGIN: 'device-7',
      VERSION: '2',
    },
  });
});

test('empty text is NULL: no conflict with it, and no value where one is needed', async () => {
  const empty = { HIRED: '', DEPARTMENT_ID: '', SALARY: '17000.50' };
  expect(
    await write(
      employee({ key: '2', values: { HIRED: '2024-05-01' }, base: empty }),
      employee({ key: '2', values: { EMAIL: '' } }),
      employee({ key: '1', values: { NAME: '' } }),
    ),
  ).toMatchObject([
    { kind: 'applied' },
    { kind: 'applied', row: { EMAIL: null } },
    { kind: 'rejected', code: 'ORA-01407' },
  ]);
});

test.runIf(!isRealOracle)('a table that is not granted fails the batch, not its rows', async () => {
  await world.run('CREATE TABLE SECRETS (ID NUMBER PRIMARY KEY, NAME VARCHAR2(10))');
  const secrets = { entity: 'secrets', table: `${world.owner}.SECRETS`, key: ['ID'] };
  const batch = [insertOf('secrets', { NAME: 'x' }, '1')];
  await expect(target.writeBatch(batch, writeOptions([secrets]))).rejects.toMatchObject({
    code: 'SOURCE_QUERY',
    details: { scope: 'entity' },
  });
  await world.run(`GRANT SELECT ON SECRETS TO ${world.user}`);
  await expect(target.writeBatch(batch, writeOptions([secrets]))).rejects.toMatchObject({
    code: 'SOURCE_AUTH',
    details: { scope: 'entity' },
  });
});

test('a session that writes is named after its work, and counts as one that writes', async () => {
  const own = openOracleTarget(world.source.settings, { applicationName: 'syncline/test' });
  const other = await world.connect('owner');
  await other.execute('UPDATE EMPLOYEES SET SALARY = SALARY WHERE ID = 1');
  const batch = [employee({ key: '1', values: { SALARY: '1' } })];
  const writing = own
    .named('upload/device/7')
    .writeBatch(batch, writeOptions(entities, { lockWaitMs: 20_000 }));
  const watcher = await world.connect('user');
  await expect
    .poll(async () => {
      const { rows } = await watcher.execute(
        `SELECT MODULE, ACTION, STATUS FROM GV$SESSION WHERE CLIENT_IDENTIFIER = 'upload/device/7'`,
        {},
        { outFormat: oracledb.OUT_FORMAT_ARRAY },
      );
      return rows;
    })
    .toEqual([['syncline', 'write', 'ACTIVE']]);
  await other.rollback();
  expect(await writing).toMatchObject([{ kind: 'applied' }]);
  await own.close();
  await expect(own.writeBatch(batch, writeOptions(entities))).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
  });
});
