/** A login that Oracle refuses stops the source for all workers: attempts lock accounts. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type OracleSimulator, startOracleSimulator } from '../../dev/oracle-simulator/start.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { withSource } from '../../src/activities/source-access.ts';
import type { Source } from '../../src/connectors/contract.ts';
import { isSyncError } from '../../src/domain/errors.ts';
import { openOracle } from '../connectors/oracle/oracle-kit.ts';
import { all, openTestStore, type TestStore } from '../store/load-kit.ts';
import { type FreshDatabase, freshDatabase, sourceServer } from '../support/servers.ts';
import { startProxy, type Proxy as TcpProxy } from '../support/tcp-proxy.ts';
import { depsOf, entityOf } from './kit.ts';

const OWNER = { name: 'SYNC', password: 'Sync-1234' };
const LANES = 6;

let at: TestStore;
let database: FreshDatabase;
let simulator: OracleSimulator;
/** Each logon is a connection through it. */
let proxy: TcpProxy;
const proxies: TcpProxy[] = [];
const sources: Source[] = [];

beforeAll(async () => {
  at = await openTestStore('refused_login');
  database = await freshDatabase(await sourceServer(), 'oracle', { collation: 'C' });
  simulator = await startOracleSimulator({ postgresUrl: database.url, users: [OWNER] });
});
beforeEach(async () => {
  await at.store.pool.query('DELETE FROM syncline.source_state');
  proxy = await startProxy({ host: '127.0.0.1', port: simulator.port });
  proxies.push(proxy);
});
afterAll(async () => {
  await Promise.all(sources.map((source) => source.close()));
  await Promise.all(proxies.map((each) => each.close()));
  await simulator.stop();
  await database.drop();
  await at.drop();
});

/** A worker with a pool of its own. */
function worker(workerId: string, password: string): ActivityDeps {
  const source = openOracle({
    connectString: `127.0.0.1:${proxy.port}/FREEPDB1`,
    user: OWNER.name,
    password,
    pool: { min: 2, max: LANES, increment: 2 },
  });
  sources.push(source);
  const kit = depsOf(at.store, [entityOf('sales')], { workerId, concurrency: 2 * LANES });
  return { ...kit, sources: { shop: source } };
}

const ask = (deps: ActivityDeps): Promise<unknown> =>
  withSource(
    deps,
    { ref: { pipeline: 'pos', runId: 'run-1' }, signal: new AbortController().signal },
    (source) => source.identity(new AbortController().signal),
  );

async function codes(work: readonly Promise<unknown>[]): Promise<string[]> {
  const ends = await Promise.allSettled(work);
  return ends.map((end) =>
    end.status === 'fulfilled' ? 'worked' : isSyncError(end.reason) ? end.reason.code : 'unknown',
  );
}

const lanes = (...workers: ActivityDeps[]) =>
  workers.flatMap((deps) => Array.from({ length: LANES }, () => ask(deps)));

const pass = (ms: number) =>
  at.store.pool.query(
    `UPDATE syncline.source_state SET last_failure_at = last_failure_at - $1 * interval '1 ms',
                                      open_until = open_until - $1 * interval '1 ms'`,
    [ms],
  );

test('a wrong password is tried once by each worker that was at it, and then by nobody', async () => {
  const workers = [worker('a', 'not-it'), worker('b', 'not-it')] as const;
  expect(new Set(await codes(lanes(...workers)))).toEqual(new Set(['SOURCE_AUTH']));
  const tried = proxy.connections();
  expect(tried).toBeLessThanOrEqual(workers.length);
  // Activities that Temporal starts anew, and workers that come later.
  for (let round = 0; round < 5; round++) await codes(lanes(...workers, worker(`c${round}`, 'not-it')));
  expect(proxy.connections()).toBe(tried);
  expect(
    await all(at.store, `SELECT failures, last_error->>'code' AS code FROM syncline.source_state`),
  ).toEqual([{ failures: 1, code: 'SOURCE_AUTH' }]);
});

test('a locked account is tried by one probe, for all, after a minute; then everybody works again', async () => {
  simulator.faults.add({ when: { at: 'logon' }, fault: { do: 'error', number: 28000 }, times: 2 });
  const first = worker('a', OWNER.password);
  expect(new Set(await codes(lanes(first)))).toEqual(new Set(['SOURCE_AUTH']));
  expect(proxy.connections()).toBe(1);

  const fresh = [worker('b', OWNER.password), worker('c', OWNER.password)] as const;
  await pass(61_000);
  const probed = await codes(lanes(...fresh));
  expect(probed.filter((code) => code === 'SOURCE_AUTH').length).toBeGreaterThanOrEqual(1);
  expect(probed.filter((code) => !['SOURCE_AUTH', 'SOURCE_CIRCUIT_OPEN'].includes(code))).toEqual([]);
  expect(proxy.connections()).toBe(2);

  // Still closed a minute later: the pause is two minutes now.
  await pass(61_000);
  expect(new Set(await codes(lanes(...fresh)))).toEqual(new Set(['SOURCE_AUTH']));
  expect(proxy.connections()).toBe(2);

  await pass(61_000);
  const later = worker('d', OWNER.password);
  await ask(later);
  expect(new Set(await codes(lanes(later, worker('e', OWNER.password))))).toEqual(new Set(['worked']));
  expect(await all(at.store, 'SELECT failures FROM syncline.source_state')).toEqual([{ failures: 0 }]);
});

test('a probe logs on anew: sessions that are open go on working when the password was changed', async () => {
  const working = worker('a', OWNER.password);
  await ask(working);
  expect(await codes([ask(worker('b', 'not-it'))])).toEqual(['SOURCE_AUTH']);
  expect(await codes([ask(working)])).toEqual(['SOURCE_AUTH']);
  await pass(61_000);
  simulator.faults.add({ when: { at: 'logon' }, fault: { do: 'error', number: 1017 } });
  expect(await codes([ask(working)])).toEqual(['SOURCE_AUTH']);
  expect((await all(at.store, 'SELECT failures FROM syncline.source_state'))[0]).toEqual({ failures: 2 });
});
