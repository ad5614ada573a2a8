/** People are told of a conflict once, whatever dies or does not answer, and never of a row's values. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConflict } from '../../src/activities/conflicts.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { tellAgain } from '../../src/activities/sweep-uploads.ts';
import { recordConflict, tellConflict } from '../../src/activities/tell-conflict.ts';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import type { ApprovalEvent } from '../../src/domain/approval/approval.ts';
import { openApproval, reduceApproval } from '../../src/domain/approval/reduce-approval.ts';
import { openNotifier } from '../../src/notify/notifier.ts';
import { deadPort, PATIENT_MS, SECRET, startReceiver } from '../notify/kit.ts';
import { contextOf, createKit, type Kit } from '../runs/run-kit.ts';
import { hlcAt, upload } from './upload-kit.ts';

const SALARY = '7654321';

let kit: Kit;
let deps: ActivityDeps;

beforeAll(async () => {
  kit = await createKit({
    sql: `CREATE SCHEMA hr;
      CREATE TABLE hr.staff (id bigint PRIMARY KEY, salary numeric, updated_at timestamptz NOT NULL DEFAULT now());
      INSERT INTO hr.staff SELECT n, 1234567 FROM generate_series(1, 20) AS n;
      ${LEDGER_DDL.join(';\n')};`,
    entities: {
      staff: {
        ...{ read: { table: 'hr.staff' }, key: 'id', changedAt: 'updated_at', mirror: 'hr.staff' },
        upload: {
          ...{ writeBack: 'source', writable: ['salary'], fields: { salary: { policy: 'manual' } } },
          approval: { resolvers: { role: 'lead' } },
        },
      },
    },
  });
  deps = kit.worker();
});
afterAll(() => kit?.close());

let row = 0;

async function clash(): Promise<string> {
  const [verdict] = await upload(deps, [
    {
      ...{ entity: 'staff', row: String(++row), operation: 'update', values: { salary: SALARY } },
      ...{ base: { values: { salary: '1' } }, hlc: hlcAt(Date.now()) },
    },
  ]);
  return verdict?.conflictId ?? '';
}

const channel = (url: string) => ({ url, timeoutMs: PATIENT_MS });
const webhook = (url: string) => ({ ...channel(url), secret: SECRET });

function telling(settings: { webhook?: string; slack?: string }): ActivityDeps {
  return {
    ...deps,
    notifier: openNotifier(
      {
        webhook: settings.webhook === undefined ? null : webhook(settings.webhook),
        slack: settings.slack === undefined ? null : channel(settings.slack),
        smtp: null,
      },
      deps.logger,
    ),
  };
}

/** The first step of a conflict, as its workflow takes it. */
async function opened(at: ActivityDeps, conflictId: string) {
  const start = await readConflict(at, { conflictId });
  const { state, effects } = openApproval(start, start.openedAtMs);
  const { tell } = await recordConflict(at, { conflictId, step: 1, state, effects });
  return { state, effects, tell };
}

async function kept(conflictId: string) {
  const { rows } = await kit.store.pool.query<{
    id: string;
    state: string;
    attempts: number;
    problem: string | null;
  }>('SELECT id, state, attempts, problem FROM syncline.notification WHERE conflict_id = $1 ORDER BY id', [
    conflictId,
  ]);
  return rows;
}

const dueNow = () => kit.store.pool.query('UPDATE syncline.notification SET try_after = clock_timestamp()');

test('a step that is recorded twice is there once, and told once', async () => {
  const receiver = await startReceiver();
  const at = telling({ webhook: receiver.url });
  const conflictId = await clash();
  const { state, effects, tell } = await opened(at, conflictId);
  expect(tell).toBe(true);
  await tellConflict(at, { conflictId }, contextOf());
  await recordConflict(at, { conflictId, step: 1, state, effects });
  await tellConflict(at, { conflictId }, contextOf());
  expect(receiver.received).toHaveLength(1);
  const body = receiver.received[0]?.body ?? '';
  expect(JSON.parse(body)).toMatchObject({
    id: `conflict/${conflictId}/1/proposed/1`,
    about: 'proposed',
    entity: 'staff',
    to: [{ kind: 'resolvers', resolvers: { role: 'lead' } }],
  });
  expect(body).toContain(`syncline conflicts resolve ${conflictId}`);
  expect(body).not.toContain(SALARY);
  expect(body).not.toContain('1234567');
  expect(await kept(conflictId)).toMatchObject([{ state: 'done', attempts: 1, problem: null }]);
  const { rows } = await kit.store.pool.query(
    'SELECT event FROM syncline.conflict_event WHERE conflict_id = $1',
    [conflictId],
  );
  expect(rows).toEqual([{ event: 'proposed' }]);
});

test('a channel that was told is left alone when another one is tried again', async () => {
  const hook = await startReceiver();
  const slack = await startReceiver((response, count) => {
    response.statusCode = count === 1 ? 503 : 200;
    response.end();
  });
  const at = telling({ webhook: hook.url, slack: slack.url });
  const conflictId = await clash();
  await opened(at, conflictId);
  await tellConflict(at, { conflictId }, contextOf());
  expect(await kept(conflictId)).toMatchObject([{ state: 'open', attempts: 1 }]);
  // Not before its pause is over.
  expect(await tellAgain(at, {}, contextOf())).toEqual({ tried: 0 });
  await dueNow();
  expect(await tellAgain(at, {}, contextOf())).toEqual({ tried: 1 });
  expect(hook.received).toHaveLength(1);
  expect(slack.received).toHaveLength(2);
  expect(await kept(conflictId)).toMatchObject([{ state: 'done', attempts: 2, problem: null }]);
});

test('what nobody takes for a day is given up; the task stays', async () => {
  const at = telling({ webhook: `http://127.0.0.1:${await deadPort()}/hook?token=hidden` });
  const conflictId = await clash();
  await opened(at, conflictId);
  await kit.store.pool.query(
    `UPDATE syncline.notification SET created_at = created_at - interval '25 hours' WHERE conflict_id = $1`,
    [conflictId],
  );
  await tellAgain(at, {}, contextOf());
  const [found] = await kept(conflictId);
  expect(found).toMatchObject({ state: 'given up', problem: expect.stringContaining('webhook') });
  expect(found?.problem).not.toContain('hidden');
  const { rows } = await kit.store.pool.query('SELECT state FROM syncline.task WHERE conflict_id = $1', [
    conflictId,
  ]);
  expect(rows).toEqual([{ state: 'open' }]);
});

test('a step of an execution that was lost comes too late once another one has taken over', async () => {
  const conflictId = await clash();
  const { state, effects } = await opened(deps, conflictId);
  const lost = reduceApproval(state, { kind: 'deadline' }, (state.remindAtMs ?? 0) + 1);
  const { approval } = await readConflict(deps, { conflictId });
  expect(approval).toMatchObject({ step: 2, state: { status: 'proposed', reminders: 0 } });
  await recordConflict(deps, { conflictId, step: 2, ...lost });
  await recordConflict(deps, { conflictId, step: 3, state, effects });
  const { rows } = await kit.store.pool.query(
    'SELECT event FROM syncline.conflict_event WHERE conflict_id = $1 ORDER BY id',
    [conflictId],
  );
  expect(rows).toEqual([{ event: 'proposed' }, { event: 'proposed' }]);
});

test('each reminder is a notification of its own', async () => {
  const receiver = await startReceiver();
  const at = telling({ webhook: receiver.url });
  const conflictId = await clash();
  let { state } = await opened(at, conflictId);
  const deadline: ApprovalEvent = { kind: 'deadline' };
  for (const step of [2, 3]) {
    const reminded = reduceApproval(state, deadline, (state.remindAtMs ?? 0) + 1);
    state = reminded.state;
    await recordConflict(at, { conflictId, step, state, effects: reminded.effects });
  }
  await tellConflict(at, { conflictId }, contextOf());
  expect((await kept(conflictId)).map(({ id }) => id)).toEqual([
    `conflict/${conflictId}/1/proposed/1`,
    `conflict/${conflictId}/1/reminded/2`,
    `conflict/${conflictId}/1/reminded/3`,
  ]);
  expect(receiver.received).toHaveLength(3);
});

test('a notification leads to the conflict’s page, where the configuration knows the Temporal UI', async () => {
  const receiver = await startReceiver();
  const at = telling({ webhook: receiver.url });
  const { config } = at;
  const temporal = { ...config.temporal, uiUrl: 'https://temporal.example.com/ui' };
  for (const known of [at, { ...at, config: { ...config, temporal } }]) {
    const conflictId = await clash();
    await opened(known, conflictId);
    await tellConflict(known, { conflictId }, contextOf());
  }
  const links = receiver.received.map(({ body }) => JSON.parse(body).links);
  expect(links[0]).toEqual([]);
  expect(links[1]).toEqual([
    {
      label: 'Open in Temporal',
      url: expect.stringMatching(
        /^https:\/\/temporal\.example\.com\/ui\/namespaces\/[\w-]+\/workflows\/conflict%2F[\w-]+$/,
      ),
    },
  ]);
});

test('the sweep lets notifications go that were closed a week ago, and no others', async () => {
  const receiver = await startReceiver();
  const at = telling({ webhook: receiver.url });
  const [old, young, open] = [await clash(), await clash(), await clash()];
  for (const id of [old, young]) {
    await opened(at, id);
    await tellConflict(at, { conflictId: id }, contextOf());
  }
  await opened(at, open);
  const age = (id: string, days: number) =>
    kit.store.pool.query(
      `UPDATE syncline.notification SET created_at = created_at - $2 * interval '1 day',
              closed_at = closed_at - $2 * interval '1 day', try_after = 'infinity' WHERE conflict_id = $1`,
      [id, days],
    );
  await Promise.all([age(old, 8), age(young, 6), age(open, 8)]);
  // Whoever tells nobody purges all the same.
  expect(await tellAgain(deps, {}, contextOf())).toEqual({ tried: 0 });
  expect(await kept(old)).toEqual([]);
  expect(await kept(young)).toMatchObject([{ state: 'done' }]);
  expect(await kept(open)).toMatchObject([{ state: 'open' }]);
});

test('where nobody is to be told, the task is all there is', async () => {
  const conflictId = await clash();
  expect((await opened(deps, conflictId)).tell).toBe(false);
  await tellConflict(deps, { conflictId }, contextOf());
  expect(await kept(conflictId)).toEqual([]);
});
