/** What approvers do over HTTP: conflicts looked at, talked about and decided, tasks closed, rows brought back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import { readVerdicts } from '../../src/store/uploads.ts';
import { queueOf, runUpload } from '../../src/upload-client.ts';
import { createWorld, type World } from '../e2e/world.ts';
import { clashing, salaryOf, untilEvent } from '../uploads/conflict-world.ts';
import { stage } from '../uploads/upload-kit.ts';
import {
  AUTH,
  gatewayEnvironment,
  openReader,
  type Reader,
  type RunningGateway,
  startTestGateway,
} from './kit.ts';
import { type Caller, callerOf } from './operator-kit.ts';

let world: World;
let gateway: RunningGateway;
/** Of the gateway's own login, which owns nothing. */
let reader: Reader;
/** Decides for region EU, and sees salaries. */
let paula: Caller;
/** Sees no salaries, and has no role that decides. */
let otto: Caller;

const EU = { claims: { regions: ['EU'] } };

beforeAll(async () => {
  world = await createWorld('gateway_approvals', {
    source: `
      CREATE SCHEMA hr;
      CREATE TABLE hr.staff (id bigint PRIMARY KEY, name text NOT NULL, region text, salary numeric(12, 2), phone text,
        updated_at timestamptz NOT NULL DEFAULT now());
      INSERT INTO hr.staff SELECT n, 'name ' || n, CASE WHEN n < 100 THEN 'EU' ELSE 'US' END, 1000, 'phone',
        now() - interval '1 hour' FROM generate_series(1, 110) AS n;
      ${LEDGER_DDL.join(';\n')};`,
    pipelines: `{ gateway_approvals: { source: 'shop', entities: {
      staff: { read: { table: 'hr.staff' }, key: 'id', changedAt: 'updated_at', mirror: 'hr.staff',
        upload: { writeBack: 'source', writable: ['name', 'salary', 'phone'], fields: { salary: { policy: 'manual' } },
          approval: { resolvers: { role: 'payroll' } } },
        feed: { partitions: { region: 'region' }, fields: { salary: { read: 'pay' } } } } } } },
      gateway: { auth: ${AUTH}, store: { url: env('READER_URL') }, partitions: { region: { claim: 'regions' } } }`,
    environment: gatewayEnvironment,
  });
  reader = await openReader(world);
  gateway = await startTestGateway(world, { store: reader.store });
  await world.startWorker();
  const admin = await callerOf(gateway, { user: 'root', roles: ['admin'] });
  const run = await admin.post('/v1/pipelines/gateway_approvals/runs?wait=60', { mode: 'full' });
  expect(run.body).toMatchObject({ summary: { status: 'SUCCESS' } });
  paula = await callerOf(gateway, {
    user: 'paula',
    roles: ['approver', 'payroll'],
    permissions: ['pay'],
    ...EU,
  });
  otto = await callerOf(gateway, { user: 'otto', roles: ['approver'], ...EU });
});
afterAll(async () => {
  await gateway?.stop();
  await reader?.close();
  await world?.close();
});

let sent = 0;

/** Anna's device wants another salary than the server has. @returns the conflict's id. */
async function clash(row: number, fields: Record<string, string> = { salary: '3000' }): Promise<string> {
  // Test files share Temporal, where an upload's workflow has the name of its device and key.
  const ref = { device: 'tablet', key: `${world.config.temporal.taskQueue}-${++sent}` };
  await stage(world, [clashing('staff', row, fields)], { ...ref, user: 'anna' });
  await runUpload(world.client, { ...ref, taskQueue: queueOf(world.config, ['staff']) });
  const [line] = await readVerdicts(world.store.pool, ref);
  return line?.verdict?.conflictId ?? '';
}

type Page = { items: { id: string; fields: string[] }[]; next: string | null };

test('conflicts are listed by pages, without values, to those who may see their rows', async () => {
  const ids = [await clash(1), await clash(2)];
  const elsewhere = await clash(101);
  // The newest one, which she may not see, takes no place from others.
  const first: Page = (await paula.get('/v1/conflicts?limit=1')).body;
  const second: Page = (await paula.get(`/v1/conflicts?limit=1&after=${first.next}`)).body;
  expect([first, second].map(({ items }) => items.map(({ id }) => id))).toEqual([[ids[1]], [ids[0]]]);
  expect((await paula.get(`/v1/conflicts?limit=1&after=${second.next}`)).body).toEqual({
    items: [],
    next: null,
  });
  expect(first.items[0]).toMatchObject({
    ...{ entity: 'staff', row: '2', state: 'open', fields: ['salary'], kind: 'fields' },
    ...{ device: 'tablet', user: 'anna' },
  });
  expect(JSON.stringify(first)).not.toContain('3000');
  expect(await paula.get(`/v1/conflicts/${elsewhere}`)).toMatchObject({
    status: 404,
    body: { code: 'CONFLICT_NOT_FOUND', detail: `There is no conflict ${elsewhere}` },
  });
  const american = await callerOf(gateway, { user: 'amy', roles: ['approver'], claims: { regions: ['US'] } });
  expect(((await american.get('/v1/conflicts')).body as Page).items.map(({ id }) => id)).toEqual([elsewhere]);
  const tasks = (await american.get('/v1/tasks')).body;
  expect(tasks).toMatchObject({ items: [{ conflictId: elsewhere }] });
  for (const query of ['user=bert', 'device=other', 'assignedTo=bert', 'entity=nothing', 'state=closed']) {
    expect((await paula.get(`/v1/conflicts?${query}`)).body).toEqual({ items: [], next: null });
  }
});

test('a conflict shows both sides and who may decide, without fields that the approver may not see', async () => {
  const id = await clash(3, { salary: '3000', phone: '555' });
  await untilEvent(world, id, 'proposed');
  const { body, headers } = await paula.get(`/v1/conflicts/${id}`);
  expect(headers.get('etag')).toBe(`"${id}.1.open"`);
  expect(body).toMatchObject({
    ...{
      fields: ['salary'],
      mayDecide: 'role payroll',
      youMayDecide: true,
      youMayWithdraw: true,
      fieldsNotShown: 0,
    },
    sides: {
      base: { salary: expect.stringMatching(/^1/) },
      device: { values: { salary: expect.stringContaining('3000') }, changedAt: expect.stringMatching(/Z$/) },
      server: { values: { salary: '1000.00', region: 'EU' } },
    },
    events: [{ round: 1, event: 'proposed' }],
  });
  const less = await otto.get(`/v1/conflicts/${id}`);
  expect(less.body).toMatchObject({ fields: [], youMayDecide: false, fieldsNotShown: 1 });
  expect(JSON.stringify(less.body)).not.toMatch(/salary|3000|1000\.00/);
  expect(less.body).toMatchObject({ sides: { device: { values: { phone: '555' } } } });
});

test('a decision counts for what was seen, from whoever may decide, and is written', async () => {
  const id = await clash(4);
  const decide = (caller: Caller, body: unknown, headers?: Record<string, string>) =>
    caller.post(`/v1/conflicts/${id}/decide`, body, headers);
  const etag = (await paula.get(`/v1/conflicts/${id}`)).headers.get('etag') ?? '';
  const refused = { status: 409, body: { code: 'DECISION_REFUSED' } };
  expect(await decide(otto, { decision: 'client' })).toMatchObject(refused);
  const anna = await callerOf(gateway, {
    user: 'Anna',
    roles: ['approver', 'payroll'],
    permissions: ['pay'],
    ...EU,
  });
  expect(await decide(anna, { decision: 'client' })).toMatchObject(refused);
  const device = await callerOf(gateway, { user: 'paula', roles: ['device', 'payroll'], ...EU });
  expect(await decide(device, { decision: 'client' })).toMatchObject({
    status: 403,
    body: { code: 'FORBIDDEN' },
  });
  const blind = await callerOf(gateway, { user: 'bob', roles: ['approver', 'payroll'], ...EU });
  expect(await decide(blind, { decision: 'merged', fields: { salary: '1' } })).toMatchObject(refused);
  expect(await decide(paula, { decision: 'client' }, { 'if-match': `"${id}.2.open"` })).toMatchObject({
    status: 412,
    body: { code: 'PRECONDITION_FAILED', round: 1 },
  });
  expect(await decide(paula, { decision: 'client', round: 7 })).toMatchObject(refused);
  expect(await decide(paula, { decision: 'perhaps' })).toMatchObject({ status: 400 });
  expect(await decide(paula, { decision: 'merged', fields: { name: 'x' } })).toMatchObject(refused);
  expect(await salaryOf(world, 4)).toBe('1000.00');

  const fields = { salary: '2750.10' };
  expect(
    await decide(paula, { decision: 'merged', fields, comment: 'half' }, { 'if-match': etag }),
  ).toMatchObject({
    status: 200,
    body: { conflict: id, status: 'applied', round: 1 },
  });
  expect(await salaryOf(world, 4)).toBe('2750.10');
  const { body } = await paula.get(`/v1/conflicts/${id}`);
  expect(body).toMatchObject({
    state: 'closed',
    youMayDecide: false,
    outcome: { outcome: 'applied', by: 'paula' },
  });
  expect(body).toMatchObject({
    events: expect.arrayContaining([expect.objectContaining({ event: 'decided', by: 'paula' })]),
  });
  expect(await decide(paula, { decision: 'server' })).toMatchObject(refused);
  const { rows } = await world.store.pool.query(
    'SELECT who FROM syncline.signed_message WHERE conflict_id = $1',
    [id],
  );
  expect(rows).toContainEqual({
    who: { name: 'paula', roles: ['approver', 'payroll'], via: 'http', user: 'paula' },
  });
});

test('a conflict is assigned, talked about, and withdrawn by who asked for the change', async () => {
  const id = await clash(5);
  const say = (caller: Caller, what: string, body?: unknown) =>
    caller.post(`/v1/conflicts/${id}/${what}`, body);
  expect(await say(otto, 'assign', { to: 'bert', comment: 'your department' })).toMatchObject({
    status: 200,
    body: { status: 'assigned', round: 1 },
  });
  expect((await paula.get('/v1/conflicts?assignedTo=bert')).body).toMatchObject({
    items: [{ id, assignedTo: 'bert' }],
  });
  expect(await say(otto, 'comment', { text: 'asked about salary' })).toMatchObject({ status: 200 });
  const shown = await paula.get(`/v1/conflicts/${id}`);
  expect(JSON.stringify(shown.body)).toContain('asked about salary');
  expect(JSON.stringify((await otto.get(`/v1/conflicts/${id}`)).body)).not.toContain('salary');
  for (const [what, body] of [
    ['comment', {}],
    ['assign', { to: '' }],
    ['comment', { text: 'x', as: 'paula' }],
  ] as const) {
    expect(await say(otto, what, body)).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
  }
  expect(await say(otto, 'withdraw', {})).toMatchObject({ status: 409, body: { code: 'DECISION_REFUSED' } });
  const anna = await callerOf(gateway, { user: 'anna', roles: ['approver'], ...EU });
  expect(await say(anna, 'withdraw', { reason: 'a typo' })).toMatchObject({
    status: 200,
    body: { status: 'withdrawn' },
  });
  expect(await salaryOf(world, 5)).toBe('1000.00');
});

test('a task is closed by hand, unless it is a conflict’s', async () => {
  const id = await clash(6);
  const { rows } = await world.store.pool.query<{ id: string }>(
    `INSERT INTO syncline.task (kind, title, entity, row_id, cause)
     VALUES ('review', 'Look at its salary', 'staff', '6', 'test/1'), ('review', 'Not yours', 'staff', '105', 'test/2') RETURNING id::text`,
  );
  const [own, other] = rows.map((row) => row.id);
  const open = (await paula.get('/v1/tasks?limit=500')).body as {
    items: { id: string; conflictId: string | null }[];
  };
  expect(open.items.map((task) => task.id)).toContain(own);
  expect(open.items.map((task) => task.id)).not.toContain(other);
  const titleFor = async (caller: Caller) =>
    ((await caller.get('/v1/tasks')).body as { items: { id: string; title: string }[] }).items.find(
      (task) => task.id === own,
    )?.title;
  expect([await titleFor(paula), await titleFor(otto)]).toEqual([
    'Look at its salary',
    'Look at its (not shown)',
  ]);
  const ofConflict = open.items.find(({ conflictId }) => conflictId === id)?.id;
  expect(await paula.post(`/v1/tasks/${ofConflict}/close`)).toMatchObject({
    status: 404,
    body: { code: 'CONFIG_UNKNOWN' },
  });
  expect(await paula.post(`/v1/tasks/${own}/close`)).toMatchObject({
    status: 200,
    body: { closedBy: 'paula' },
  });
  expect(await paula.post(`/v1/tasks/${own}/close`)).toMatchObject({ status: 404 });
  expect(await paula.post(`/v1/tasks/${other}/close`)).toMatchObject({ status: 404 });
  expect((await paula.get('/v1/tasks?state=any&limit=500')).body).toMatchObject({
    items: expect.arrayContaining([expect.objectContaining({ id: own, state: 'closed', closedBy: 'paula' })]),
  });
});

test('what is left of an entity that is not configured any more is for admins alone', async () => {
  const id = await clash(8);
  const rename = (entity: string) =>
    world.store.pool.query('UPDATE syncline.conflict SET entity = $2 WHERE id = $1', [id, entity]);
  await rename('gone');
  const admin = await callerOf(gateway, { user: 'root', roles: ['admin'] });
  const operator = await callerOf(gateway, { user: 'olga', roles: ['operator', 'approver'], ...EU });
  expect(await admin.get(`/v1/conflicts/${id}`)).toMatchObject({ status: 200, body: { entity: 'gone' } });
  expect(await operator.get(`/v1/conflicts/${id}`)).toMatchObject({ status: 404 });
  expect((await operator.get('/v1/conflicts?entity=gone')).body).toMatchObject({ items: [] });
  expect(await operator.get('/v1/quarantine/gone/1')).toMatchObject({ status: 403 });
  expect(await admin.get('/v1/quarantine/gone/1')).toMatchObject({ status: 404 });
  await rename('staff');
});

test('what a rule kept is brought back by admins alone', async () => {
  const { rows } = await world.store.pool.query<{ id: string }>(
    `INSERT INTO syncline.backup (entity, row_id, key, row_before, rule, cause)
     VALUES ('staff', '7', '7', '{"id": "7", "phone": "the old one"}', 'keep', 'test/3') RETURNING id::text`,
  );
  const id = rows[0]?.id;
  const operator = await callerOf(gateway, { user: 'olga', roles: ['operator'], ...EU });
  expect((await operator.get('/v1/backups')).body).toMatchObject({
    items: [{ id, entity: 'staff', rule: 'keep' }],
  });
  expect(await operator.post(`/v1/backups/${id}/restore`)).toMatchObject({ status: 403 });
  const admin = await callerOf(gateway, { user: 'root', roles: ['admin'] });
  expect(await admin.post(`/v1/backups/${id}/restore`)).toMatchObject({
    status: 200,
    body: { backup: id, mutations: [{ verdict: { status: 'applied' } }] },
  });
  const restored = await world.source.query('SELECT phone FROM hr.staff WHERE id = 7');
  expect(restored.rows).toEqual([{ phone: 'the old one' }]);
  expect((await operator.get('/v1/backups')).body).toMatchObject({ items: [{ id, restoredBy: 'root' }] });
  expect(await admin.post('/v1/backups/4711/restore')).toMatchObject({ status: 404 });

  const story = await operator.get('/v1/explain/staff/7');
  expect(story.body).toMatchObject({
    history: expect.arrayContaining([expect.objectContaining({ kind: 'backup' })]),
  });
  expect(await operator.get('/v1/explain/staff/105')).toMatchObject({ status: 404 });
});

test('a conflict over a row that was deleted is for who may see its tombstone, whatever its device said', async () => {
  const id = await clash(9, { salary: '3000' });
  const { pool } = world.store;
  await pool.query(
    `UPDATE syncline.conflict SET server = NULL, base = base || '{"region": "US"}' WHERE id = $1`,
    [id],
  );
  // As a run does, whom the mirror's triggers let pass.
  await pool.query(
    'BEGIN; SET LOCAL session_replication_role = replica; UPDATE hr.staff SET sync_deleted_at = now() WHERE id = 9; COMMIT',
  );
  const american = await callerOf(gateway, { user: 'amy', roles: ['approver'], claims: { regions: ['US'] } });
  expect(await american.get(`/v1/conflicts/${id}`)).toMatchObject({ status: 404 });
  expect(JSON.stringify((await american.get('/v1/conflicts?limit=500')).body)).not.toContain(id);
  expect(await paula.get(`/v1/conflicts/${id}`)).toMatchObject({ status: 200, body: { id } });
});
