/** Thousands of requests of people who mean no good: none is executed, none brings the gateway down, none gets a secret. */
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GatewaySettings } from '../../src/domain/access/gateway-settings.ts';
import { createLogger } from '../../src/logging.ts';
import { countOr } from '../campaign/counts.ts';
import { type HostileReply, sendAll } from './hostile-client.ts';
import { type ApiDocument, type HostileRequest, hostileRequests } from './hostile-requests.ts';
import { INJECTED } from './hostile-texts.ts';
import { type RunningGateway, registered, SECRET, startTestGateway, tokenOf } from './kit.ts';
import { type PushWorld, pushWorld } from './push-kit.ts';

/** All there are, in the campaign; every test run takes some of each call. */
const COUNT = countOr(2_400, 'CAMPAIGN_HOSTILE');
const MAX_BYTES = 64 * 1_024;
/** In a column that the callers may not read. */
const HIDDEN = 'canary';

let world: PushWorld;
let gateway: RunningGateway;
const logged: Buffer[] = [];

beforeAll(async () => {
  world = await pushWorld('gateway_hostile');
  await world.store.pool.query(INJECTED.ddl);
  await world.source.query(INJECTED.ddl);
  const lines = new PassThrough();
  lines.on('data', (part: Buffer) => logged.push(part));
  const often = { requests: 1_000_000, windowMs: 60_000 };
  const settings = {
    ...(world.config.gateway as GatewaySettings),
    maxBodyBytes: MAX_BYTES,
    verdictWaitMs: 60_000,
    limits: { address: often, device: often, sourceReads: often },
  };
  gateway = await startTestGateway(world, {
    settings,
    logger: createLogger({ level: 'debug', destination: lines }),
  });
});
afterAll(async () => {
  await gateway?.stop();
  await world?.gateway.stop();
  await world?.close();
});

function spread(all: readonly HostileRequest[]): HostileRequest[] {
  const step = Math.max(1, all.length / COUNT);
  return Array.from(
    { length: Math.min(COUNT, all.length) },
    (_, at) => all[Math.floor(at * step)] as HostileRequest,
  );
}

/** What went wrong, each kind once and with how often. */
function tally(replies: readonly HostileReply[]): string[] {
  const kinds = new Map<string, number>();
  for (const { asked, status, text } of replies) {
    const kind = `${status} ${asked.name} ${text.slice(0, 300)}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, count]) => `${count} × ${kind}`);
}

test('two gateways side by side: a push to both is done once, a cursor of one is good at the other', async () => {
  const [one, two] = [world.gateway, gateway];
  const token = await tokenOf({ user: 'anna', device: 'anna-tablet' });
  await registered(one, token);
  const ask = async (at: RunningGateway, path: string, more: RequestInit = {}): Promise<[number, string]> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more.headers };
    const reply = await fetch(`${at.url}${path}`, { ...more, headers });
    return [reply.status, await reply.text()];
  };
  const push = (at: RunningGateway): Promise<[number, string]> =>
    ask(at, '/v1/sync/orders/push', {
      method: 'POST',
      headers: { 'idempotency-key': '0d9f8a52-94be-4f9c-9f0e-9d2c2b6f3a11' },
      body: JSON.stringify({ rows: [{ newDocumentState: { id: 'offline-1', title: 'made once' } }] }),
    });
  // A push that the other one is still working on may be answered by 503.
  const twice = await Promise.all([push(one), push(two)]);
  const [first, second] = [await push(one), await push(two)];
  expect(first).toEqual(second);
  expect(first[0]).toBe(200);
  for (const [status, text] of twice) if (status === 200) expect(text).toBe(first[1]);
  const made = await world.source.query(
    `SELECT count(*)::int AS count FROM shop.orders WHERE title = 'made once'`,
  );
  expect(made.rows).toEqual([{ count: 1 }]);

  type Page = { documents: { id: string }[]; checkpoint: { cursor: string }; hasMore: boolean };
  const ids: string[] = [];
  let [cursor, hasMore] = ['', true];
  for (let at = 0; hasMore; at += 1) {
    const from = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const [status, text] = await ask(at % 2 === 0 ? one : two, `/v1/sync/orders/pull?limit=10${from}`);
    expect(status).toBe(200);
    const page = JSON.parse(text) as Page;
    ids.push(...page.documents.map(({ id }) => id));
    [cursor, hasMore] = [page.checkpoint.cursor, page.hasMore];
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(60);
});

/** Of all workflows of this world, payloads decoded. */
async function textOfHistories(): Promise<string> {
  const { client, config } = world;
  const texts: string[] = [];
  const query = `TaskQueue = ${JSON.stringify(config.temporal.taskQueue)}`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    texts.push(
      JSON.stringify(history, (_name, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
      ),
    );
  }
  expect(texts.join()).toContain('mallory-phone');
  return texts.join('\n');
}

test('hostile requests of every call are refused or served, never executed', {
  timeout: 120_000,
}, async () => {
  const [token, adminToken] = await Promise.all([
    tokenOf({ user: 'mallory', device: 'mallory-phone', roles: ['device', 'approver', 'operator'] }),
    tokenOf({ user: 'trudy', roles: ['admin'] }),
  ]);
  await registered(gateway, token);
  const document = gateway.app.swagger() as unknown as ApiDocument;
  const requests = spread(
    hostileRequests({
      document,
      good: { entity: 'orders', key: '1', id: '1', name: 'gateway_hostile', pipeline: 'gateway_hostile' },
      maxBodyBytes: MAX_BYTES,
    }),
  );
  expect(requests.length).toBeGreaterThanOrEqual(Math.min(COUNT, 2_000));

  const isForAdmins = ({ roles }: HostileRequest): boolean => roles.length === 1 && roles[0] === 'admin';
  const send = (some: HostileRequest[], as: string): Promise<HostileReply[]> =>
    sendAll(gateway.url, some, { authorization: `Bearer ${as}` });
  const replies = [
    ...(await send(requests.filter(isForAdmins), adminToken)),
    ...(await send(
      requests.filter((request) => !isForAdmins(request)),
      token,
    )),
  ];

  expect(tally(replies.filter(({ status }) => status >= 500))).toEqual([]);
  const refused = replies.filter(({ status }) => status >= 400);
  expect(refused.length).toBeGreaterThan(replies.length / 3);
  const odd = refused.filter(({ type, text, status }) => {
    if (!type.startsWith('application/problem+json')) return true;
    const problem = JSON.parse(text) as { status: number; code: string; detail: string };
    return problem.status !== status || !/^[A-Z_]+$/.test(problem.code) || problem.detail === '';
  });
  expect(tally(odd)).toEqual([]);

  for (const db of [world.store.pool, world.source]) {
    expect((await db.query(INJECTED.count)).rows).toEqual([{ count: 0 }]);
    expect((await db.query('SELECT count(*)::int > 50 AS there FROM shop.orders')).rows).toEqual([
      { there: true },
    ]);
  }
  expect((await fetch(`${gateway.url}/v1/ready`)).status).toBe(200);
  expect('polluted' in {}).toBe(false);

  const password = new URL(world.environment.DATABASE_URL as string).password;
  const secrets = [SECRET, token, adminToken, HIDDEN, ...(password === '' ? [] : [password])];
  const log = Buffer.concat(logged).toString();
  for (const secret of secrets) {
    expect(log.includes(secret), `the log has ${secret}`).toBe(false);
    expect(tally(replies.filter(({ text }) => text.includes(secret)))).toEqual([]);
  }
  // Where our code stands is nobody's business either.
  expect(tally(replies.filter(({ text }) => /\bat .*\.(ts|js):\d+/.test(text)))).toEqual([]);
  expect(log).not.toContain('SELECT public.hit');
  const histories = await textOfHistories();
  for (const secret of [...secrets, 'public.hit']) expect(histories).not.toContain(secret);
});
