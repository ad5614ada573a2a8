/** What is PostgreSQL's own in writing back. What every kind does is in write-contract.test.ts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWriteTarget } from '../../../src/connectors/registry.ts';
import type { Verdict, WriteEntity, WriteTarget } from '../../../src/connectors/write-contract.ts';
import { never } from '../kit.ts';
import { insertOf, mutation, writeOptions } from '../write-kit.ts';
import { settingsOf, type WriteWorld, writeWorld } from './write-back-kit.ts';

const ITEMS: WriteEntity = { entity: 'items', table: 'items', key: ['id'] };

let world: WriteWorld;
let target: WriteTarget;

beforeAll(async () => {
  world = await writeWorld();
  await world.run(
    'CREATE TABLE items (id int PRIMARY KEY, name text UNIQUE, amount numeric(8,2) CHECK (amount >= 0), parent int REFERENCES items)',
  );
  await world.grant(ITEMS);
  target = world.target();
}, 60_000);

afterAll(() => world?.close());

const kinds = (verdicts: readonly Verdict[]): string[] =>
  verdicts.map((verdict) => ('code' in verdict ? verdict.code : verdict.kind));

describe('a large batch', () => {
  test('of mixed verdicts: each row gets its own', async () => {
    await world.run(
      'TRUNCATE items',
      `INSERT INTO items (id, name, amount) SELECT id, 'item ' || id, id FROM generate_series(1, 1000) AS id`,
    );
    const expected: string[] = [];
    const batch = Array.from({ length: 1_000 }, (_, i) => {
      const [kind, amount, base] = [
        ['applied', '1', String(i + 1)],
        ['applied', '2', null],
        ['conflict', '3', '-5'],
        ['23514', '-1', null],
        ['22003', '12345678', null],
        ['INVALID_VALUE', 'many', null],
      ][i % 97 < 5 ? i % 97 : i % 2 === 0 ? 0 : 1] as [string, string, string | null];
      const key = i % 100 === 50 ? '5000' : String(i + 1);
      expected.push(key === '5000' ? 'gone' : kind);
      return mutation({
        entity: 'items',
        key,
        values: { amount: key === '5000' ? '1' : amount },
        base: base === null ? null : { amount: base },
      });
    });
    expect(kinds(await target.writeBatch(batch, writeOptions([ITEMS])))).toEqual(expected);
    const again = await target.writeBatch(batch, writeOptions([ITEMS]));
    expect(kinds(again)).toEqual(expected.map((kind) => (kind === 'applied' ? 'duplicate' : kind)));
  }, 60_000);

  test('of inserts: a row may name the one before it as its parent; those that exist are conflicts', async () => {
    await world.run('TRUNCATE items', `INSERT INTO items (id, name) VALUES (5, 'there'), (70, 'taken')`);
    const batch = Array.from({ length: 60 }, (_, i) =>
      insertOf(
        'items',
        { name: i === 20 ? 'taken' : `new ${i}`, parent: i === 0 ? null : String(i) },
        String(i + 1),
      ),
    );
    const verdicts = await target.writeBatch(batch, writeOptions([ITEMS]));
    // 21 is refused, so 22 misses its parent, and so on.
    expect(kinds(verdicts)).toEqual(
      batch.map((_, i) => (i === 4 ? 'conflict' : i < 20 ? 'applied' : i === 20 ? '23505' : '23503')),
    );
    expect(verdicts[4]).toMatchObject({ fields: ['name', 'parent'], row: { name: 'there', parent: null } });
  });

  test('meets a locked row, and waits for nothing else', async () => {
    await world.run('TRUNCATE items', 'INSERT INTO items (id) SELECT generate_series(1, 100)');
    const other = await world.connect();
    await other.query('BEGIN');
    await other.query('UPDATE items SET amount = 1 WHERE id = 37');
    const batch = Array.from({ length: 100 }, (_, i) =>
      mutation({ entity: 'items', key: String(i + 1), values: { amount: '5' } }),
    );
    const verdicts = await target.writeBatch(batch, writeOptions([ITEMS], { lockWaitMs: 200, lockTries: 1 }));
    expect(kinds(verdicts)).toEqual(batch.map(({ key }) => (key === '37' ? '55P03' : 'applied')));
    await other.query('ROLLBACK');
  });

  test('beside another one that writes the same rows in the opposite order: both get through', async () => {
    await world.run('TRUNCATE items', 'INSERT INTO items (id, amount) SELECT generate_series(1, 200), 0');
    const keys = Array.from({ length: 200 }, (_, i) => String(i + 1));
    const both = [keys, [...keys].reverse()].map((order, i) =>
      target.writeBatch(
        order.map((key) => mutation({ entity: 'items', key, values: { amount: String(i + 1) } })),
        writeOptions([ITEMS], { lockWaitMs: 10_000, lockTries: 10 }),
      ),
    );
    const verdicts = (await Promise.all(both)).flat();
    expect(new Set(kinds(verdicts))).toEqual(new Set(['applied']));
  }, 60_000);

  test('that holds one ledger key twice applies it once', async () => {
    await world.run('TRUNCATE items', 'INSERT INTO items (id) SELECT generate_series(1, 4)');
    const batch = ['1', '2', '3', '4'].map((key) =>
      mutation({
        entity: 'items',
        key,
        values: { amount: key },
        ...(Number(key) > 2 && { ledgerKey: 'one key' }),
      }),
    );
    const verdicts = await target.writeBatch(batch, writeOptions([ITEMS]));
    expect(kinds(verdicts)).toEqual(['applied', 'applied', 'applied', 'duplicate']);
    expect(verdicts[3]).toMatchObject({ outcome: { key: '3' } });
  });
});

describe('triggers', () => {
  test('that write behind the row are seen in it, and those that keep it away are noticed', async () => {
    await world.run(
      'CREATE TABLE watched (id int PRIMARY KEY, name text, seen int DEFAULT 0)',
      `CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
         IF pg_trigger_depth() = 1 THEN UPDATE watched SET seen = seen + 1 WHERE id = NEW.id; END IF; RETURN NULL; END $$`,
      `CREATE FUNCTION keep_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF NEW.name = 'nobody' THEN RETURN NULL; END IF; RETURN NEW; END $$`,
      'CREATE TRIGGER seen AFTER INSERT OR UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION see()',
      'CREATE TRIGGER kept BEFORE INSERT OR UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION keep_away()',
    );
    const watched = { entity: 'watched', table: 'watched', key: ['id'] };
    await world.grant(watched);
    const names = ['a', 'nobody', 'b', 'c'];
    const made = await target.writeBatch(
      names.map((name, i) => insertOf('watched', { name }, String(i + 1))),
      writeOptions([watched]),
    );
    expect(kinds(made)).toEqual(['applied', 'NOT_WRITTEN', 'applied', 'applied']);
    expect(made[0]).toMatchObject({ row: { name: 'a', seen: '1' } });
    const changed = await target.writeBatch(
      ['1', '3', '4'].map((key, i) =>
        mutation({ entity: 'watched', key, values: { name: i === 1 ? 'nobody' : 'x' } }),
      ),
      writeOptions([watched]),
    );
    expect(kinds(changed)).toEqual(['applied', 'NOT_WRITTEN', 'applied']);
    // Nothing of those stays, so that a corrected one may come with the same ledger key.
    expect(await world.rows('SELECT name FROM watched ORDER BY id')).toEqual([['x'], ['b'], ['x']]);
  });

  test('may refuse under any SQLSTATE; only configured ones speak to the writer', async () => {
    await world.run(
      'CREATE TABLE guarded (id int PRIMARY KEY, name text)',
      `CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         RAISE EXCEPTION 'Not %, please', NEW.name USING ERRCODE = NEW.name; END $$`,
      'CREATE TRIGGER guarded BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION guard()',
    );
    const guarded = { entity: 'guarded', table: 'guarded', key: ['id'] };
    await world.grant(guarded);
    const codes = ['P0001', 'HR001', 'HR002', 'ERP42', '23514'];
    const batch = () => codes.map((name, i) => insertOf('guarded', { name }, String(i)));
    const messages = async (options: Record<string, unknown>) =>
      (await world.target(options).writeBatch(batch(), writeOptions([guarded]))).map((verdict, i) => {
        expect(verdict).toMatchObject({ kind: 'rejected', code: codes[i] });
        return (verdict as Extract<Verdict, { kind: 'rejected' }>).message;
      });
    const hidden = (code: string): string => `An error raised by the database’s own code (${code})`;
    expect(await messages({})).toEqual(['Not P0001, please', ...codes.slice(1).map(hidden)]);
    expect(await messages({ raisedSqlStates: ['HR', 'ERP42'] })).toEqual([
      hidden('P0001'),
      'Not HR001, please',
      'Not HR002, please',
      'Not ERP42, please',
      hidden('23514'),
    ]);
  });
});

test('views and partitioned tables are written like tables', async () => {
  await world.run(
    'CREATE TABLE sales (region text, id int, amount int, PRIMARY KEY (region, id)) PARTITION BY LIST (region)',
    `CREATE TABLE sales_north PARTITION OF sales FOR VALUES IN ('north')`,
    `CREATE TABLE sales_south PARTITION OF sales FOR VALUES IN ('south')`,
    'CREATE VIEW small_sales AS SELECT region, id, amount FROM sales WHERE amount < 100 WITH CHECK OPTION',
  );
  const sales = { entity: 'sales', table: 'sales', key: ['region', 'id'] };
  const small = { entity: 'small', table: 'small_sales', key: ['region', 'id'] };
  await world.grant(sales, small);
  const options = writeOptions([sales, small]);
  const made = await target.writeBatch(
    ['north|1', 'south|1', 'west|1', 'south|2'].map((key) => insertOf('sales', { amount: '5' }, key)),
    options,
  );
  expect(kinds(made)).toEqual(['applied', 'applied', '23514', 'applied']);
  const changed = await target.writeBatch(
    [
      mutation({ entity: 'small', key: 'south|1', values: { amount: '99' }, base: { amount: '5' } }),
      mutation({ entity: 'small', key: 'south|2', values: { amount: '100' } }),
      mutation({ entity: 'small', key: 'north|1', operation: 'delete' }),
    ],
    options,
  );
  expect(kinds(changed)).toEqual(['applied', '44000', 'applied']);
});

describe('functions and procedures', () => {
  test('a function may return the key, and its columns may have other types than the table’s', async () => {
    await world.run(
      'CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body varchar(50), weight numeric)',
      `CREATE FUNCTION note(p_operation text, p_changed text, p_id bigint, p_body text DEFAULT NULL, p_weight float8 DEFAULT NULL)
       RETURNS bigint LANGUAGE sql SECURITY DEFINER AS
         $$ INSERT INTO notes (body, weight) VALUES (p_operation || ' ' || p_changed || ' ' || p_body, p_weight) RETURNING id $$`,
    );
    const notes = { entity: 'notes', table: 'notes', key: ['id'], call: 'note' };
    await world.grant(notes);
    expect(
      await target.writeBatch([insertOf('notes', { body: 'x', weight: '1.5' })], writeOptions([notes])),
    ).toMatchObject([{ kind: 'applied', key: '1', row: { body: 'insert body,weight x', weight: '1.5' } }]);
  });

  test('one that commits is refused as a whole: it would part the change from its ledger row', async () => {
    await world.run(
      'CREATE TABLE parted (id int PRIMARY KEY)',
      `CREATE PROCEDURE part(p_operation text, p_changed text, INOUT p_id int) LANGUAGE plpgsql AS
         $$ BEGIN INSERT INTO parted VALUES (p_id); COMMIT; END $$`,
    );
    const parted = { entity: 'parted', table: 'parted', key: ['id'] };
    await world.grant(parted, { ...parted, call: 'part' });
    const batch = [insertOf('parted', {}, '1')];
    await expect(target.writeBatch(batch, writeOptions([{ ...parted, call: 'part' }]))).rejects.toMatchObject(
      {
        code: 'SOURCE_QUERY',
        details: { scope: 'entity' },
        remedy: expect.stringContaining('COMMIT'),
      },
    );
    expect(await world.rows('SELECT * FROM parted')).toEqual([]);
  });
});

describe('what is missing fails the batch, and says what to do', () => {
  test('a grant', async () => {
    await world.run('CREATE TABLE secrets (id int PRIMARY KEY)');
    const secrets = { entity: 'secrets', table: 'secrets', key: ['id'] };
    for (const rows of [1, 5]) {
      const batch = Array.from({ length: rows }, (_, i) => insertOf('secrets', {}, String(i)));
      await expect(target.writeBatch(batch, writeOptions([secrets]))).rejects.toMatchObject({
        code: 'SOURCE_AUTH',
        details: { scope: 'entity' },
        remedy: expect.stringContaining('docs/postgres.md'),
      });
    }
  });

  test('rows that a policy hides', async () => {
    await world.run(
      'CREATE TABLE hidden (id int PRIMARY KEY)',
      'ALTER TABLE hidden ENABLE ROW LEVEL SECURITY',
      'CREATE POLICY above_ten ON hidden USING (id > 10)',
    );
    const hidden = { entity: 'hidden', table: 'hidden', key: ['id'] };
    await world.grant(hidden);
    const batch = [mutation({ entity: 'hidden', key: '1' })];
    await expect(target.writeBatch(batch, writeOptions([hidden]))).rejects.toMatchObject({
      code: 'SOURCE_AUTH',
      remedy: expect.stringContaining('BYPASSRLS'),
    });
  });

  test('the ledger', async () => {
    await world.run('ALTER SCHEMA syncline_target RENAME TO elsewhere');
    try {
      await expect(
        target.writeBatch([insertOf('items', {}, '1')], writeOptions([ITEMS])),
      ).rejects.toMatchObject({ code: 'SOURCE_QUERY', remedy: expect.stringContaining('docs/postgres.md') });
    } finally {
      await world.run('ALTER SCHEMA elsewhere RENAME TO syncline_target');
    }
  });

  test('a source that is not there, or was closed', async () => {
    const batch = [insertOf('items', {}, '1')];
    const settings = settingsOf({ url: 'postgres://nobody@127.0.0.1:1/none' });
    const nowhere = openWriteTarget(settings, { applicationName: 'syncline/test' });
    await expect(nowhere.writeBatch(batch, writeOptions([ITEMS]))).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      retryable: true,
    });
    await nowhere.close();
    await expect(nowhere.writeBatch(batch, writeOptions([ITEMS]))).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
    });
  });

  test('a kind that is written to', () => {
    const settings = { ...settingsOf({}), kind: 'papyrus' };
    expect(() => openWriteTarget(settings, { applicationName: 'syncline/test' })).toThrow(
      'known: oracle, postgres',
    );
  });
});

test('commits survive a crash, also where the login does without', async () => {
  await world.run(
    `CREATE TABLE settings (id int PRIMARY KEY, commits text DEFAULT current_setting('synchronous_commit'))`,
    `ALTER ROLE ${world.user} SET synchronous_commit = off`,
  );
  const settings = { entity: 'settings', table: 'settings', key: ['id'] };
  await world.grant(settings);
  const options = writeOptions([settings]);
  const careless = world.target();
  expect(await careless.writeBatch([insertOf('settings', {}, '1')], options)).toMatchObject([
    { row: { commits: 'on' } },
  ]);
  await world.run(`ALTER ROLE ${world.user} SET synchronous_commit = remote_apply`);
  const careful = world.target();
  expect(await careful.writeBatch([insertOf('settings', {}, '2')], options)).toMatchObject([
    { row: { commits: 'remote_apply' } },
  ]);
});

test('no session is left in a transaction', async () => {
  const done = insertOf('items', { name: 'once' }, '4711');
  await target.writeBatch([done], writeOptions([ITEMS]));
  expect(await target.settle(done.ledgerKey, never)).toMatchObject({ state: 'applied' });
  await target.entityOrder([ITEMS], never);
  await target.purgeLedger(100, never);
  const open = `SELECT count(*) FROM pg_stat_activity WHERE usename = '${world.user}' AND state <> 'idle'`;
  expect(await world.rows(open)).toEqual([['0']]);
});

test('two batches of the same mutations in opposite orders: each is applied once', async () => {
  await world.run('TRUNCATE items');
  for (const count of [2, 50]) {
    const batch = Array.from({ length: count }, (_, i) => insertOf('items', {}, String(count * 100 + i)));
    const verdicts = await Promise.all(
      [batch, batch.toReversed()].map((each) =>
        target.writeBatch(each, writeOptions([ITEMS], { lockTries: 10 })),
      ),
    );
    for (const i of batch.keys()) {
      const both = [verdicts[0]?.[i]?.kind, verdicts[1]?.[count - 1 - i]?.kind];
      expect(both.sort()).toEqual(['applied', 'duplicate']);
    }
  }
}, 60_000);
