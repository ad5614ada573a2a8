/** Conflicts that wait: approvers at the same time, workers that die, people who are told, the page in Temporal. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkerProcess } from '../../dev/worker-process.ts';
import type { ConflictSides } from '../../src/domain/approval/conflict-view.ts';
import { signMessage, takeSigned } from '../../src/store/signed-messages.ts';
import { decideConflict, sendSigned } from '../../src/upload-client.ts';
import { countOr } from '../campaign/counts.ts';
import { eventually, type World } from '../e2e/world.ts';
import { clash, conflictWorld, eventsOf, handleOf, salaryOf, stateOf, untilEvent } from './conflict-world.ts';

const KILLS = countOr(3, 'CAMPAIGN_KILLS');

/** Bodies of what people were told, in order. */
const told: { about: string; conflictId: string; text: string }[] = [];
const receiver = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    told.push(JSON.parse(Buffer.concat(parts).toString('utf8')));
    response.end();
  });
});

let world: World;
let worker: WorkerProcess;

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  world = await conflictWorld(
    'approvals',
    {
      plain: '{}',
      weeks: `{ remindAfter: '1 second', escalateAfter: '3 seconds', escalateTo: 'boss' }`,
      guarded: `{ resolvers: { role: 'payroll' } }`,
    },
    {
      webhook: `http://127.0.0.1:${port}/`,
      feeds: { guarded: `{ fields: { salary: { read: 'SALARY_VIEW' } } }` },
    },
  );
  worker = await world.startWorker();
});
afterAll(async () => {
  await worker?.stop();
  await world?.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const aboutOf = (id: string) => told.filter(({ conflictId }) => conflictId === id).map(({ about }) => about);

test('of two approvers at the same time one is heard, and the other is told so', async () => {
  const id = await clash(world, { entity: 'plain', row: 1 });
  const answers = await Promise.allSettled([
    decideConflict(world.client, id, { decision: 'client', round: 1, comment: 'yes' }),
    decideConflict(world.client, id, { decision: 'server', round: 1, comment: 'no' }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const refused = answers.find((answer) => answer.status === 'rejected');
  expect(refused?.reason).toMatchObject({ code: 'DECISION_REFUSED' });
  const first = answers[0]?.status === 'fulfilled';
  expect(await handleOf(world, id).result()).toEqual({ outcome: 'applied' });
  expect(await salaryOf(world, 1)).toBe(first ? '3000.00' : '1000.00');
  expect((await eventsOf(world, id)).filter((event) => event === 'decided')).toHaveLength(1);
});

test('the page in Temporal says which fields clash, since when, and what to send; it holds no values', async () => {
  const id = await clash(world, { entity: 'plain', row: 2, fields: { salary: '7654321' } });
  await stateOf(world, id);
  const handle = handleOf(world, id);
  await handle.signal('decide', 'nonsense');
  const page = await eventually(async () => {
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    return currentDetails.includes('refused') ? currentDetails : null;
  }, 'the page says that a signal was refused');
  for (const part of [
    'plain `2`',
    '`salary`',
    '**Since:** 20',
    `conflict/${id}`,
    '"decision":"client","round":1',
  ]) {
    expect(page).toContain(part);
  }
  expect(page).toContain(`syncline conflicts resolve ${id} --decision client --round 1`);
  const { memo, raw } = await handle.describe();
  expect(memo).toEqual({
    conflict: expect.stringContaining('plain 2: salary (waits for a decision, round 1)'),
  });
  const { rawHistory, summary } = { rawHistory: await handle.fetchHistory(), summary: JSON.stringify(raw) };
  expect(summary + page + textOf(rawHistory)).not.toContain('7654321');
  await handle.signal('withdraw', { reason: 'a typo' });
  expect(await handle.result()).toEqual({ outcome: 'withdrawn' });
  expect((await handle.describe()).memo).toEqual({ conflict: expect.stringContaining('withdrawn') });
});

test('a bare client’s query has both sides and the base, which no history has', async () => {
  const before = Date.now();
  const id = await clash(world, { entity: 'plain', row: 5, fields: { salary: '7654321' } });
  const view = await stateOf(world, id);
  expect(view).toMatchObject({
    ...{ status: 'proposed', round: 1, clashing: ['salary'], mayDecide: 'anyone', sidesProblem: null },
    sides: {
      ...{ round: 1, base: { salary: '1' }, draft: null, withheld: [] },
      device: { values: { salary: '7654321' } },
      server: { values: { id: '5', name: 'name 5', salary: '1000.00' } },
    },
  });
  const { device, server } = (view as { sides: ConflictSides }).sides;
  const times = [server.changedAt, device.changedAt, view.since].map((at) => Date.parse(String(at)));
  expect(times).toEqual([...times].sort());
  expect(times[1]).toBeGreaterThanOrEqual(before);
  const handle = handleOf(world, id);
  await handle.query('conflict');
  expect(await decideConflict(world.client, id, { decision: 'client', round: 1 })).toMatchObject({
    status: 'applied',
  });
  await handle.result();
  const { events, raw } = { events: await handle.fetchHistory(), raw: (await handle.describe()).raw };
  const kept = textOf(events) + JSON.stringify(raw);
  expect(kept).toContain('salary');
  expect(kept).not.toMatch(/7654321|1000\.00/);
});

test('values that somebody decides on are in no history: they stay with the signed message', async () => {
  const id = await clash(world, { entity: 'plain', row: 7 });
  await stateOf(world, id);
  const say = async (salary: string | number, round = 1) => {
    const input = { decision: 'merged', fields: { salary }, round };
    const who = { name: 'bert', roles: [], via: 'cli' } as const;
    const signed = await signMessage(world.store.pool, { conflictId: id, message: 'decide', input, who });
    return sendSigned(world.client, id, { message: 'decide', signed });
  };
  // A number that JSON does not keep: only who has the values can tell.
  await expect(say(7654321.123456789)).rejects.toMatchObject({
    code: 'DECISION_REFUSED',
    message: expect.stringContaining('fields.salary has more digits than a JSON number keeps'),
  });
  expect(await say('8765432.10')).toMatchObject({ status: 'applied' });
  await handleOf(world, id).result();
  expect(await salaryOf(world, 7)).toBe('8765432.10');
  const kept = textOf(await handleOf(world, id).fetchHistory());
  expect(kept).toContain('valuesIn');
  expect(kept).not.toMatch(/8765432|7654321/);
});

test('who heard no answer says the same again, and it is no other decision; other values are one', async () => {
  const id = await clash(world, { entity: 'plain', row: 8 });
  await stateOf(world, id);
  const take = async (salary: string) => {
    const input = { decision: 'merged', fields: { salary }, round: 1 };
    const who = { name: 'bert', roles: [], via: 'cli' } as const;
    const signed = await signMessage(world.store.pool, { conflictId: id, message: 'decide', input, who });
    const asked = { conflictId: id, message: 'decide', id: signed, usedBy: `signed/${signed}` } as const;
    const taken = await takeSigned(world.store.pool, asked);
    expect(await takeSigned(world.store.pool, asked)).toEqual(taken);
    return { signed, valuesIn: taken?.valuesIn };
  };
  const first = await take('1');
  expect(first.valuesIn).toBe(first.signed);
  expect((await take('1')).valuesIn).toBe(first.signed);
  const other = await take('2');
  expect(other.valuesIn).toBe(other.signed);
});

test('fields that not everybody may read are left out of a query’s answer', async () => {
  const id = await clash(world, { entity: 'guarded', row: 6, fields: { salary: '7654321', phone: '123' } });
  const view = await stateOf(world, id);
  expect(view).toMatchObject({
    ...{ clashing: ['salary'], mayDecide: 'role payroll' },
    sides: {
      ...{ base: {}, withheld: ['salary'] },
      ...{ device: { values: { phone: '123' } }, server: { values: { name: 'name 6' } } },
    },
  });
  expect(JSON.stringify(view)).not.toMatch(/7654321|1000\.00/);
});

/** Everything that the history holds as text: payloads are bytes. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(textOf).join('\n');
  if (typeof value === 'object' && value !== null) return Object.values(value).map(textOf).join('\n');
  return typeof value === 'string' ? value : '';
}

const whileKilled = async (): Promise<void> => {
  const id = await clash(world, { entity: 'weeks', row: 3 });
  for (let kill = 0; kill < KILLS; kill++) {
    const before = (await eventsOf(world, id)).length;
    await worker.kill();
    worker = await world.startWorker();
    await eventually(async () => (await eventsOf(world, id)).length > before, 'it goes on');
  }
  await untilEvent(world, id, 'escalated');
  const decision = { decision: 'server', round: 1 } as const;
  expect(await decideConflict(world.client, id, decision)).toMatchObject({ status: 'applied' });
  expect(await handleOf(world, id).result()).toEqual({ outcome: 'applied' });
  const events = (await eventsOf(world, id)).filter((event) => event !== 'reminded');
  expect(events).toEqual(['proposed', 'escalated', 'decided', 'applied']);
  expect(await salaryOf(world, 3)).toBe('1000.00');
  // What a worker was about to tell when it died, the sweep tells: minutes later.
  await eventually(async () => aboutOf(id).includes('applied'), 'people hear of the end');
  expect(await eventsOf(world, id)).toEqual(expect.arrayContaining(aboutOf(id)));
};

test(
  `it goes on reminding, and escalates once, though ${KILLS} workers die while it waits`,
  whileKilled,
  120_000 + KILLS * 60_000,
);

test('a decision outlives the worker that was to write it', async () => {
  const id = await clash(world, { entity: 'plain', row: 4 });
  await stateOf(world, id);
  await worker.kill();
  const decided = decideConflict(world.client, id, { decision: 'client', round: 1 });
  worker = await world.startWorker();
  expect(await decided).toMatchObject({ status: 'applied' });
  await untilEvent(world, id, 'applied');
  expect(await salaryOf(world, 4)).toBe('3000.00');
}, 120_000);

test('no history of all these workflows has a value, of uploads neither', async () => {
  const query = `TaskQueue = '${world.config.temporal.taskQueue}'`;
  const types = new Set<string>();
  for await (const { workflowId, runId, type } of world.client.workflow.list({ query })) {
    types.add(type);
    const kept = textOf(await world.client.workflow.getHandle(workflowId, runId).fetchHistory());
    expect(kept, workflowId).not.toMatch(/7654321|8765432|1000\.00|name \d/);
  }
  expect([...types]).toEqual(expect.arrayContaining(['processUpload', 'resolveConflict']));
});
