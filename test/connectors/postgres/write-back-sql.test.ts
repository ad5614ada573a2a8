/** What is sent to PostgreSQL to write, and the scripts for it. Nothing here needs a database. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  grantsForWriting,
  ledgerFor,
  writeBackScript,
} from '../../../src/connectors/postgres/grants-script.ts';
import { prepare } from '../../../src/connectors/postgres/write-back-prepare.ts';
import {
  deleteRows,
  insertRows,
  type RowTexts,
  selectRows,
  updateRows,
} from '../../../src/connectors/postgres/write-back-sql.ts';
import { type WriteTable, writeColumn } from '../../../src/connectors/postgres/write-back-table.ts';
import { checkValue, scaleOf } from '../../../src/connectors/postgres/write-back-values.ts';
import { isRowFault, refusal } from '../../../src/connectors/postgres/write-back-verdict.ts';
import type { WriteEntity } from '../../../src/connectors/write-contract.ts';
import { mutation } from '../write-kit.ts';
import { settingsOf } from './write-back-kit.ts';

const column = (name: string, type: string, modifier = -1) =>
  writeColumn({
    column: name,
    generated: 'f',
    always: 'f',
    modifier: String(modifier),
    schema: 'pg_catalog',
    name: type,
    kind: 'b',
  });

const ID = column('id', 'int4');
const NAME = column('odd " name', 'varchar', 24);

function tableOf(spec: Partial<WriteEntity> = {}): WriteTable {
  return {
    spec: { entity: 'people', table: 'hr.people', key: ['id'], ...spec },
    sqlName: '"hr"."people"',
    key: [ID],
    columns: new Map([ID, NAME].map((each) => [each.name, each])),
    rowColumns: [ID, NAME],
  };
}

const plain = (sql: string): string => sql.replace(/\s+/g, ' ');

describe('statements', () => {
  const rows: RowTexts[] = [
    { key: ['7'], values: ["O'Neil"] },
    { key: ['8'], values: [null] },
  ];

  test('lock, write and read by bound values only, for one row as for many', () => {
    const bases = [{ 'odd " name': "O'Neil" }, {}];
    const select = selectRows(tableOf(), {
      keys: [['7'], ['8']],
      shown: [ID, NAME],
      compared: { columns: [NAME], bases },
      lock: { strength: 'UPDATE', others: 'SKIP LOCKED' },
    });
    expect(plain(select.text)).toBe(
      `SELECT v.n, t."id", t."odd "" name", CASE WHEN v.base ? '0' THEN t."odd "" name" COLLATE "C" IS NOT DISTINCT FROM ` +
        `(v.base ->> '0')::"pg_catalog"."varchar" COLLATE "C" ELSE true END FROM unnest($1::int4[], $2::text[], $3::jsonb[]) ` +
        `AS v (n, k0, base) JOIN "hr"."people" AS t ON t."id" = (v.k0)::"pg_catalog"."int4" ORDER BY v.n FOR UPDATE OF t SKIP LOCKED`,
    );
    expect(select.values).toEqual([
      [0, 1],
      ['7', '8'],
      [`{"0":"O'Neil"}`, '{}'],
    ]);
    const update = updateRows(tableOf(), [NAME], rows);
    expect(plain(update.text)).toBe(
      `UPDATE "hr"."people" AS t SET "odd "" name" = (v.v0)::"pg_catalog"."varchar" FROM ` +
        `unnest($1::int4[], $2::text[], $3::text[]) AS v (n, k0, v0) WHERE t."id" = (v.k0)::"pg_catalog"."int4" RETURNING v.n`,
    );
    expect(update.values).toEqual([
      [0, 1],
      ['7', '8'],
      ["O'Neil", null],
    ]);
    expect(updateRows(tableOf(), [NAME], rows.slice(0, 1)).text).toBe(update.text);
    expect(deleteRows(tableOf(), [['7']]).text).toContain('DELETE FROM "hr"."people" AS t USING unnest(');
  });

  test('an insert without a key takes it from the sequence, or from the table', () => {
    const made: RowTexts[] = [{ key: null, values: ['x'] }];
    expect(plain(insertRows(tableOf({ keySequence: 'hr."Odd seq"' }), [NAME], made).text)).toBe(
      `INSERT INTO "hr"."people" AS t ("id", "odd "" name") SELECT nextval('"hr"."Odd seq"'::regclass), ` +
        `(v.v0)::"pg_catalog"."varchar" FROM unnest($1::int4[], $2::text[]) AS v (n, v0) ORDER BY v.n RETURNING t."id"`,
    );
    expect(insertRows(tableOf(), [NAME], made).text).toContain('AS t ("odd "" name") SELECT');
    expect(insertRows(tableOf(), [], [{ key: null, values: [] }]).text).toContain(
      'DEFAULT VALUES RETURNING t."id"',
    );
  });
});

test('an update of nothing but its origin writes nothing; a change of the key is refused', () => {
  const tagged = tableOf({ originColumn: 'odd " name' });
  const given = { entity: 'people', key: '7', origin: 'device' } as const;
  expect(prepare(tagged, mutation(given)).columns).toEqual([]);
  expect(prepare(tagged, mutation({ ...given, operation: 'insert' })).columns).toEqual([NAME]);
  expect(prepare(tagged, mutation({ ...given, values: { id: '7' } })).columns).toEqual([]);
  expect(() => prepare(tagged, mutation({ ...given, values: { id: '8' } }))).toThrow('cannot be changed');
});

test.each([
  ['numeric', ((12 << 16) | 2) + 4, 2],
  ['numeric', ((6 << 16) | (-3 & 0x7ff)) + 4, -3],
  ['numeric', -1, null],
  ['timestamp', 3, 3],
  ['timestamp', -1, 6],
  ['interval', 0x7fff_ffff, 6],
  ['interval', 0x7fff_0002, 2],
] as const)('%s under the modifier %i keeps %s digits', (kind, modifier, digits) => {
  expect(scaleOf(kind, modifier)).toBe(digits);
});

test.each([
  ['numeric', '1.50', true],
  ['numeric', '1.501', false],
  ['numeric', '15e-1', true],
  ['numeric', '1501e-3', false],
  ['numeric', '', false],
  ['int8', '12.0', false],
  ['bool', 'maybe', false],
  ['date', '2024-02-30', false],
  ['date', 'infinity', true],
  ['date', '2024-02-29 00:00:00', true],
  ['text', '\udc00', false],
  ['text', '😀', true],
] as const)('a %s takes %j: %s', (type, text, isTaken) => {
  const check = () => checkValue(column('c', type, type === 'numeric' ? ((12 << 16) | 2) + 4 : -1), text);
  if (isTaken) expect(check).not.toThrow();
  else expect(check).toThrow(/^c /);
});

describe('errors', () => {
  const error = (code: string, more: object = {}) =>
    Object.assign(new Error('secret "x"'), { code, ...more });

  test.each(['23505', '22P02', 'P0001', '44000', '54000', '428C9', '21000'])(
    '%s is the row’s fault',
    (code) => {
      expect(isRowFault(error(code))).toBe(true);
      const verdict = refusal(error(code, { constraint: 'people_pk' }), []);
      expect(JSON.stringify(verdict)).not.toContain('secret');
    },
  );

  test.each(['42501', '42P01', '0A000', '53100', '25006', '40001', '55P03', '57014', '57P01', 'ECONNRESET'])(
    '%s is not',
    (code) => {
      expect(isRowFault(error(code))).toBe(false);
      expect(() => refusal(error(code), ['42', '0A'])).toThrow();
    },
  );
});

describe('scripts', () => {
  const people: WriteEntity = {
    entity: 'people',
    table: 'hr.people',
    key: ['id'],
    keySequence: 'hr.people_seq',
  };

  test('give the least that uploads need', () => {
    expect(grantsForWriting('sync', [people, { ...people, call: 'hr.set_person' }])).toEqual([
      'GRANT USAGE ON SCHEMA "hr" TO "sync"',
      'GRANT SELECT, INSERT, UPDATE, DELETE ON "hr"."people" TO "sync"',
      'GRANT USAGE ON SEQUENCE "hr"."people_seq" TO "sync"',
      'GRANT SELECT, UPDATE ("id") ON "hr"."people" TO "sync"',
      'GRANT EXECUTE ON ROUTINE "hr"."set_person" TO "sync"',
    ]);
  });

  test('go to the user of the URL', () => {
    const script = writeBackScript(settingsOf({ url: 'postgres://o%27neil:x@h/d' }), [people]);
    expect(script.filter((statement) => statement.startsWith('GRANT'))).toHaveLength(5);
    for (const grant of script.slice(3)) expect(grant).toMatch(/ TO "o'neil"$/);
    expect(() => writeBackScript(settingsOf({ url: 'postgres://h/d' }), [])).toThrow('names no user');
  });

  test('stand in docs/postgres.md as they are made', () => {
    const page = plain(readFileSync(new URL('../../../docs/postgres.md', import.meta.url), 'utf8'));
    for (const statement of ledgerFor('sync'))
      expect(page).toContain(`${plain(statement).replaceAll('"sync"', 'sync')};`);
  });
});
