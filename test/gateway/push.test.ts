import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGatewayProcess } from '../../dev/gateway-process.ts';
import { eventually } from '../e2e/world.ts';
import { startTestGateway, tokenOf } from './kit.ts';
import {
  type Document,
  isPending,
  orderInSource,
  type PushReply,
  type PushWorld,
  pushWorld,
  type TestDevice,
  testDevice,
} from './push-kit.ts';

type Conflict = { readonly id: string; readonly row: string; readonly record: Document };

let world: PushWorld;
let device: TestDevice;

beforeAll(async () => {
  world = await pushWorld('gateway_push');
  device = await testDevice(world);
});
afterAll(async () => {
  await world?.close();
});

test('an edit reaches the source, and its result has the version that the feed has', async () => {
  const before = await device.row('orders', 1);
  const reply = await device.push('orders', [
    { newDocumentState: { ...before, title: 'edited', data: { a: 2, b: 'x' } }, assumedMasterState: before },
  ]);
  expect(reply.conflicts).toEqual([]);
  expect(reply.results).toEqual([{ entity: 'orders', id: '1', status: 'applied', rev: expect.any(String) }]);
  const after = await device.fed('orders', '1', ({ rev }) => rev === reply.results[0]?.rev);
  expect(after).toMatchObject({ title: 'edited', data: { a: 2, b: 'x' } });
  expect(await orderInSource(world, 1)).toMatchObject({ title: 'edited' });
});

test('two quick edits without a pull between them, and back again', async () => {
  const first = await device.row('orders', 2);
  const second = { ...first, title: 'second', amount: '20.5' };
  const third = { ...second, title: first.title, amount: '30' };
  const statuses: (string | undefined)[] = [];
  for (const [assumed, wanted] of [
    [first, second],
    [second, third],
    [third, { ...third, title: 'second' }],
    [{ ...third, title: 'second' }, third],
  ]) {
    const { results } = await device.push('orders', [
      { newDocumentState: wanted, assumedMasterState: assumed },
    ]);
    statuses.push(results[0]?.status);
  }
  expect(statuses).toEqual(['applied', 'applied', 'applied', 'applied']);
  expect(await orderInSource(world, 2)).toMatchObject({ title: 'order 2', amount: '30.00' });
});

test('an edit that was taken back: a device that has missed others’ changes of the row gets them', async () => {
  const before = await device.row('orders', 40);
  const idle = { newDocumentState: before, assumedMasterState: before };
  expect(await device.push('orders', [idle])).toMatchObject({
    conflicts: [],
    results: [{ status: 'applied' }],
  });
  const other = await testDevice(world, { user: 'olaf' });
  await other.push('orders', [
    { newDocumentState: { ...before, title: 'of another' }, assumedMasterState: before },
  ]);
  const { conflicts, results } = await device.push('orders', [idle]);
  expect(results).toMatchObject([{ id: '40', status: 'applied' }]);
  expect(conflicts).toMatchObject([{ id: '40', title: 'of another' }]);
});

test('the same key and body get the same bytes, another body is refused', async () => {
  const before = await device.row('orders', 3);
  const body = { rows: [{ newDocumentState: { ...before, qty: 6 }, assumedMasterState: before }] };
  const headers = { 'idempotency-key': randomUUID() };
  const first = await eventually(async () => {
    const answer = await device.ask('POST', '/v1/sync/orders/push', { body, headers });
    return isPending(answer) ? null : answer;
  }, 'it is decided');
  const again = await device.ask('POST', '/v1/sync/orders/push', { body, headers });
  expect(again).toMatchObject({ status: 200, text: first.text });
  const other = await device.ask('POST', '/v1/sync/orders/push', { body: { rows: [] }, headers });
  expect(other.status).toBe(409);
  expect(JSON.parse(other.text)).toMatchObject({ code: 'UPLOAD_CONFLICT' });
  expect(await orderInSource(world, 3)).toMatchObject({ qty: 6 });
});

test('who sees less by now gets no reply again that shows more', async () => {
  const seeing = await testDevice(world, { permissions: ['SECRETS'] });
  const before = await seeing.row('orders', 5);
  const body = {
    rows: [{ newDocumentState: { ...before, qty: 5_000 }, assumedMasterState: before }],
  };
  const headers = { 'idempotency-key': randomUUID() };
  const say = (from: TestDevice) =>
    eventually(async () => {
      const answer = await from.ask('POST', '/v1/sync/orders/push', { body, headers });
      return isPending(answer) ? null : answer;
    }, 'it is decided');
  const first = await say(seeing);
  expect(first.text).toContain('canary');
  expect((await say(seeing)).text).toBe(first.text);
  const blinded = await testDevice(world, { device: seeing.id });
  const again = await say(blinded);
  expect(again.status).toBe(200);
  expect(again.text).not.toContain('canary');
  expect((JSON.parse(again.text) as PushReply).results).toEqual(
    (JSON.parse(first.text) as PushReply).results,
  );
});

test('a device that sends no key: a repeat is a repeat, and a later toggle is none', async () => {
  const before = await device.row('orders', 4);
  const on = { ...before, title: 'on' };
  const say = async (from: unknown, to: unknown) =>
    eventually(async () => {
      const body = { rows: [{ newDocumentState: to, assumedMasterState: from }] };
      const answer = await device.ask('POST', '/v1/sync/orders/push', { body });
      return isPending(answer) ? null : answer;
    }, 'it is decided');
  const first = await say(before, on);
  expect((await say(before, on)).text).toBe(first.text);
  await say(on, before);
  const third = await say(before, on);
  expect(third.text).not.toBe(first.text);
  expect(await orderInSource(world, 4)).toMatchObject({ title: 'on' });
});

/** As operators see them. */
async function conflictsByPolicy(): Promise<Record<string, number>> {
  const token = await tokenOf({ user: 'olga', roles: ['operator'] });
  const reply = await fetch(`${world.gateway.url}/v1/sync/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { uploads } = (await reply.json()) as { uploads: { conflictsByPolicy: Record<string, number> } };
  return uploads.conflictsByPolicy;
}

test('what both sides changed: merged, lost, held; the server’s row comes back where nothing was taken', async () => {
  const before = await conflictsByPolicy();
  const [merged, lost, held] = [
    await device.row('orders', 10),
    await device.row('orders', 11),
    await device.row('orders', 12),
  ];
  await world.source.query(
    `UPDATE shop.orders SET title = 'of the source', amount = 77, qty = 5, updated_at = now() WHERE id IN (10, 11, 12)`,
  );
  const { results, conflicts } = await device.push('orders', [
    { newDocumentState: { ...merged, qty: 3 }, assumedMasterState: merged },
    { newDocumentState: { ...lost, title: 'mine' }, assumedMasterState: lost },
    { newDocumentState: { ...held, amount: '99' }, assumedMasterState: held },
  ]);
  expect(results).toMatchObject([
    { id: '10', status: 'merged' },
    { id: '11', status: 'conflict', clashing: ['title'] },
    { id: '12', status: 'pending_approval', conflictId: expect.any(String), reason: expect.any(String) },
  ]);
  expect(conflicts).toMatchObject([{ id: '11', title: 'of the source', amount: '77.00' }]);
  expect(conflicts[0]).not.toHaveProperty('secret');
  // 1 → 5 there, 1 → 3 here.
  expect(await orderInSource(world, 10)).toMatchObject({ qty: 7, title: 'of the source' });
  expect(await conflictsByPolicy()).toEqual({
    ...before,
    ...Object.fromEntries(['merge', 'serverWins', 'manual'].map((by) => [by, (before[by] ?? 0) + 1])),
  });
});

test('rows that are bad are refused by themselves, among a hundred', async () => {
  const rows: unknown[] = Array.from({ length: 100 }, (_, i) => ({
    newDocumentState: { id: randomUUID(), body: `note ${i}`, stars: i },
  }));
  const cases = [
    [3, { newDocumentState: { id: 'no-uuid', body: 'x' } }, 'INVALID_VALUE'],
    [10, { newDocumentState: { id: randomUUID(), body: 'nul \u0000' } }, 'MUTATION_INVALID'],
    [20, { newDocumentState: { body: 'no id' } }, 'MUTATION_INVALID'],
    [30, 'no row', 'MUTATION_INVALID'],
    [40, { newDocumentState: { id: randomUUID(), stars: 'many' } }, 'INVALID_VALUE'],
    [50, { newDocumentState: { id: randomUUID(), body: 'x', strange: 1 } }, 'NOT_ALLOWED'],
    [60, { newDocumentState: { id: 'nul \u0000', body: 'x' } }, 'MUTATION_INVALID'],
    [70, { newDocumentState: { id: randomUUID(), body: 'x' }, 'nul \u0000': 1 }, 'MUTATION_INVALID'],
  ] as const;
  for (const [at, row] of cases) rows[at] = row;
  const { results, conflicts } = await device.push('notes', rows);
  const codes = results.map(({ problem }) => problem?.code);
  expect(codes.filter((code) => code !== undefined)).toHaveLength(cases.length);
  for (const [at, , code] of cases) expect([at, codes[at]]).toEqual([at, code]);
  expect(results.filter(({ status }) => status === 'applied')).toHaveLength(100 - cases.length);
  // Of each that has an id, so that the device lets go of it.
  expect(conflicts).toHaveLength(5);
  expect(conflicts.every(({ _deleted, rev }) => _deleted && /^\d+\.0$/.test(rev))).toBe(true);
});

test('rows are made, deleted and made again; a refused one can be sent again when it was corrected', async () => {
  const id = randomUUID();
  const made = { id, title: 'made offline', amount: '5', qty: 2, region: 'EU' };
  const first = await device.push('orders', [{ newDocumentState: made }]);
  expect(first.results).toMatchObject([{ id, status: 'applied' }]);
  const row = await device.row('orders', id);
  expect(row).toMatchObject({ title: 'made offline', amount: '5.00', rev: first.results[0]?.rev });

  const gone = await device.push('orders', [
    { newDocumentState: { ...row, _deleted: true }, assumedMasterState: row },
  ]);
  expect(gone.results).toMatchObject([{ id, status: 'applied' }]);
  await device.fed('orders', id, ({ _deleted }) => _deleted);

  const bad = { id: randomUUID(), title: 'too many', qty: 5000 };
  const refused = await device.push('orders', [{ newDocumentState: bad }]);
  expect(refused.results).toMatchObject([{ status: 'rejected', problem: { code: expect.any(String) } }]);
  const [reverted] = refused.conflicts;
  expect(reverted).toMatchObject({ id: bad.id, _deleted: true });
  const good = await device.push('orders', [
    { newDocumentState: { ...bad, qty: 5 }, assumedMasterState: reverted },
  ]);
  expect(good.results).toMatchObject([{ id: bad.id, status: 'applied' }]);
});

test('C9: a row that is made, held and refused comes to its device as a removal, and to nobody else', async () => {
  const [owner, other] = [await testDevice(world), await testDevice(world)];
  const id = randomUUID();
  const pull = async (of: TestDevice, cursor?: string) => {
    const query = cursor === undefined ? 'limit=1000' : new URLSearchParams({ cursor });
    const { text } = await of.ask('GET', `/v1/sync/orders/pull?${query}`);
    return JSON.parse(text) as { documents: Document[]; checkpoint: { cursor: string } };
  };
  const [before, others] = [await pull(owner), await pull(other)];
  const row = { newDocumentState: { id, title: 'new', amount: '5000', qty: 1 } };
  const { results, conflicts } = await owner.push('orders', [row], `held-${id}`);
  expect(results).toMatchObject([{ id, status: 'pending_approval', rev: null, reason: 'It is large' }]);
  expect(conflicts).toEqual([]);

  // The newest first, those of the user's other devices behind it.
  const list = async (query: string) => {
    const { text } = await owner.ask('GET', `/v1/sync/conflicts?entity=orders&limit=1${query}`);
    return JSON.parse(text) as { conflicts: Conflict[]; next: string | null };
  };
  const first = await list('');
  const second = await list(`&after=${first.next}`);
  expect([...first.conflicts, ...second.conflicts].map(({ row }) => row)).toEqual([id, '12']);
  const [shown] = first.conflicts;
  expect(shown).toMatchObject({ operation: 'insert', kind: null, record: { id, _deleted: true } });
  const decided = await owner.ask('POST', '/v1/sync/resolve-conflict', {
    body: { conflictId: shown?.id, decision: 'server', round: 1 },
    headers: { 'if-match': `"${shown?.record.rev}"` },
  });
  expect([decided.status, JSON.parse(decided.text)]).toMatchObject([
    200,
    { status: 'applied', record: { id, _deleted: true } },
  ]);
  const removal = await eventually(async () => {
    const { documents } = await pull(owner, before.checkpoint.cursor);
    return documents.find((document) => document.id === id);
  }, 'the removal comes by the feed');
  expect(removal).toEqual({ id, rev: expect.stringMatching(/^\d+\.0$/), _deleted: true });
  const elsewhere = await pull(other, others.checkpoint.cursor);
  expect(elsewhere.documents.map((document) => document.id)).not.toContain(id);
  const { rows } = await world.source.query('SELECT FROM shop.orders WHERE title = $1', ['new']);
  expect(rows).toEqual([]);
  // It may be made again, smaller.
  const again = await owner.push('orders', [
    { newDocumentState: { ...row.newDocumentState, amount: '500' }, assumedMasterState: removal },
  ]);
  expect(again.results).toMatchObject([{ id, status: 'applied' }]);
});

test('the last writer wins by the clock of the row or of the field, whenever it comes; a clock that is ahead does not', async () => {
  const other = await testDevice(world);
  const stamp = (minutesAgo: number, node: string) =>
    `${(Date.now() - minutesAgo * 60_000).toString(16).padStart(12, '0')}0000-${node}`;
  const [row, field] = [await device.row('orders', 50), await device.row('orders', 51)];
  const due = (before: Document, month: number, clocks: object) => [
    {
      newDocumentState: { ...before, due: `2026-0${month}-01T00:00:00Z` },
      assumedMasterState: before,
      ...clocks,
    },
  ];
  const statusOf = async (by: TestDevice, rows: readonly unknown[]) =>
    (await by.push('orders', rows)).results.map(({ status, problem }) => problem?.code ?? status);
  expect(await statusOf(device, due(row, 5, { hlc: stamp(10, 'd1') }))).toEqual(['applied']);
  expect(await statusOf(other, due(row, 1, { hlc: stamp(180, 'd2') }))).toEqual(['conflict']);
  expect(await statusOf(other, due(row, 6, { hlc: stamp(1, 'd2') }))).toEqual(['applied']);
  expect(await device.row('orders', 50)).toMatchObject({ due: '2026-06-01T00:00:00+00:00' });

  const clocks = { hlc: stamp(180, 'd1'), fieldHlcs: { due: stamp(10, 'd1') } };
  expect(await statusOf(device, due(field, 5, clocks))).toEqual(['applied']);
  expect(await statusOf(other, due(field, 1, { hlc: stamp(30, 'd2') }))).toEqual(['conflict']);
  expect(await statusOf(other, due(field, 1, { hlc: stamp(-60, 'd2') }))).toEqual(['CLOCK_AHEAD']);
  expect(await device.row('orders', 51)).toMatchObject({ due: '2026-05-01T00:00:00+00:00' });
});

test('a decision that the source refuses says why, and the conflict is open again', async () => {
  const before = await device.row('orders', 55);
  const { results } = await device.push('orders', [
    { newDocumentState: { ...before, amount: '5000', qty: 2000 }, assumedMasterState: before },
  ]);
  const { rev } = await device.row('orders', 55);
  const answer = await device.ask('POST', '/v1/sync/resolve-conflict', {
    body: { conflictId: results[0]?.conflictId, decision: 'client', round: 1 },
    headers: { 'if-match': `"${rev}"` },
  });
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
    412,
    { round: 2, why: expect.stringContaining('small'), record: { id: '55', amount: '10.00' } },
  ]);
});

test('a group of which a row cannot be read is not applied at all', async () => {
  const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
  const { results } = await device.push('notes', [
    { newDocumentState: { id: first, body: 'x' }, group: 'g' },
    { newDocumentState: { id: second, body: 'x' }, group: 'g', odd: true },
    { newDocumentState: { id: third, body: 'x' } },
  ]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'applied']);
  const gone = await device.ask('GET', `/v1/entities/notes/${first}`);
  expect(gone.status).toBe(404);
});

test('a new row whose reply was lost is edited and sent again, as a new row still', async () => {
  const id = randomUUID();
  const made = { id, body: 'made', stars: 1 };
  await device.push('notes', [{ newDocumentState: made }]);
  const edited = await device.push('notes', [{ newDocumentState: { ...made, stars: 2 } }]);
  expect(edited.results).toMatchObject([{ id, status: 'applied' }]);
  expect(await device.row('notes', id)).toMatchObject({ body: 'made', stars: 2 });
  const gone = { ...made, stars: 2, _deleted: true };
  await device.push('notes', [{ newDocumentState: gone }]);
  const again = await device.push('notes', [{ newDocumentState: { ...made, stars: 3 } }]);
  expect(again.results).toMatchObject([{ id, status: 'applied' }]);
  expect(await device.row('notes', id)).toMatchObject({ stars: 3 });
});

test('what was refused is judged again when it is sent again, with a key and without', async () => {
  const id = randomUUID();
  const row = { newDocumentState: { id, title: 'late', qty: 1500 } };
  const say = async (headers: Record<string, string>) =>
    eventually(async () => {
      const answer = await device.ask('POST', '/v1/sync/orders/push', { body: { rows: [row] }, headers });
      return isPending(answer) ? null : (JSON.parse(answer.text) as PushReply).results[0]?.status;
    }, 'it is decided');
  expect(await say({})).toBe('rejected');
  expect(await say({ 'idempotency-key': randomUUID() })).toBe('rejected');
  await world.source.query('ALTER TABLE shop.orders DROP CONSTRAINT small');
  try {
    expect(await say({})).toBe('applied');
    expect(await say({})).toBe('applied');
    expect(await say({ 'idempotency-key': randomUUID() })).toBe('applied');
  } finally {
    await world.source.query('ALTER TABLE shop.orders ADD CONSTRAINT small CHECK (qty < 1000) NOT VALID');
  }
  const { rows } = await world.source.query(
    `SELECT count(*)::int AS n FROM shop.orders WHERE title = 'late'`,
  );
  expect(rows).toEqual([{ n: 1 }]);
});

test('rows of several entities in one request, in their order', async () => {
  const order = await device.row('orders', 20);
  const note = randomUUID();
  const body = {
    rows: [
      { entity: 'notes', newDocumentState: { id: note, body: 'with it' } },
      { entity: 'orders', newDocumentState: { ...order, title: 'batch' }, assumedMasterState: order },
      { entity: 'nothing', newDocumentState: { id: '1' } },
      { entity: 'orders', newDocumentState: { ...order, secret: 'x' }, assumedMasterState: order },
    ],
  };
  const answer = await eventually(async () => {
    const got = await device.ask('POST', '/v1/sync/push', { body });
    return isPending(got) ? null : got;
  }, 'it is decided');
  const reply = JSON.parse(answer.text);
  expect(reply.results).toMatchObject([
    { entity: 'notes', id: note, status: 'applied' },
    { entity: 'orders', id: '20', status: 'applied' },
    { entity: 'nothing', id: '1', status: 'rejected', problem: { code: 'ENTITY_UNKNOWN' } },
    { entity: 'orders', id: '20', status: 'rejected', problem: { code: 'NOT_ALLOWED' } },
  ]);
  expect(Object.keys(reply.conflicts).sort()).toEqual(['nothing', 'orders']);
  expect(answer.text).not.toContain('canary');
});

test('more rows than are allowed, entities that there are not, keys that are none', async () => {
  const rows = Array.from({ length: 501 }, () => ({}));
  const refused = [
    await device.ask('POST', '/v1/sync/orders/push', { body: { rows } }),
    await device.ask('POST', '/v1/sync/nothing/push', { body: { rows: [] } }),
    await device.ask('POST', '/v1/sync/orders/push', {
      body: { rows: [] },
      headers: { 'idempotency-key': 'a b' },
    }),
    await device.ask('POST', '/v1/sync/orders/push', { body: { rows: 'none' } }),
  ];
  expect(refused.map(({ status, text }) => [status, JSON.parse(text).code])).toEqual([
    [413, 'BODY_TOO_LARGE'],
    [404, 'NOT_FOUND'],
    [400, 'REQUEST_INVALID'],
    [400, 'REQUEST_INVALID'],
  ]);
});

test('rows out of sight are as if they were not: neither told of, nor written, nor taken away', async () => {
  const american = await testDevice(world, { user: 'bob', claims: { regions: ['US'] } });
  const own = await american.row('regional', 31);
  const guessed = { id: '32', rev: own.rev, title: 'guessed', region: 'US' };
  const never = { id: '999', rev: own.rev, title: 'guessed', region: 'US' };
  const { results, conflicts } = await american.push('regional', [
    { newDocumentState: { ...own, title: 'own' }, assumedMasterState: own },
    { newDocumentState: { ...guessed, title: 'x' }, assumedMasterState: guessed },
    { newDocumentState: { ...never, title: 'x' }, assumedMasterState: never },
    { newDocumentState: { id: randomUUID(), title: 'new', region: 'EU' } },
    { newDocumentState: { id: randomUUID(), title: 'new', region: 'US' } },
  ]);
  expect(results.map(({ status }) => status)).toEqual([
    'applied',
    'conflict',
    'conflict',
    'rejected',
    'applied',
  ]);
  const [foreign, unknown] = conflicts;
  expect({ ...foreign, id: '' }).toEqual({ ...unknown, id: '' });
  const moved = await american.row('regional', 31);
  const away = await american.push('regional', [
    { newDocumentState: { ...moved, region: 'EU' }, assumedMasterState: moved },
    { newDocumentState: { ...guessed, _deleted: true }, assumedMasterState: guessed },
  ]);
  expect(away.results).toMatchObject([
    { status: 'rejected', problem: { code: 'NOT_ALLOWED' } },
    { status: 'applied', rev: null },
  ]);
  expect(await orderInSource(world, 32)).toMatchObject({ title: 'order 32', region: 'EU' });
});

test('verdicts that are late: 503, and the same request gets them later, from another gateway as well', async () => {
  const gateway = await startTestGateway(world, {
    ...world.gateway.deps,
    settings: { ...world.gateway.deps.settings, verdictWaitMs: 1 },
  });
  try {
    const hasty = await testDevice({ gateway }, { user: 'carl', device: 'carls' });
    const rows = [{ newDocumentState: { id: randomUUID(), body: 'later' } }];
    const headers = { 'idempotency-key': 'k-1' };
    const first = await hasty.ask('POST', '/v1/sync/notes/push', { body: { rows }, headers });
    expect([first.status, JSON.parse(first.text).code]).toEqual([503, 'UPLOAD_PENDING']);
    expect(Number(first.headers.get('retry-after'))).toBeGreaterThan(0);
    const patient = await testDevice(world, { user: 'carl', device: 'carls' });
    expect((await patient.push('notes', rows, 'k-1')).results).toMatchObject([{ status: 'applied' }]);
    const [again, other] = await Promise.all(
      [hasty, patient].map((one) => one.ask('POST', '/v1/sync/notes/push', { body: { rows }, headers })),
    );
    expect(again).toMatchObject({ status: 200, text: other?.text });
  } finally {
    await gateway.stop();
  }
});

test('a gateway that dies while a push waits for its verdicts: another one has them, and nothing is done twice', async () => {
  const dying = await startGatewayProcess({
    config: world.configPath,
    environment: world.environment,
  });
  const [there, here] = [
    await testDevice({ gateway: dying }, { user: 'dora', device: 'doras' }),
    await testDevice(world, { user: 'dora', device: 'doras' }),
  ];
  const before = await here.row('orders', 45);
  const made = { id: 'made-by-dora', title: 'made by dora' };
  const body = {
    rows: [
      { newDocumentState: { ...before, qty: Number(before.qty) + 5 }, assumedMasterState: before },
      { newDocumentState: made },
    ],
  };
  const headers = { 'idempotency-key': 'dora-1' };
  // The write waits for the row.
  const holder = await world.source.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM shop.orders WHERE id = 45 FOR UPDATE');
  const lost = expect(there.ask('POST', '/v1/sync/orders/push', { body, headers })).rejects.toThrow();
  await eventually(async () => {
    const { rowCount } = await world.source.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rowCount === 1;
  }, 'the write waits');
  await dying.kill();
  await lost;
  await holder.query('COMMIT');
  holder.release();
  const { results } = await here.push('orders', body.rows, 'dora-1');
  expect(results).toMatchObject([
    { id: '45', status: 'applied' },
    { id: made.id, status: 'applied' },
  ]);
  const [one, two] = [
    await here.ask('POST', '/v1/sync/orders/push', { body, headers }),
    await here.ask('POST', '/v1/sync/orders/push', { body, headers }),
  ];
  expect(JSON.parse(one.text)).toMatchObject({ results });
  expect(two.text).toBe(one.text);
  expect(await orderInSource(world, 45)).toMatchObject({ qty: Number(before.qty) + 5 });
  const { rows } = await world.source.query('SELECT id FROM shop.orders WHERE title = $1', [made.title]);
  expect(rows).toHaveLength(1);
});
