/** Beneath the gateway: PostgreSQL shows its login the rows in scope, whatever a statement forgets to ask for. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkReader } from '../../src/cli/check-reader.ts';
import { EVERYTHING } from '../../src/domain/access/scope.ts';
import type { SyncConfig } from '../../src/domain/config.ts';
import { entitiesOf } from '../../src/service/names.ts';
import { readDocuments } from '../../src/store/feed-document.ts';
import { feedEntity } from '../../src/store/feed-entity.ts';
import { readFeedPage } from '../../src/store/feed-page.ts';
import { readerFacts, setUpReader } from '../../src/store/reader-setup.ts';
import { withScope, withWiderScope } from '../../src/store/scope-session.ts';
import { createWorld, runPipeline, type World } from '../e2e/world.ts';
import { AUTH, gatewayEnvironment, openReader, type Reader } from './kit.ts';

let world: World;
let reader: Reader;

const entities = (config: SyncConfig) => entitiesOf(config);

beforeAll(async () => {
  world = await createWorld('row_security', {
    source: `CREATE TABLE public.item (id bigint PRIMARY KEY, region text, level text, price numeric);
      INSERT INTO public.item VALUES (1, 'US', 'low', 1), (2, 'US', 'high', 2), (3, 'DE', 'low', 3), (4, NULL, 'low', 4);
      CREATE TABLE public.open_item (id bigint PRIMARY KEY);
      INSERT INTO public.open_item VALUES (1), (2)`,
    pipelines: `{ row_security: { source: 'shop', entities: {
      item: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.item',
        feed: { partitions: { region: 'region', level: 'level' } } },
      open_item: { read: { table: 'public.open_item' }, key: 'id', mirror: 'shop.open_item', feed: true } } } },
      gateway: { auth: ${AUTH}, store: { url: env('READER_URL') },
        partitions: { region: { claim: 'regions' }, level: { claim: 'level', levels: ['low', 'high'] } } }`,
    environment: gatewayEnvironment,
  });
  await world.startWorker();
  await runPipeline(world, 'row_security');
  reader = await openReader(world);
});
afterAll(async () => {
  await reader?.close();
  await world?.close();
});

const COUNT = 'SELECT count(*)::int AS n FROM shop.item';

async function seen(partitions: Record<string, string[]>, sql = 'SELECT id FROM shop.item ORDER BY id') {
  const readable = [{ entity: 'item', scope: { partitions } }];
  return withScope(reader.store, { readable }, async (client) => {
    const { rows } = await client.query<{ id: number }>(sql);
    return rows.map(({ id }) => id);
  });
}

test('shows nothing of a partitioned mirror without a scope, and after one has ended', async () => {
  expect((await reader.store.pool.query(COUNT)).rows).toEqual([{ n: 0 }]);
  expect(await seen({ region: ['US'], level: ['low'] })).toEqual([1]);
  // The setting is empty now, not gone.
  const [one, two] = await Promise.all([reader.store.pool.connect(), reader.store.pool.connect()]);
  try {
    for (const client of [one, two]) expect((await client.query(COUNT)).rows).toEqual([{ n: 0 }]);
  } finally {
    for (const client of [one, two]) client.release();
  }
});

test('shows the rows in scope: all columns have to fit, and NULL fits nobody', async () => {
  expect(await seen({ region: ['US'], level: ['low', 'high'] })).toEqual([1, 2]);
  expect(await seen({ region: ['US', 'DE'], level: ['low'] })).toEqual([1, 3]);
  expect(await seen({ region: [], level: ['low'] })).toEqual([]);
  expect(await seen({ region: ["US' OR true --", '{US}', 'US,DE'], level: ['low'] })).toEqual([]);
  expect(await seen(EVERYTHING.partitions as Record<string, string[]>)).toEqual([1, 2, 3, 4]);
});

test('holds whatever the statement says', async () => {
  const scope = { region: ['DE'], level: ['low', 'high'] };
  expect(await seen(scope, `SELECT id FROM shop.item WHERE region = 'US' OR true`)).toEqual([3]);
  expect(
    await seen(
      scope,
      `SELECT a.id FROM shop.open_item AS o JOIN shop.item AS a ON true OR a.id = o.id GROUP BY 1`,
    ),
  ).toEqual([3]);
  // A scope of one entity is none of another.
  const readable = [{ entity: 'open_item', scope: { partitions: {} } }];
  const none = await withScope(reader.store, { readable }, (client) => client.query(COUNT));
  expect(none.rows).toEqual([{ n: 0 }]);
});

test('shows more within a part of the transaction that says so', async () => {
  const readable = [{ entity: 'item', scope: { partitions: { region: ['DE'], level: ['low'] } } }];
  const counts = await withScope(reader.store, { readable }, async (client) => {
    const count = async () => (await client.query<{ n: number }>(COUNT)).rows[0]?.n;
    const scopes = [
      { region: ['DE'], level: ['low'] },
      { region: ['US'], level: ['low'] },
    ];
    const narrow = await count();
    const wide = await withWiderScope(client, { entity: 'item', scopes }, count);
    const open = await withWiderScope(client, { entity: 'item', scopes: [...scopes, {}] }, count);
    return [narrow, wide, open, await count()];
  });
  expect(counts).toEqual([1, 2, 4, 1]);
});

test('lets the login read, and write nothing of mirrors or of what is the workers’', async () => {
  for (const sql of [
    `UPDATE shop.item SET price = 0`,
    'DELETE FROM shop.item',
    `INSERT INTO shop.item (id) VALUES (9)`,
    'ALTER TABLE shop.item DISABLE ROW LEVEL SECURITY',
    'DROP POLICY sync_scope_others ON shop.item',
    'UPDATE syncline.store_identity SET incarnation = 2',
    `UPDATE syncline.conflict SET state = 'closed'`,
    'DELETE FROM syncline.mutation',
    'CREATE TABLE syncline.more (id int)',
  ]) {
    await expect(reader.store.pool.query(sql), sql).rejects.toMatchObject({ code: '42501' });
  }
  const facts = await readerFacts(world.store, { login: reader.login, entities: entities(world.config) });
  expect(facts).toEqual({ bypasses: false, owns: [], lacksStore: false });
});

test('leaves the owner, and logins that were granted the mirror, as they were', async () => {
  expect((await world.store.pool.query(COUNT)).rows).toEqual([{ n: 4 }]);
  const analyst = `${reader.login}_analyst`;
  const { pool } = world.store;
  await pool.query(
    `CREATE ROLE ${analyst}; GRANT USAGE ON SCHEMA shop TO ${analyst}; GRANT SELECT ON shop.item TO ${analyst}`,
  );
  const client = await pool.connect();
  try {
    await client.query(`SET ROLE ${analyst}`);
    expect((await client.query(COUNT)).rows).toEqual([{ n: 4 }]);
    await client.query('RESET ROLE');
  } finally {
    client.release();
    await pool.query(`DROP OWNED BY ${analyst}; DROP ROLE ${analyst}`);
  }
});

test('is set up once: neither a further run nor a further init changes anything', async () => {
  const version = `SELECT (SELECT array_agg(p.oid::text || p.xmin::text) FROM pg_policy AS p) AS policies,
    (SELECT array_agg(c.relacl::text) FROM pg_class AS c WHERE c.relname = 'item') AS rights`;
  const before = (await world.store.pool.query(version)).rows;
  await runPipeline(world, 'row_security');
  await setUpReader(world.store, { login: reader.login, entities: entities(world.config) });
  expect((await world.store.pool.query(version)).rows).toEqual(before);
});

test('says what to do where the login is missing', async () => {
  const entitiesNow = entities(world.config).map((spec) => ({ ...spec, reader: 'nobody_yet' }));
  expect(await setUpReader(world.store, { login: 'nobody_yet', entities: entitiesNow })).toMatchObject({
    state: 'missing',
    sql: expect.stringMatching(/^CREATE ROLE "nobody_yet" LOGIN/),
  });
});

test('is looked at by check', async () => {
  const { config, store } = world;
  const found = async (changed: SyncConfig = config) =>
    (await checkReader(changed)).map(({ level, message }) => `${level}: ${message}`);
  expect(await found()).toEqual([`ok: reads as ${reader.login}`]);
  await store.pool.query(
    `GRANT ALL ON SCHEMA shop TO ${reader.login}; ALTER TABLE shop.item OWNER TO ${reader.login}`,
  );
  expect(await found()).toEqual([
    `degraded: ${reader.login} owns shop.item: row level security does not hold for it`,
  ]);
  await store.pool.query(`ALTER TABLE shop.item OWNER TO CURRENT_USER`);
  await store.pool.query(`REVOKE INSERT ON syncline.mutation FROM ${reader.login}`);
  expect(await found()).toEqual([`error: ${reader.login} may not read the store's tables`]);
  await setUpReader(store, { login: reader.login, entities: entities(config) });
  expect(await found()).toEqual([`ok: reads as ${reader.login}`]);
  await store.pool.query('ALTER TABLE shop.item ALTER COLUMN id TYPE numeric');
  expect(await found()).toEqual([
    `ok: reads as ${reader.login}`,
    "advice: id of item is numeric, which no index finds beneath row level security: devices' reads look at every row",
  ]);
  await store.pool.query('ALTER TABLE shop.item ALTER COLUMN id TYPE bigint');
  const gateway = config.gateway && { ...config.gateway, store: null };
  const pipelines = Object.fromEntries(
    Object.entries(config.pipelines).map(([name, pipeline]) => [
      name,
      { ...pipeline, entities: withoutReader(pipeline.entities) },
    ]),
  );
  expect(await found({ ...config, gateway, pipelines })).toEqual([
    'advice: has no login of its own, so that row level security does not stand beneath its partitions',
  ]);
  expect(await found({ ...config, gateway: null })).toEqual([]);
});

function withoutReader(specs: SyncConfig['pipelines'][string]['entities']): typeof specs {
  return Object.fromEntries(Object.entries(specs).map(([name, { reader: _, ...spec }]) => [name, spec]));
}

test('leaves the reads of devices their indexes', async () => {
  const { pool } = world.store;
  await pool.query(`INSERT INTO shop.item (id, region, level, price, sync_xid)
    SELECT n, 'R' || n % 100, 'low', n, pg_current_xact_id() FROM generate_series(1000, 21000) AS n`);
  await pool.query(
    `UPDATE shop.item SET region = 'away', sync_xid = pg_current_xact_id() WHERE id % 1000 = 7`,
  );
  await pool.query('VACUUM ANALYZE shop.item');
  const spec = entities(world.config).find(({ entity }) => entity === 'item');
  if (spec === undefined) throw new Error('There is no item');
  const entity = await feedEntity(pool, spec);
  const scope = { partitions: { region: ['R7'], level: ['low'] }, hidden: [], readOnly: [] };
  const readable = [{ entity: 'item', scope }];
  const read = await withScope(reader.store, { readable }, async (client) => {
    const found = await readDocuments(client, entity, { ids: ['1107', '1108', '1007', 'x'], scope });
    const page = { position: null, scope, limit: 50, fields: 'all', device: null } as const;
    const first = await readFeedPage(client, entity, page);
    const second = await readFeedPage(client, entity, { ...page, position: first.position });
    const scanned = async () => {
      const { rows } = await client.query<{ n: number }>(
        `SELECT seq_tup_read::int AS n FROM pg_stat_xact_user_tables WHERE schemaname = 'shop' AND relname = 'item'`,
      );
      return rows[0]?.n;
    };
    const before = await scanned();
    await client.query('SELECT count(price) FROM shop.item');
    const pages = [first, second].map(({ documents }) => documents.length);
    return { found: [...found.keys()], pages, scanned: [before, await scanned()] };
  });
  expect(read).toEqual({ found: ['1107'], pages: [50, 50], scanned: [0, 20_005] });
});
