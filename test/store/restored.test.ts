/** C8: the rows of a store in another cluster, as a dump and a restore leave them there. */
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EntityPlan } from '../../src/domain/entity.ts';
import { decodeCursor, encodeCursor } from '../../src/store/feed-cursor.ts';
import { feedEntity } from '../../src/store/feed-entity.ts';
import { buildFeedIndex } from '../../src/store/feed-index.ts';
import { assertStoreReady, migrate } from '../../src/store/migrate.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { rewriteVersions } from '../../src/store/restored.ts';
import { freshDatabase, type OwnCluster, ownCluster } from '../support/servers.ts';
import { feedMirror, feedPlan, pullAll, reader, TO_SOURCE, write } from './feed-kit.ts';
import { openTestStore, type TestStore } from './load-kit.ts';

let before: TestStore;
let cluster: OwnCluster;
let after: Store;
beforeAll(async () => {
  [before, cluster] = await Promise.all([openTestStore('restored'), ownCluster()]);
  const database = await freshDatabase(cluster, 'restored');
  after = await openStore({ url: database.url, poolMax: 4, applicationName: 'test' });
});
afterAll(async () => {
  await Promise.all([before?.drop(), after?.close()]);
  await cluster?.remove();
});

const plan = feedPlan({
  entity: 'parts',
  columns: { id: 'integer', name: 'text', region: 'text' },
  feed: { partitions: { region: 'regions' } },
  upload: TO_SOURCE,
});
/** A second spec object, so that nothing that is remembered of the first holds for the other store. */
const moved: EntityPlan = { ...plan, spec: { ...plan.spec } };

/** What pg_dump and pg_restore do: tables first, then their rows, then their indexes. */
async function restore(): Promise<void> {
  await migrate(after);
  await ensureMirror(after.pool, moved, { onDrift: 'apply' });
  const source = new pg.Client({ connectionString: before.url });
  const target = await after.pool.connect();
  await source.connect();
  await target.query("SET session_replication_role = 'replica'; DELETE FROM syncline.store_identity");
  for (const table of [
    'syncline.store_identity',
    'syncline.checkpoint',
    'syncline.feed_exit',
    'syncline.feed_floor',
    'public.parts',
  ]) {
    await pipeline(
      source.query(copyTo(`COPY ${table} TO STDOUT`)),
      target.query(copyFrom(`COPY ${table} FROM STDIN`)),
    );
  }
  target.release(true);
  await source.end();
  await buildFeedIndex(after.pool, moved);
}

test('nobody is served from restored rows before they have new versions; then everybody fetches all', async () => {
  const entity = await feedMirror(before.store, plan);
  await write(
    before.store,
    `INSERT INTO parts (id, name, region) SELECT n, 'part ' || n, 'EU' FROM generate_series(1, 100) AS n`,
  );
  await write(
    before.store,
    `UPDATE parts SET name = 'renamed', sync_xid = pg_current_xact_id(),
       sync_fields = jsonb_build_object('*', jsonb_build_object('x', '5'), 'name', jsonb_build_object('x', '7', 'h', 'clock')) WHERE id = 1`,
    `UPDATE parts SET sync_deleted_at = now(), sync_xid = pg_current_xact_id() WHERE id = 2`,
  );
  const device = reader();
  await pullAll(before.store.pool, entity, { reader: device });
  const old = await encodeCursor(before.store.pool, { entity: 'parts', position: device.position as never });
  const revBefore = device.held.get('1')?.rev as string;

  await restore();
  const notReady = { code: 'STORE_NOT_READY', remedy: expect.stringContaining('syncline restored --yes') };
  await expect(assertStoreReady(after)).rejects.toMatchObject(notReady);
  await expect(feedEntity(after.pool, moved.spec)).rejects.toMatchObject(notReady);
  // A login that may not ask which cluster it is finds versions of the future.
  await after.pool.query('UPDATE syncline.store_identity SET system_id = NULL');
  await expect(feedEntity(after.pool, moved.spec)).rejects.toMatchObject(notReady);

  const told: string[] = [];
  const rewritten = await rewriteVersions(after, ({ table, rows }) => told.push(`${table} ${rows}`));
  expect(rewritten).toMatchObject({ mirrors: 1, incarnation: 2 });
  expect(told).toEqual([`public.parts ${rewritten.rows}`]);
  await assertStoreReady(after);
  const served = await feedEntity(after.pool, moved.spec);

  const position = await decodeCursor(after.pool, { entity: 'parts', cursor: old });
  await expect(pullAll(after.pool, served, { reader: { ...device, position } })).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
  });
  const again = reader();
  await pullAll(after.pool, served, { reader: again, limit: 30 });
  expect(again.held.size).toBe(99);
  expect(again.held.get('1')).toMatchObject({ name: 'renamed' });
  expect(again.held.get('1')?.rev).toMatch(/^2\./);
  expect(revBefore).toMatch(/^1\./);

  const { rows } = await after.pool.query(
    `SELECT sync_xid::text AS xid, sync_fields AS fields FROM parts WHERE id = 1`,
  );
  expect(rows[0].fields).toEqual({ '*': { x: rows[0].xid }, name: { x: rows[0].xid, h: 'clock' } });
});

test('what is interrupted is done again; two do not do it at once', async () => {
  await after.pool.query('UPDATE syncline.store_identity SET rewriting_since = clock_timestamp()');
  await expect(assertStoreReady(after)).rejects.toMatchObject({ code: 'STORE_NOT_READY' });
  const both = await Promise.allSettled([rewriteVersions(after), rewriteVersions(after)]);
  const done = both.filter(({ status }) => status === 'fulfilled').length;
  const { rows } = await after.pool.query('SELECT incarnation FROM syncline.store_identity');
  expect(done).toBeGreaterThanOrEqual(1);
  expect(rows[0]).toEqual({ incarnation: 2 + done });
  await assertStoreReady(after);
});
