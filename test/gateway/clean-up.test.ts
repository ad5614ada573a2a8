/** Tombstones end over HTTP, by command and on a schedule; beneath it, a login that owns nothing reads who may see what. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanUpScheduleId } from '../../src/clean-up-schedule.ts';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import { syncline } from '../cli/cli-kit.ts';
import { createWorld, eventually, runPipeline, type World } from '../e2e/world.ts';
import { untilServed, write } from '../store/feed-kit.ts';
import {
  AUTH,
  gatewayEnvironment,
  openReader,
  type Reader,
  type RunningGateway,
  registered,
  startTestGateway,
} from './kit.ts';
import { type Caller, callerOf } from './operator-kit.ts';

let world: World;
let reader: Reader;
let gateway: RunningGateway;
let operator: Caller;

beforeAll(async () => {
  world = await createWorld('gateway_clean_up', {
    source: `CREATE TABLE public.item (id bigint PRIMARY KEY, name text, region text);
      INSERT INTO public.item SELECT n, 'item ' || n, CASE WHEN n % 2 = 0 THEN 'US' ELSE 'DE' END FROM generate_series(1, 40) AS n;
      ${LEDGER_DDL.join(';\n')}`,
    pipelines: `{ gateway_clean_up: { source: 'shop', entities: {
      item: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.item', massDeleteGuard: 100,
        upload: { writeBack: 'source', writable: ['name'], operations: ['insert', 'update', 'delete'] },
        feed: { partitions: { region: 'region' } } } } } },
      gateway: { auth: ${AUTH}, store: { url: env('READER_URL') }, partitions: { region: { claim: 'regions' } },
        tombstones: { keep: '20 days', cron: '5 4 * * *', timeZone: 'Europe/Berlin' } }`,
    environment: gatewayEnvironment,
  });
  reader = await openReader(world);
  await world.startWorker();
  await run();
  gateway = await startTestGateway(world, { store: reader.store });
  operator = await callerOf(gateway, { user: 'olga', roles: ['operator'] });
});
afterAll(async () => {
  await gateway?.stop();
  await reader?.close();
  await world?.close();
});

async function run(): Promise<void> {
  await runPipeline(world, 'gateway_clean_up');
  await untilServed(world.store);
}

type Pulled = {
  documents: { id: string; rev: string; _deleted: boolean; name?: string }[];
  checkpoint: { cursor: string };
  hasMore: boolean;
};

async function device(regions: readonly string[], name: string): Promise<Caller> {
  const who = { user: 'anna', device: name, claims: { regions } };
  const caller = await callerOf(gateway, who);
  await registered(gateway, caller.token);
  return caller;
}

async function pull(caller: Caller, cursor?: string): Promise<Pulled> {
  const after = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
  const { status, body } = await caller.get(`/v1/sync/item/pull${after}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

test('what somebody may see changes: the difference comes, though the login sees rows in scope only', async () => {
  const before = await pull(await device(['US'], 'moving'));
  expect(before.documents).toHaveLength(20);
  const other = await pull(await device(['DE'], 'moving'), before.checkpoint.cursor);
  expect(other.documents.filter(({ _deleted }) => _deleted)).toHaveLength(20);
  expect(other.documents.filter(({ _deleted }) => !_deleted)).toHaveLength(20);
  const none = await pull(await device([], 'moving'), other.checkpoint.cursor);
  expect(none.documents).toHaveLength(20);
  expect(none.documents.every(({ _deleted }) => _deleted)).toBe(true);
});

test('tombstones of an age are counted and removed; a device that missed them begins anew', async () => {
  const away = await pull(await device(['US'], 'away'));
  const known = away.documents.find(({ id }) => id === '2');
  await world.source.query('DELETE FROM public.item WHERE id <= 4');
  await run();
  await write(
    world.store,
    `UPDATE shop.item SET sync_deleted_at = sync_deleted_at - interval '25 days' WHERE id = 2`,
  );

  const counted = await operator.post('/v1/sync/cleanup', { dryRun: true });
  expect(counted).toMatchObject({
    status: 200,
    body: { dryRun: true, keptDays: 20, items: [{ entity: 'item', tombstones: 1, exits: 0 }] },
  });
  const asked = await syncline(
    ['cleanup', '--days', '0', '--dry-run', '--json', '--config', world.configPath],
    world.environment,
  );
  expect(asked).toMatchObject({ exit: 0 });
  expect(JSON.parse(asked.stdout)).toEqual({
    days: 0,
    dryRun: true,
    entities: [{ entity: 'item', tombstones: 4, exits: 0 }],
  });
  const removed = await operator.post('/v1/sync/cleanup', {});
  expect(removed.body).toMatchObject({ dryRun: false, items: [{ tombstones: 1 }] });
  const rest = await syncline(['cleanup', '--days', '0', '--config', world.configPath], world.environment);
  expect(rest).toMatchObject({
    exit: 0,
    stdout: expect.stringMatching(/item +3 +0[\s\S]*Removed, as older than 0 days/),
  });

  const again = await device(['US'], 'away');
  const { status, body } = await again.get(
    `/v1/sync/item/pull?cursor=${encodeURIComponent(away.checkpoint.cursor)}`,
  );
  expect({ status, body }).toMatchObject({ status: 410, body: { code: 'CURSOR_EXPIRED' } });
  expect((await pull(again)).documents).toHaveLength(18);

  // C14: what it has not heard of is no new row.
  const row = { newDocumentState: { ...known, name: 'mine' }, assumedMasterState: known };
  const pushed = await again.post('/v1/sync/item/push', { rows: [row] }, { 'idempotency-key': randomUUID() });
  expect(pushed).toMatchObject({
    status: 200,
    body: { results: [{ id: '2' }], conflicts: [{ id: '2', _deleted: true }] },
  });
  expect((await world.source.query('SELECT FROM public.item WHERE id = 2')).rowCount).toBe(0);
});

test('the clean-up has a schedule, as the configuration says', async () => {
  const queue = world.config.temporal.taskQueue;
  const schedule = await eventually(
    () =>
      world.client.schedule
        .getHandle(cleanUpScheduleId(queue))
        .describe()
        .catch(() => null),
    'the schedule is there',
  );
  expect(schedule.spec.timezone).toBe('Europe/Berlin');
  expect(schedule.spec.calendars?.[0]).toMatchObject({ hour: [{ start: 4 }], minute: [{ start: 5 }] });
  expect(schedule.action).toMatchObject({ workflowType: 'cleanUp' });
});

test('only operators clean up; days are a number', async () => {
  const refused = await (await device(['US'], 'moving')).post('/v1/sync/cleanup', {});
  expect(refused.status).toBe(403);
  for (const body of [{ days: -1 }, { days: 'all' }, { when: 'now' }]) {
    expect((await operator.post('/v1/sync/cleanup', body)).status).toBe(400);
  }
  const bad = await syncline(['cleanup', '--days', 'x', '--config', world.configPath], world.environment);
  expect(bad).toMatchObject({ exit: 3, stderr: expect.stringContaining('COMMAND_INVALID') });
});

test('a restored store says so by command: everybody fetches all, under versions of a new incarnation', async () => {
  const us = await device(['US'], 'restored');
  const before = await pull(us);
  const asked = await syncline(['restored', '--config', world.configPath], world.environment);
  expect(asked).toMatchObject({ exit: 3, stderr: expect.stringContaining('syncline restored --yes') });
  const done = await syncline(
    ['restored', '--yes', '--json', '--config', world.configPath],
    world.environment,
  );
  expect(done).toMatchObject({ exit: 0, stderr: expect.stringContaining('shop.item') });
  expect(JSON.parse(done.stdout)).toMatchObject({ mirrors: 1, incarnation: 2 });
  await untilServed(world.store);
  const old = await us.get(`/v1/sync/item/pull?cursor=${encodeURIComponent(before.checkpoint.cursor)}`);
  expect(old).toMatchObject({ status: 410, body: { code: 'CURSOR_EXPIRED' } });
  const after = await pull(us);
  const live = ({ documents }: Pulled) => documents.filter(({ _deleted }) => !_deleted).map(({ id }) => id);
  expect(live(after).sort()).toEqual(live(before).sort());
  expect(after.documents.every(({ rev }) => rev.startsWith('2.'))).toBe(true);
});
