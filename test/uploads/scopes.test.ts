/** C13: what a device sent is checked again when it is applied and decided, by what its sender may see and write then. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import type { Grants } from '../../src/domain/access/principal.ts';
import type { StoredVerdict } from '../../src/domain/upload/stored-verdict.ts';
import { createKit, type Kit, type KitOptions } from '../runs/run-kit.ts';
import { decide, process, stage, upload, verdictsOf } from './upload-kit.ts';

const TABLE = `
  CREATE SCHEMA hr;
  CREATE TABLE hr.people (id bigint PRIMARY KEY, region text, name text, salary numeric, bonus numeric, team bigint);
  INSERT INTO hr.people SELECT n, CASE WHEN n <= 10 THEN 'US' ELSE 'DE' END, 'name ' || n, 1000 + n, n, 1 + n % 2
    FROM generate_series(1, 20) AS n;
  CREATE TABLE hr.members (id bigint PRIMARY KEY, person text, team bigint);
  INSERT INTO hr.members VALUES (1, 'mia', 1);
  ${LEDGER_DDL.join(';\n')};`;

const COLUMNS = { id: {}, region: {}, name: {}, salary: {}, bonus: {}, team: {} };
const WRITABLE = ['region', 'name', 'salary', 'bonus', 'team'];
const OPERATIONS: ('insert' | 'update' | 'delete')[] = ['insert', 'update', 'delete'];
const FIELDS = {
  salary: { read: 'salary:read', write: 'salary:write' },
  bonus: { write: 'boss' },
};

const people = { read: { table: 'hr.people' }, key: 'id' } as const;
const ENTITIES = {
  people: {
    ...people,
    mirror: 'hr.people',
    columns: COLUMNS,
    upload: {
      writeBack: 'source',
      writable: WRITABLE,
      operations: OPERATIONS,
      fields: { name: { policy: 'manual' } },
    },
    feed: { partitions: { region: 'region' }, fields: FIELDS },
  },
  notes: {
    ...people,
    mirror: 'hr.notes',
    columns: { id: {}, region: {}, note: { local: true } },
    upload: { writeBack: 'mirror', operations: OPERATIONS, policy: 'clientWins' },
    feed: { partitions: { region: 'region' } },
  },
  teamed: {
    ...people,
    mirror: 'hr.teamed',
    columns: { ...COLUMNS, remark: { local: true } },
    upload: { writeBack: 'mirror', operations: ['update'] },
    feed: { partitions: { team: 'team' } },
  },
  members: { read: { table: 'hr.members' }, key: 'id', mirror: 'hr.members' },
  unserved: {
    ...people,
    mirror: 'hr.unserved',
    columns: { id: {}, remark: { local: true } },
    upload: { writeBack: 'mirror', operations: ['update'] },
  },
} satisfies KitOptions['entities'];

let kit: Kit;
let deps: ActivityDeps;

beforeAll(async () => {
  kit = await createKit({
    sql: TABLE,
    entities: ENTITIES,
    gateway: {
      auth: {
        issuer: 'https://issuer.test',
        audience: 'test',
        secret: 'a secret of at least thirty-two characters' as never,
      },
      partitions: {
        region: { claim: 'regions', groups: { NA: ['US', 'CA'] } },
        team: { membership: { entity: 'members', user: 'person', value: 'team' } },
      },
    },
  });
  deps = kit.worker();
  await kit.run('full');
});
afterAll(() => kit?.close());

const grantsOf = (change: Partial<Grants> = {}): Grants => ({
  user: 'anna',
  roles: ['device'],
  permissions: ['salary:read', 'salary:write', 'boss'],
  partitions: { region: ['NA'] },
  ...change,
});

/** @returns what devices are told. */
const send = async (mutations: readonly unknown[], grants: Grants | undefined = grantsOf()) =>
  (await upload(deps, mutations, { user: grants.user, grants })).map(told);
const told = ({ decidedBy: _, ...verdict }: StoredVerdict): StoredVerdict => verdict;

const change = (operation: string, row: number | string, said: object = {}) => ({
  entity: 'people',
  row: String(row),
  operation,
  ...said,
});
const edit = (row: number, values: object, base?: object) =>
  change('update', row, { values, ...(base && { base: { values: base } }) });

async function person(id: number) {
  const { rows } = await kit.source.query(
    'SELECT region, name, salary::int, bonus::int FROM hr.people WHERE id = $1',
    [id],
  );
  return rows[0] ?? null;
}

describe('rows out of sight', () => {
  test('cannot be told from rows that never were', async () => {
    const before = await person(11);
    const answers = async (id: number) => {
      const verdicts = await send([edit(id, { name: 'x' }, { name: 'name 11' }), change('delete', id)]);
      return verdicts;
    };
    const [hidden, missing] = [await answers(11), await answers(999)];
    expect(hidden).toEqual([{ status: 'conflict', clashing: ['name'] }, { status: 'applied' }]);
    expect(hidden).toEqual(missing);
    expect(await person(11)).toEqual(before);
  });

  test('stay as they are whatever policy the change would win by, in mirrors too', async () => {
    const verdicts = await send([
      { entity: 'notes', row: '11', operation: 'update', values: { note: 'mine' } },
      { entity: 'notes', row: '11', operation: 'delete' },
      { entity: 'notes', row: '12', operation: 'insert', values: { id: '12', note: 'mine', region: 'US' } },
    ]);
    expect(verdicts).toMatchObject([
      { status: 'conflict', clashing: ['note'] },
      { status: 'applied' },
      { status: 'rejected' },
    ]);
    expect(verdicts.every(({ version }) => version === undefined)).toBe(true);
    const { rows } = await kit.store.pool.query(
      'SELECT note, region, sync_deleted_at FROM hr.notes WHERE id IN (11, 12)',
    );
    expect(rows).toEqual([1, 2].map(() => ({ note: null, region: 'DE', sync_deleted_at: null })));
  });

  test('open no conflict that would tell of them', async () => {
    const [verdict] = await send([change('insert', 13, { values: { id: '13', region: 'US', name: 'y' } })]);
    expect(verdict).toMatchObject({ status: 'rejected', message: 'The row cannot be made under this key' });
    expect(verdict).not.toHaveProperty('version');
    const { rows } = await kit.store.pool.query(
      `SELECT count(*)::int AS n FROM syncline.conflict WHERE row_id = '13'`,
    );
    expect(rows).toEqual([{ n: 0 }]);
  });

  test('are reached by nobody through a tombstone', async () => {
    await kit.source.query('DELETE FROM hr.people WHERE id = 20');
    await kit.run('full');
    const [hidden] = await send([edit(20, { name: 'x' }, { name: 'name 20' })]);
    expect(hidden).toEqual({ status: 'conflict', clashing: ['name'] });
  });
});

describe('rows in sight', () => {
  test('are changed, and stay in sight', async () => {
    expect(await send([edit(1, { salary: 1, region: 'CA' })])).toMatchObject([{ status: 'applied' }]);
    expect(await person(1)).toMatchObject({ salary: 1, region: 'CA' });
    expect(await send([edit(1, { region: 'DE' })])).toMatchObject([
      { status: 'rejected', code: 'NOT_ALLOWED', message: 'region has to be one of your own values' },
    ]);
    expect(await send([edit(1, { region: null })])).toMatchObject([{ code: 'NOT_ALLOWED' }]);
    const insert = (region?: string) =>
      change('insert', 50, { values: { id: '50', name: 'new', ...(region && { region }) } });
    expect(await send([insert('DE')])).toMatchObject([{ code: 'NOT_ALLOWED' }]);
    expect(await send([insert()])).toMatchObject([{ code: 'NOT_ALLOWED' }]);
    expect(await send([insert('US')])).toMatchObject([{ status: 'applied' }]);
  });

  test('are all rows for an admin, and for whoever sends without grants', async () => {
    const admin = grantsOf({ roles: ['device', 'admin'], permissions: [], partitions: {} });
    expect(await send([edit(14, { region: 'FR', bonus: 7 })], admin)).toMatchObject([{ status: 'applied' }]);
    const sent = await upload(deps, [edit(14, { region: 'DE' })], {});
    expect(sent).toMatchObject([{ status: 'applied' }]);
  });
});

describe('fields', () => {
  test.each([
    ['salary', { permissions: ['salary:read'] }],
    ['salary', { permissions: ['salary:write'] }],
    ['bonus', { permissions: ['salary:read', 'salary:write'] }],
  ])('%s is not written with %j', async (field, granted) => {
    const before = await person(2);
    const verdicts = await send([edit(2, { [field]: 9 })], grantsOf(granted));
    expect(verdicts).toEqual([
      { status: 'rejected', code: 'NOT_ALLOWED', message: `${field} may not be changed` },
    ]);
    expect(await person(2)).toEqual(before);
  });

  test('that are hidden are not asked about by a base', async () => {
    const probe = (salary: number) =>
      send([edit(3, { bonus: 3 }, { salary, bonus: 3 })], grantsOf({ permissions: ['boss'] }));
    const [right, wrong] = [await probe(1003), await probe(1)];
    expect(right[0]?.status).toBe('applied');
    expect(wrong[0]?.status).toBe('applied');
  });
});

describe('as things are when it is applied', () => {
  const ref = (key: string) => ({ device: 'd1', key });

  test('a row that moved away meanwhile is out of sight', async () => {
    await stage(deps, [edit(4, { bonus: 44 })], {
      ...ref('moved'),
      user: 'anna',
      grants: grantsOf(),
    });
    await kit.source.query(`UPDATE hr.people SET region = 'DE' WHERE id = 4`);
    await process(deps, ref('moved'));
    expect((await verdictsOf(deps, ref('moved'))).map(told)).toEqual([
      { status: 'conflict', clashing: ['bonus'] },
    ]);
    expect(await person(4)).toMatchObject({ bonus: 4 });
  });

  test('membership counts as it is now', async () => {
    const remark = (row: number) => ({
      entity: 'teamed',
      row: String(row),
      operation: 'update',
      values: { remark: 'hi' },
    });
    const mia = grantsOf({ user: 'mia', partitions: {} });
    expect(await send([remark(6), remark(7)], mia)).toMatchObject([
      { status: 'applied' },
      { status: 'conflict' },
    ]);
    await stage(deps, [remark(8), remark(9)], { ...ref('team'), user: 'mia', grants: mia });
    await kit.source.query('UPDATE hr.members SET team = 2 WHERE id = 1');
    await kit.run('full');
    await process(deps, ref('team'));
    expect(await verdictsOf(deps, ref('team'))).toMatchObject([
      { status: 'conflict' },
      { status: 'applied' },
    ]);
  });

  test('what devices do not get any more they do not change', async () => {
    const edit = { entity: 'unserved', row: '1', operation: 'update', values: { remark: 'hi' } };
    expect(await send([edit])).toEqual([
      { status: 'rejected', code: 'NOT_ALLOWED', message: 'Devices do not get unserved' },
    ]);
    const other = { ...edit, values: { remark: 'hello' } };
    expect(await upload(deps, [other], {})).toMatchObject([{ status: 'applied' }]);
  });
});

describe('when it is decided', () => {
  test('a change of a row that moved away is carried out by nobody, and the server’s side ends it', async () => {
    const held = edit(5, { name: 'mine' }, { name: 'name 5' });
    await kit.source.query(`UPDATE hr.people SET name = 'theirs' WHERE id = 5`);
    const [verdict] = await send([held]);
    expect(verdict).toMatchObject({ status: 'pending_approval' });
    const conflict = verdict?.conflictId as string;
    await kit.source.query(`UPDATE hr.people SET region = 'DE' WHERE id = 5`);
    expect(await decide(deps, conflict, { decision: 'client', round: 1 })).toMatchObject({
      kind: 'reopen',
      because: 'refused',
    });
    expect(await person(5)).toMatchObject({ name: 'theirs', region: 'DE' });
    expect(await decide(deps, conflict, { decision: 'server', round: 2 })).toEqual({ kind: 'applied' });
  });
});
