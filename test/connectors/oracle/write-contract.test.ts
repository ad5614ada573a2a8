import { openWriteTarget } from '../../../src/connectors/registry.ts';
import type { WriteEntity } from '../../../src/connectors/write-contract.ts';
import type { WriteFixture } from '../write-contract/tester.ts';
import { writeTargetContract } from '../write-contract.ts';
import { installPayApi } from './pay-api.ts';
import { createEmployees, employeeEntities, fillEmployees } from './write-back-employees.ts';
import { writeWorld } from './write-back-kit.ts';

writeTargetContract('oracle', async (): Promise<WriteFixture> => {
  const world = await writeWorld({ callTimeoutMs: 10_000 });
  await createEmployees(world);
  await world.run(
    'CREATE TABLE NOTES (ID NUMBER PRIMARY KEY, PARENT NUMBER, FOREIGN KEY (PARENT) REFERENCES NOTES (ID) DEFERRABLE INITIALLY DEFERRED)',
  );
  await world.grant('NOTES');
  await installPayApi(world);
  const entities = {
    ...employeeEntities(world),
    notes: { entity: 'notes', table: `${world.owner}.NOTES`, key: ['ID'] } satisfies WriteEntity,
  };
  const { originColumn: _, keySequence: __, ...plain } = entities.employees;
  const user = await world.connect('user');
  const target = openWriteTarget(world.source.settings, { applicationName: 'syncline/test' });
  return {
    target,
    entities,
    called: { ...plain, call: `${world.owner}.PAY_API.SET_EMPLOYEE` },
    column: (name) => name.toUpperCase(),
    day: (day) => `${day} 00:00:00`,
    codes: {
      check: 'ORA-02290',
      unique: 'ORA-00001',
      noParent: 'ORA-02291',
      hasChild: 'ORA-02292',
      missing: 'ORA-01400',
      missingOnUpdate: 'ORA-01407',
      tooLong: 'ORA-12899',
      tooLarge: 'ORA-01438',
      raised: 'ORA-20017',
      called: 'ORA-20001',
      locked: 'ORA-00054',
    },
    reset: async () => {
      await world.run('DELETE FROM NOTES');
      await fillEmployees(world);
    },
    run: world.run,
    rows: world.rows,
    lockEmployee: async (id) => {
      const connection = await world.connect('owner');
      await connection.execute('UPDATE EMPLOYEES SET SALARY = SALARY WHERE ID = :id', { id });
      return { rollback: () => connection.rollback() };
    },
    age: async (key, days) => {
      await user.execute(
        'UPDATE SYNCLINE_LEDGER SET RECORDED_AT = RECORDED_AT - :days WHERE LEDGER_KEY = :key',
        { days, key },
        { autoCommit: true },
      );
    },
    hasLedgerRow: async (key) => {
      const { rows } = await user.execute('SELECT OUTCOME FROM SYNCLINE_LEDGER WHERE LEDGER_KEY = :key', {
        key,
      });
      return rows?.length === 1;
    },
    close: async () => {
      await target.close();
      await world.stop();
    },
  };
});
