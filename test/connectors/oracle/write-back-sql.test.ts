/** What is sent to Oracle: statements of one row, scripts. Nothing here needs a database. */
import oracledb from 'oracledb';
import { describe, expect, test } from 'vitest';
import { asScript, captureNames, installDdl, removeDdl } from '../../../src/connectors/oracle/capture-ddl.ts';
import {
  grantsForReading,
  grantsForWriting,
  ledgerFor,
} from '../../../src/connectors/oracle/grants-script.ts';
import { WALL_MASK } from '../../../src/connectors/oracle/values.ts';
import {
  callProcedure,
  deleteRow,
  insertRow,
  selectRow,
  updateRow,
  valueParts,
} from '../../../src/connectors/oracle/write-back-sql.ts';
import { type WriteTable, writeColumn } from '../../../src/connectors/oracle/write-back-table.ts';
import type { Mutation, WriteEntity } from '../../../src/connectors/write-contract.ts';

const COLUMNS = [
  writeColumn(['ID', 'NUMBER', 10, 0]),
  writeColumn(['NAME', 'VARCHAR2', null, null]),
  writeColumn(['HIRED', 'DATE', null, null]),
  writeColumn(['Odd "name"', 'NUMBER', 8, 2]),
  writeColumn(['SHAPE', 'SDO_GEOMETRY', null, null]),
  writeColumn(['DOC', 'JSON', null, null]),
];

function tableOf(spec: Partial<WriteEntity> = {}, keys = 1): WriteTable {
  const columns = new Map(COLUMNS.map((column) => [column.name, column]));
  const key = COLUMNS.slice(0, keys);
  return {
    spec: { entity: 'people', table: 'HR.PEOPLE', key: key.map(({ name }) => name), ...spec },
    sqlName: '"HR"."PEOPLE"',
    key,
    columns,
    rowColumns: COLUMNS.filter(({ kind }) => kind !== null),
  };
}

describe('statements of a row', () => {
  test('lock, write and read by bound values only', () => {
    const table = tableOf();
    const parts = valueParts(table, { NAME: "O'Neil", HIRED: '2024-05-01', 'Odd "name"': '1.5' });
    expect(selectRow(table, '7', 5).sql).toBe(
      `SELECT "ID", "NAME", TO_CHAR("HIRED", 'S${WALL_MASK}'), "Odd ""name""" FROM "HR"."PEOPLE" WHERE "ID" = TO_NUMBER(:k1) FOR UPDATE WAIT 5`,
    );
    expect(selectRow(table, '7', 0).sql).toMatch(/ FOR UPDATE NOWAIT$/);
    expect(selectRow(table, '7', null).sql).not.toContain('FOR UPDATE');
    expect(updateRow(table, '7', parts)?.sql).toBe(
      `UPDATE "HR"."PEOPLE" SET "NAME" = :v1, "HIRED" = TO_DATE(:v2, 'YYYY-MM-DD HH24:MI:SS'), "Odd ""name""" = TO_NUMBER(:v3) WHERE "ID" = TO_NUMBER(:k1)`,
    );
    expect(updateRow(table, '7', parts)?.binds).toMatchObject({ v1: { val: "O'Neil" }, k1: { val: '7' } });
    expect(deleteRow(table, '7').sql).toBe('DELETE FROM "HR"."PEOPLE" WHERE "ID" = TO_NUMBER(:k1)');
    expect(updateRow(table, '7', [])).toBeNull();
  });

  test('a composite key is taken apart', () => {
    const { sql, binds } = selectRow(tableOf({}, 2), '7|a\\|b', null);
    expect(sql).toMatch(/WHERE "ID" = TO_NUMBER\(:k1\) AND "NAME" = :k2$/);
    expect(binds).toMatchObject({ k1: { val: '7' }, k2: { val: 'a|b' } });
    expect(() => selectRow(tableOf({}, 2), '7', null)).toThrow('is not what the key’s text holds');
    expect(() => selectRow(tableOf({}, 2), '7|', null)).toThrow('has no value');
  });

  test('a key that the database gives comes back', () => {
    const name = (table: WriteTable) => valueParts(table, { NAME: 'x' });
    const bySequence = tableOf({ keySequence: 'HR.PEOPLE_SEQ' });
    expect(insertRow(bySequence, name(bySequence), 'generated').sql).toBe(
      'INSERT INTO "HR"."PEOPLE" ("ID", "NAME") VALUES ("HR"."PEOPLE_SEQ".NEXTVAL, :v1) RETURNING "ID" INTO :o1',
    );
    const byTrigger = tableOf();
    expect(insertRow(byTrigger, name(byTrigger), 'generated').sql).toBe(
      'INSERT INTO "HR"."PEOPLE" ("NAME") VALUES (:v1) RETURNING "ID" INTO :o1',
    );
    expect(insertRow(byTrigger, [], 'generated').sql).toMatch(/\("ID"\) VALUES \(DEFAULT\)/);
    expect(insertRow(byTrigger, name(byTrigger), 'given').sql).not.toContain('RETURNING');
  });

  test('what cannot be written is refused by its name', () => {
    expect(() => valueParts(tableOf(), { GONE: '1' })).toThrow('GONE is no column of the table');
    expect(() => valueParts(tableOf(), { SHAPE: '1' })).toThrow(
      'SHAPE is SDO_GEOMETRY, which cannot be written',
    );
    expect(() => valueParts(tableOf(), { DOC: '{}' })).toThrow('DOC is JSON, which cannot be written');
  });

  test('a procedure is called by the names of the columns', () => {
    const table = tableOf({ call: 'HR.PAY.SET_PERSON' });
    const mutation: Mutation = {
      ledgerKey: 'd/1',
      entity: 'people',
      operation: 'update',
      key: '7',
      values: { NAME: 'x' },
      base: null,
      origin: null,
    };
    expect(callProcedure(table, mutation, valueParts(table, mutation.values)).sql).toBe(
      'BEGIN HR.PAY.SET_PERSON(P_OPERATION => :operation, P_CHANGED => :changed, P_ID => :o1, P_NAME => :v1); END;',
    );
    expect(callProcedure(table, mutation, []).binds.o1).toMatchObject({ dir: oracledb.BIND_INOUT, val: '7' });
    const made = callProcedure(table, { ...mutation, operation: 'insert', key: null }, []);
    expect(made.binds.o1).toMatchObject({ dir: oracledb.BIND_INOUT, val: null });
    const foul = tableOf({ call: 'X; DROP TABLE Y' });
    expect(() => callProcedure(foul, mutation, [])).toThrow('no name of a procedure');
  });
});

describe('capture by triggers', () => {
  const spec = { table: 'hr.job_history', key: ['EMPLOYEE_ID', 'START_DATE'], reader: 'SYNC' };

  test('logs the key of each change, and both keys when it moves', () => {
    const [log, columns, index, trigger, grant] = installDdl(spec);
    expect(log).toBe(
      'CREATE TABLE "HR"."SYNCLINE_LOG_JOB_HISTORY" AS SELECT "EMPLOYEE_ID", "START_DATE" FROM "HR"."JOB_HISTORY" WHERE 1 = 0',
    );
    expect(columns).toContain('SYNC_SEQ NUMBER GENERATED ALWAYS AS IDENTITY');
    expect(index).toContain('(SYNC_AT, SYNC_SEQ)');
    expect(trigger).toContain('AFTER INSERT OR UPDATE OR DELETE ON "HR"."JOB_HISTORY"');
    expect(trigger).toContain(
      'IF :OLD."EMPLOYEE_ID" <> :NEW."EMPLOYEE_ID" OR (:OLD."EMPLOYEE_ID" IS NOT NULL AND :NEW."EMPLOYEE_ID" IS NULL) OR :OLD."START_DATE" <>',
    );
    expect(trigger?.match(/INSERT INTO "HR"."SYNCLINE_LOG_JOB_HISTORY"/g)).toHaveLength(4);
    expect(grant).toBe('GRANT SELECT, DELETE ON "HR"."SYNCLINE_LOG_JOB_HISTORY" TO "SYNC"');
    expect(installDdl({ ...spec, reader: 'HR' })).toHaveLength(4);
  });

  test('the trigger goes before its log', () => {
    expect(removeDdl(spec)).toEqual([
      'DROP TRIGGER "HR"."SYNCLINE_TRG_JOB_HISTORY"',
      'DROP TABLE "HR"."SYNCLINE_LOG_JOB_HISTORY"',
    ]);
  });

  test('scripts end PL/SQL with a slash', () => {
    const script = asScript(installDdl(spec));
    expect(script).toContain('END;\n/\n');
    expect(script).toMatch(/WHERE 1 = 0;\n/);
    expect(script.trimEnd()).toMatch(/TO "SYNC";$/);
  });

  test('names of long tables differ and fit', () => {
    const long = 'T'.repeat(120);
    const [a, b] = [captureNames({ table: `HR.${long}A` }), captureNames({ table: `HR.${long}B` })];
    expect(a.log).not.toBe(b.log);
    for (const name of [a.log, a.trigger, a.index]) expect(name.length).toBeLessThanOrEqual(128);
  });

  test('needs a schema and a key of its own names', () => {
    expect(() => installDdl({ ...spec, table: 'EMPLOYEES' })).toThrow('needs its schema');
    expect(() => installDdl({ ...spec, key: [] })).toThrow('has no key');
    expect(() => installDdl({ ...spec, key: ['SYNC_AT'] })).toThrow('named like one of the log');
  });
});

test('grants are the least that runs, and uploads, need', () => {
  const reading = grantsForReading({ user: 'sync', tables: ['hr.employees', '"Odd"."t"'] });
  expect(reading).toEqual([
    'GRANT CREATE SESSION TO SYNC',
    'GRANT SELECT ON HR.EMPLOYEES TO SYNC',
    'GRANT FLASHBACK ON HR.EMPLOYEES TO SYNC',
    'GRANT SELECT ON "Odd"."t" TO SYNC',
    'GRANT FLASHBACK ON "Odd"."t" TO SYNC',
    'GRANT SELECT ON SYS.GV_$TRANSACTION TO SYNC',
    'GRANT SELECT ON SYS.GV_$SESSION TO SYNC',
    'GRANT SELECT ON SYS.V_$DATABASE TO SYNC',
  ]);
  const own = grantsForReading({ user: 'sync', tables: [], captured: ['orders', 'SYNC.ORDERS'] });
  const others = grantsForReading({ user: 'sync', tables: [], captured: ['HR.EMPLOYEES'] });
  expect(others.slice(own.length)).toEqual([
    'GRANT SELECT ON SYS.DBA_TRIGGERS TO SYNC',
    'GRANT SELECT ON SYS.DBA_OBJECTS TO SYNC',
  ]);
  const entity = { entity: 'e', table: 'HR.EMPLOYEES', key: ['ID'] };
  expect(grantsForWriting('SYNC', [{ ...entity, keySequence: 'HR.EMP_SEQ' }])).toEqual([
    'GRANT SELECT, INSERT, UPDATE, DELETE ON HR.EMPLOYEES TO SYNC',
    'GRANT SELECT ON HR.EMP_SEQ TO SYNC',
  ]);
  expect(grantsForWriting('SYNC', [{ ...entity, call: 'HR.PAY.RAISE' }])).toEqual([
    'GRANT SELECT ON HR.EMPLOYEES TO SYNC',
    'GRANT EXECUTE ON HR.PAY TO SYNC',
  ]);
  expect(ledgerFor('sync').join('\n')).toMatch(/CREATE TABLE SYNC\.SYNCLINE_LEDGER \(/);
  expect(ledgerFor('sync')[1]).toBe(
    'CREATE INDEX SYNC.SYNCLINE_LEDGER_AT ON SYNC.SYNCLINE_LEDGER (RECORDED_AT)',
  );
});
