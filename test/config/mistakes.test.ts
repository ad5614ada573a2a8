/** What a person reads after a mistake. The likeliest ones stand here in full. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { env } from '../../src/domain/env-ref.ts';
import { redact } from '../../src/domain/redact.ts';
import { changed, EMPLOYEES, parsed, refusal, smallConfig } from './configs.ts';

const employees = (changes: Record<string, unknown>): string =>
  refusal(
    changed(
      Object.fromEntries(Object.entries(changes).map(([key, value]) => [`${EMPLOYEES}.${key}`, value])),
    ),
  );

describe('the likeliest mistakes', () => {
  test('1: an option that does not exist', () => {
    expect(employees({ colums: {}, mirorr: 'hr.x' })).toMatchInlineSnapshot(`
      "syncline.config.ts has 2 problems:
        pipelines.hr.entities.employees.colums is not an option. Did you mean "columns"?
        pipelines.hr.entities.employees.mirorr is not an option. Did you mean "mirror"?"
    `);
  });

  test('2: something is missing', () => {
    expect(employees({ key: undefined, mirror: undefined })).toMatchInlineSnapshot(`
      "syncline.config.ts has 2 problems:
        pipelines.hr.entities.employees.key is missing. Write key: 'id' or ['first', 'second'], the columns that identify a row.
        pipelines.hr.entities.employees.mirror is missing. Write mirror: 'schema.table', the table of the store that holds the rows."
    `);
  });

  test('3: a secret in the file', () => {
    const written = changed({
      'store.url': 'postgres://me:do-not-print@localhost/db',
      'sources.erp.url': env('ERP_URL'),
    });
    expect(refusal(written)).toMatchInlineSnapshot(`
      "syncline.config.ts has a problem:
        store.url has a password in it, so it may not stand in the file. Write env('STORE_URL') and set that variable."
    `);
    expect(redact('do-not-print')).toBe('[redacted]');
  });

  test('4: a variable that is not set', () => {
    expect(refusal(smallConfig(), { ERP_URL: 'postgres://erp/x', DATABASE_URL: '' })).toMatchInlineSnapshot(`
      "syncline.config.ts has a problem:
        store.url needs the environment variable DATABASE_URL, which is not set. Set it, or put it into a file .env beside the configuration."
    `);
  });

  test('5: a duration, a cron expression and a time zone that are none', () => {
    const schedule = {
      incremental: { every: '5 minuts' },
      full: { cron: '0 25 * * *', timeZone: 'Europe/Berln' },
    };
    expect(refusal(changed({ 'pipelines.hr.schedule': schedule }))).toMatchInlineSnapshot(`
      "syncline.config.ts has 3 problems:
        pipelines.hr.schedule.incremental.every is not a duration (it is "5 minuts"). Write a number and a unit, such as '5 minutes', '30 s' or '250 ms'.
        pipelines.hr.schedule.full.cron is no cron expression: "25" is no hour (0–23) (it is "0 25 * * *"). Write it like '0 3 * * *' (every day at 03:00).
        pipelines.hr.schedule.full.timeZone is no time zone that is known here (it is "Europe/Berln"). Write an IANA name, such as 'Europe/Berlin' or 'UTC'."
    `);
  });

  test('6: a source that is not defined, a kind that is not known', () => {
    expect(
      refusal(changed({ 'pipelines.hr.source': 'epr', 'sources.erp.kind': 'postgress' })),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has 2 problems:
        sources.erp.kind is "postgress", which is no kind of source. Did you mean "postgres"?
        pipelines.hr.source is "epr", which is not in sources. Did you mean "erp"?"
    `);
  });

  test('7: a mirror without a schema, and one that another entity has', () => {
    expect(employees({ mirror: 'employees' })).toMatchInlineSnapshot(`
      "syncline.config.ts has a problem:
        pipelines.hr.entities.employees.mirror is not the name of a table (it is "employees"). Write schema and table: 'hr.employees'."
    `);
    const twice = changed({
      'pipelines.hr.entities.people': { read: { table: 'hr.people' }, key: 'ID', mirror: 'hr.employees' },
    });
    expect(refusal(twice)).toMatchInlineSnapshot(`
      "syncline.config.ts has a problem:
        pipelines.hr.entities.people.mirror is hr.employees, which is the mirror of entity employees. Choose another table, or write mirror: { table: 'hr.employees', shared: true } in both."
    `);
  });

  test('8: a column with two roles, a computed one without a type, a reserved name', () => {
    const columns = {
      sync_note: { local: true },
      name: { from: 'NAME', local: true },
      full: { compute: () => '' },
      salary: { from: 'SALARY', default: 0 },
    };
    expect(employees({ columns })).toMatchInlineSnapshot(`
      "syncline.config.ts has 4 problems:
        pipelines.hr.entities.employees.columns.sync_note cannot be a column of a mirror: names that begin with sync_ are Syncline’s own. Choose another name.
        pipelines.hr.entities.employees.columns.name has from and local. A column is copied (from), computed (compute) or yours (local): keep one.
        pipelines.hr.entities.employees.columns.full is computed and has no type. Add the type of the result: type: 'text'.
        pipelines.hr.entities.employees.columns.salary has default, which only local columns take. Add local: true, or remove default."
    `);
  });

  test('9: deduplicate names a source column instead of a mirror column', () => {
    const columns = { pdv: { from: 'PDV' }, sold_at: { from: 'SOLD_AT' }, note: { local: true } };
    expect(
      employees({ columns, deduplicate: { by: ['PDV', 'note'], at: 'sold_att', within: '5 minutes' } }),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has 3 problems:
        pipelines.hr.entities.employees.deduplicate.by names "PDV", which is no column of the mirror. Did you mean "pdv"?
        pipelines.hr.entities.employees.deduplicate.by names note, a local column. Name columns that come from the source.
        pipelines.hr.entities.employees.deduplicate.at names "sold_att", which is no column of the mirror. Did you mean "sold_at"?"
    `);
  });

  test('10: values of the wrong kind', () => {
    const changes = {
      chunkRows: '1000',
      lanes: 0,
      massDeleteGuard: 120,
      schemaChanges: 'aply',
      read: 'hr.employees',
      validate: (row: unknown) => row,
    };
    expect(employees(changes)).toMatchInlineSnapshot(`
      "syncline.config.ts has 6 problems:
        pipelines.hr.entities.employees.read must be an object (it is "hr.employees"). Write read: { table: 'schema.table' } or { sql: 'SELECT …' }.
        pipelines.hr.entities.employees.validate must be a validator, such as z.object({ … }); any Standard Schema will do.
        pipelines.hr.entities.employees.massDeleteGuard is not a percentage (it is 120). Write a number from 0 to 100, or text such as '20 %'.
        pipelines.hr.entities.employees.chunkRows must be a number (it is "1000"). Write chunkRows: 50000.
        pipelines.hr.entities.employees.lanes is out of range (it is 0). Write a whole number from 1 to 64.
        pipelines.hr.entities.employees.schemaChanges is not one of the choices (it is "aply"). Did you mean 'apply'?"
    `);
  });

  test('an option of a source that its kind does not know', () => {
    expect(
      refusal(changed({ 'sources.erp.slackMS': 5, 'sources.erp.timezone': 'UTC' })),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has 2 problems:
        sources.erp.slackMS is not an option. Did you mean "slackMs"?
        sources.erp.timezone is not an option. Did you mean "timeZone"?"
    `);
  });
});

describe('more mistakes', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['no query and no table', { read: {} }, 'read has neither table nor sql'],
    ['both', { read: { table: 'a.b', sql: 'SELECT 1' } }, 'read has both table and sql'],
    ['a statement', { read: { sql: 'DELETE FROM x' } }, 'read is no query'],
    ['an empty key', { key: [] }, 'key is an empty list'],
    ['a key twice', { key: ['ID', 'ID'] }, 'key names a column twice'],
    ['an empty name', { key: '' }, 'key is empty'],
    [
      'times of an application',
      { changedAt: { columns: 'X', setBy: 'application' } },
      "overlap: '10 minutes'",
    ],
    [
      'an unknown option deep inside',
      { changedAt: { columns: 'X', overlapp: '1 s' } },
      'changedAt.overlapp is not an option. Did you mean "overlap"?',
    ],
    ['a mirror in the schema of the store', { mirror: 'syncline.x' }, 'schema syncline is not for mirrors'],
    ['a mirror in a schema of PostgreSQL', { mirror: 'pg_temp.x' }, 'schema pg_temp is not for mirrors'],
    ['a long table name', { mirror: `hr.${'é'.repeat(32)}` }, 'the name has 64 bytes, PostgreSQL allows 63'],
    ['a long column name', { columns: { ['x'.repeat(64)]: {} } }, 'the name has 64 bytes'],
    [
      'a type that hides a statement',
      { columns: { a: { type: 'text); DROP TABLE x' } } },
      'is not the name of a PostgreSQL type',
    ],
    ['rounding without a type', { columns: { a: { from: 'A', rounding: true } } }, 'has rounding'],
    ['local: false', { columns: { a: { local: false } } }, 'local must be true, or left out'],
    [
      'a computed column with a default',
      { columns: { a: { compute: () => 1, type: 'int', default: 1 } } },
      'has default, which only local columns take',
    ],
    [
      'compute that is no function',
      { columns: { a: { compute: 'x', type: 'text' } } },
      'compute must be a function (row) => value',
    ],
    [
      'a key under another column’s name',
      { key: 'ID', columns: { id: { from: 'OTHER' } } },
      "columns has no column from 'ID', the key, and another column has its name",
    ],
    ['a key with a reserved name', { key: 'SYNC_ID', columns: { a: { from: 'A' } } }, 'Syncline’s own'],
    ['a bucket of no width', { deduplicate: { by: 'A', at: 'B', within: '0 s' } }, 'has a `within` of 0'],
    [
      'a retention below the bucket',
      { deduplicate: { by: 'A', at: 'B', within: '1 h', retention: '1 min' } },
      'forgets survivors',
    ],
    ['soft delete without values', { softDelete: { column: 'A', values: [] } }, 'values is an empty list'],
    [
      'capture where the kind has none',
      { capture: true },
      'capture is not for sources of kind postgres. Remove it',
    ],
    ['capture in words', { capture: 'yes' }, 'capture must be true or false'],
    ['a percentage in words', { massDeleteGuard: 'ten' }, 'is not a percentage'],
    ['a size without a unit', { maxValueBytes: '64' }, 'is not a size'],
    ['an entity that is none', { read: null }, 'read must be an object, not null'],
  ])('%s', (...[, changes, message]) => {
    expect(employees(changes)).toContain(message);
  });

  test.each<[string, Record<string, unknown>, string]>([
    [
      'a name with a space',
      { 'pipelines.my pipeline': smallConfig().pipelines.hr },
      'pipelines["my pipeline"] is not a name',
    ],
    ['no entities', { 'pipelines.hr.entities': {} }, 'pipelines.hr.entities is empty'],
    [
      'a schedule without a time',
      { 'pipelines.hr.schedule': { full: { timeZone: 'UTC' } } },
      'has neither every nor cron',
    ],
    [
      'a schedule with two',
      { 'pipelines.hr.schedule': { full: { every: '1 h', cron: '@daily' } } },
      'has both every and cron',
    ],
    [
      'a schedule of milliseconds',
      { 'pipelines.hr.schedule': { incremental: { every: '10 ms' } } },
      'is too often',
    ],
    [
      'a password in the file',
      { 'sources.erp.password': 'hunter22' },
      "sources.erp.password is a secret, so it may not stand in the file. Write env('ERP_PASSWORD') and set that variable.",
    ],
    [
      'a private key in the file',
      { 'sources.erp.tls': { mode: 'verify-full', key: '-----BEGIN' } },
      'sources.erp.tls.key is a secret',
    ],
    ['an api key in the file', { temporal: { apiKey: 'abcdefgh' } }, 'temporal.apiKey is a secret'],
    [
      'a page of Temporal that is no address',
      { temporal: { uiUrl: 'temporal.example.com' } },
      'temporal.uiUrl is no HTTP address',
    ],
    [
      'a page of Temporal with a login',
      { temporal: { uiUrl: 'https://ann@temporal.example.com' } },
      'temporal.uiUrl has a user or password in it',
    ],
    [
      'a page of Temporal with a query',
      { temporal: { uiUrl: 'https://temporal.example.com/?a=b' } },
      'temporal.uiUrl has more than a path',
    ],
    [
      'a secret as a default',
      { 'store.url': env('NOT_SET', { default: 'postgres://a:b@c/d' }) },
      "has a secret as its default. Write env('NOT_SET') without a default.",
    ],
    [
      'another database as the store',
      { 'store.url': 'mysql://localhost/db' },
      'store.url is no PostgreSQL URL',
    ],
    [
      'delays upside down',
      { 'sources.erp.retry': { baseMs: 5_000, maxMs: 1_000 } },
      'has a baseMs above maxMs',
    ],
    ['no store', { store: undefined }, 'store is missing'],
  ])('%s', (...[, changes, message]) => {
    expect(refusal(changed(changes))).toContain(message);
  });

  test('an entity’s name is unique in the whole configuration', () => {
    const other = {
      source: 'erp',
      entities: { employees: { read: { table: 'x.y' }, key: 'ID', mirror: 'x.y' } },
    };
    expect(refusal(changed({ 'pipelines.crm': other }))).toContain(
      'pipelines.crm.entities.employees has the name of an entity of pipeline hr. Give one of them another name, such as crm_employees.',
    );
  });

  test('literals are repeated to find the place, values from the environment never', () => {
    const written = changed({
      'sources.erp.timeZone': env('ERP_URL'),
      'pipelines.hr.schedule': { full: { cron: 'never' } },
    });
    const message = refusal(written);
    expect(message).toContain('(it is "never")');
    expect(message).toContain('sources.erp.timeZone is no time zone');
    expect(message).not.toContain('Zu8');
  });

  test('the details have every problem for programs', () => {
    expect.assertions(1);
    try {
      parsed(changed({ 'pipelines.hr.source': 'nope' }));
    } catch (error) {
      expect(error).toMatchObject({
        code: 'CONFIG_INVALID',
        details: {
          file: 'syncline.config.ts',
          problems: [
            {
              path: 'pipelines.hr.source',
              problem: 'is "nope", which is not in sources',
              fix: 'Choose from: erp.',
            },
          ],
        },
      });
    }
  });
});

describe('C16: shared mirrors', () => {
  const shared = { table: 'hr.employees', shared: true };
  const two = (more: Record<string, unknown>, source = 'fleet'): unknown =>
    changed({
      'sources.fleet': { kind: 'postgres', url: env('FLEET_URL') },
      [`${EMPLOYEES}.mirror`]: shared,
      'pipelines.other': {
        source,
        entities: { drivers: { read: { table: 'a.b' }, key: 'ID', mirror: shared, ...more } },
      },
    });

  test('several sources, all of which declare it', () => {
    expect(parsed(two({})).pipelines.other?.entities.drivers?.mirror).toEqual({
      schema: 'hr',
      table: 'employees',
      shared: true,
    });
  });

  test.each<[string, Record<string, unknown>, string, string]>([
    ['one of them does not declare it', { mirror: 'hr.employees' }, 'fleet', 'shared: true } in both'],
    ['two entities of one source', {}, 'erp', 'their rows cannot be told apart'],
    [
      'keys of different width',
      { key: ['A', 'B'] },
      'fleet',
      'key has 2 columns, that of entity employees in the same mirror 1',
    ],
    [
      'other local columns',
      { columns: { note: { local: true } } },
      'fleet',
      'has other local columns than entity employees',
    ],
  ])('%s', (...[, more, source, message]) => {
    expect(refusal(two(more, source))).toContain(message);
  });
});

test('any validator of the Standard Schema is accepted, other objects are not', () => {
  const standard = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } };
  for (const validate of [z.object({}), standard, Object.assign(() => {}, standard)]) {
    expect(
      parsed(changed({ [`${EMPLOYEES}.validate`]: validate })).pipelines.hr?.entities.employees?.validate,
    ).toBe(validate);
  }
  expect(employees({ validate: { parse: () => {} } })).toContain('validate must be a validator');
});
