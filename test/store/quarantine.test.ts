/** What people read and decide about rows that were set aside; loads and C24 are tested with the load. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Reject } from '../../src/domain/entity.ts';
import {
  countQuarantined,
  dropQuarantine,
  listQuarantine,
  retryQuarantine,
  showQuarantine,
} from '../../src/store/quarantine.ts';
import { quarantineRows } from '../../src/store/quarantine-rows.ts';
import { all, openTestStore, type TestStore } from './load-kit.ts';

let at: TestStore;
beforeAll(async () => {
  at = await openTestStore('quarantine');
});
afterAll(() => at.drop());
beforeEach(async () => {
  await at.store.pool.query('TRUNCATE syncline.quarantine, syncline.refresh');
});

const reject = (key: string | null, more: Partial<Reject> = {}): Reject => ({
  key,
  reason: key === null ? 'UNREADABLE_KEY' : 'VALIDATION',
  severity: 'error',
  detail: 'amount is below 0',
  payload: { id: key, amount: '-100' },
  ...more,
});

const setAside = (entity: string, rejects: readonly Reject[], runId = 'run-1') =>
  quarantineRows(at.store.pool, { entity, pipeline: 'pos', runId, fence: 1, configHash: 'x' }, rejects);

test('one entry for a key: a row that fails again counts up, with the last reason', async () => {
  await setAside('sales', [reject('7')]);
  await setAside('sales', [reject('7', { reason: 'CONSTRAINT', severity: 'critical' })], 'run-2');
  const entries = await listQuarantine(at.store.pool, { limit: 10 });
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({
    key: '7',
    pipeline: 'pos',
    reason: 'CONSTRAINT',
    severity: 'critical',
    runId: 'run-2',
    occurrences: 2,
  });
  expect(entries[0]).not.toHaveProperty('payload');
});

test('the list is of one entity when asked, the newest first, and bounded', async () => {
  await setAside('sales', [reject('1')]);
  await setAside('sales', [reject('2')]);
  await setAside('staff', [reject('3')]);
  const keys = async (filter: Parameters<typeof listQuarantine>[1]) =>
    (await listQuarantine(at.store.pool, filter)).map(({ key }) => key);
  expect(await keys({ limit: 10 })).toEqual(['3', '2', '1']);
  expect(await keys({ entity: 'sales', limit: 10 })).toEqual(['2', '1']);
  expect(await keys({ limit: 1 })).toEqual(['3']);
  expect(await countQuarantined(at.store.pool, 'sales')).toBe(2);
});

test('one entry is shown with its row', async () => {
  await setAside('sales', [reject('7')]);
  expect(await showQuarantine(at.store.pool, { entity: 'sales', key: '7' })).toMatchObject({
    payload: { id: '7', amount: '-100' },
  });
  expect(await showQuarantine(at.store.pool, { entity: 'staff', key: '7' })).toBeNull();
});

test('drop forgets what it is told, of the entity it is told', async () => {
  await setAside('sales', [reject('1'), reject('2'), reject('3')]);
  await setAside('staff', [reject('1')]);
  expect(await dropQuarantine(at.store.pool, { entity: 'sales', keys: ['1', 'unknown'] })).toBe(1);
  expect(await dropQuarantine(at.store.pool, { entity: 'sales', keys: [] })).toBe(0);
  expect(await dropQuarantine(at.store.pool, { entity: 'sales', keys: null })).toBe(2);
  expect(await countQuarantined(at.store.pool, 'staff')).toBe(1);
});

test('retry lists the keys to be read again and keeps the entries; a row without a key cannot be asked for', async () => {
  await setAside('sales', [reject('1'), reject('2'), reject(null)]);
  const listed = () => all(at.store, 'SELECT entity, key, reason FROM syncline.refresh ORDER BY key');
  expect(await retryQuarantine(at.store.pool, { entity: 'sales', keys: ['2', 'unknown'] })).toBe(1);
  expect(await listed()).toEqual([{ entity: 'sales', key: '2', reason: 'quarantine' }]);
  expect(await retryQuarantine(at.store.pool, { entity: 'sales', keys: null })).toBe(2);
  expect(await listed()).toHaveLength(2);
  expect(await countQuarantined(at.store.pool, 'sales')).toBe(3);
});
