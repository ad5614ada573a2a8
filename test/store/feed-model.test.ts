/**
 * C7, C13, C25 against direct SQL: rows that move between partitions, change, go and come back, in transactions that
 * stay open or are rolled back; tombstones that are removed; readers whose grants change while they are in the middle of
 * something. Whoever has pulled all holds what SQL shows of the rows that they may see.
 */
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EntityScope } from '../../src/domain/access/scope.ts';
import { isSyncError } from '../../src/domain/errors.ts';
import { cleanUpFeed } from '../../src/store/feed-clean-up.ts';
import type { FeedEntity } from '../../src/store/feed-entity.ts';
import { countOr } from '../campaign/counts.ts';
import {
  feedMirror,
  feedPlan,
  pullAll,
  pullPage,
  type Reader,
  reader,
  TO_SOURCE,
  untilServed,
  write,
} from './feed-kit.ts';
import { openTestStore, type TestStore } from './load-kit.ts';

const RUNS = countOr(40, 'CAMPAIGN_FEED_HISTORIES');
const KEYS = 8;
const REGIONS = ['US', 'CA', 'DE', null] as const;
const LEVELS = [1, 2] as const;

let world: TestStore;
let entity: FeedEntity;
beforeAll(async () => {
  world = await openTestStore('feed_model');
  const plan = feedPlan({
    entity: 'cases',
    columns: { id: 'integer', region: 'text', level: 'smallint', note: 'text', kind: 'text' },
    feed: { partitions: { region: 'regions', level: 'levels' }, filter: ['kind'] },
    upload: TO_SOURCE,
  });
  entity = await feedMirror(world.store, plan);
});
afterAll(() => world.drop());

type Scope = EntityScope['partitions'];
type Write = {
  readonly field: 'region' | 'level' | 'note' | 'kind' | 'gone';
  readonly key: number;
  readonly value: number;
};
type Step =
  | {
      readonly do: 'write';
      readonly writes: readonly Write[];
      readonly how: 'commit' | 'roll back' | 'stay open';
    }
  | { readonly do: 'end open' }
  | { readonly do: 'pull'; readonly who: number; readonly limit: number; readonly pages: number }
  | { readonly do: 'grant'; readonly who: number; readonly scope: Scope }
  | { readonly do: 'purge' };

const scopes: fc.Arbitrary<Scope> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  {
    weight: 6,
    arbitrary: fc.record({
      region: fc.subarray(['US', 'CA', 'DE', 'nowhere']),
      level: fc.subarray(['1', '2', 'none']),
    }),
  },
);
const writes: fc.Arbitrary<Write> = fc.record({
  field: fc.constantFrom('region', 'region', 'level', 'note', 'kind', 'gone'),
  key: fc.integer({ min: 1, max: KEYS }),
  value: fc.nat(3),
});
const who = fc.nat(3);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      writes: fc.array(writes, { minLength: 1, maxLength: 4 }),
      how: fc.constantFrom('commit', 'commit', 'commit', 'roll back', 'stay open'),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'end open' as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pull' as const),
      who,
      limit: fc.integer({ min: 1, max: 4 }),
      pages: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('grant' as const), who, scope: scopes }) },
  { weight: 1, arbitrary: fc.constant({ do: 'purge' as const }) },
);

test('whoever has pulled all holds what they may see', { timeout: 60_000 + RUNS * 1_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(steps, { minLength: 10, maxLength: 60 }),
      fc.array(scopes, { minLength: 4, maxLength: 4 }),
      run,
    ),
    { numRuns: RUNS },
  );
});

/** Readers of all kinds: whole rows, changed fields, a filter, both. */
const KINDS: readonly Reader['options'][] = [
  {},
  { fields: 'changed' },
  { filter: { kind: 'k1' } },
  { fields: 'changed', filter: { kind: 'k1' } },
];

async function run(history: readonly Step[], first: readonly Scope[]): Promise<void> {
  await write(world.store, 'TRUNCATE cases, syncline.feed_exit, syncline.feed_floor');
  const readers = KINDS.map((options, i) => reader(first[i], options));
  const open: { client: pg.PoolClient; locked: Set<number> }[] = [];
  try {
    for (const step of history) await take(step, { readers, open });
  } finally {
    for (const { client } of open.splice(0)) await end(client, 'COMMIT');
  }
  await untilServed(world.store);
  for (const device of readers) {
    await settle(device);
    expect(heldOf(device)).toEqual(await shown(device));
  }
}

type State = {
  readonly readers: readonly Reader[];
  readonly open: { client: pg.PoolClient; locked: Set<number> }[];
};

async function take(step: Step, { readers, open }: State): Promise<void> {
  if (step.do === 'grant') {
    const device = readers[step.who] as Reader;
    device.scope = { ...device.scope, partitions: step.scope };
  } else if (step.do === 'purge') {
    await cleanUpFeed(world.store, [entity.spec], { keptMs: 0, mode: 'remove' });
  } else if (step.do === 'end open') {
    const ended = open.shift();
    if (ended !== undefined) await end(ended.client, 'COMMIT');
  } else if (step.do === 'pull') {
    const device = readers[step.who] as Reader;
    for (let page = 0; page < step.pages; page++) await tryPull(device, step.limit);
  } else {
    const locked = new Set(open.flatMap((one) => [...one.locked]));
    const free = step.writes.filter(({ key }) => !locked.has(key));
    if (free.length === 0 || (step.how === 'stay open' && open.length === 2)) return;
    const client = await world.store.pool.connect();
    await client.query(`BEGIN; SELECT set_config('syncline.writer', 'on', true)`);
    for (const one of free) await client.query(statement(one));
    if (step.how === 'stay open') open.push({ client, locked: new Set(free.map(({ key }) => key)) });
    else await end(client, step.how === 'commit' ? 'COMMIT' : 'ROLLBACK');
  }
}

async function end(client: pg.PoolClient, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  await client.query(how);
  client.release();
}

const quoted = (text: string | null): string => (text === null ? 'NULL' : `'${text}'`);

/** As loads write: a row that is not there is made, its version and the stamps of its fields are kept. */
function statement({ field, key, value }: Write): string {
  const values = {
    region: quoted(REGIONS[value % 4] as string | null),
    level: String(LEVELS[value % 2]),
    note: quoted(`n${value}`),
    kind: quoted(`k${value % 2}`),
    gone: value % 2 === 0 ? 'clock_timestamp()' : 'NULL',
  };
  const column = field === 'gone' ? 'sync_deleted_at' : field;
  const stamp = `jsonb_build_object('x', pg_current_xact_id()::text)`;
  const stamped = `coalesce(m.sync_fields, jsonb_build_object('*', jsonb_build_object('x', m.sync_xid::text)))`;
  const fields =
    field === 'gone'
      ? `jsonb_build_object('*', ${stamp})`
      : `${stamped} || jsonb_build_object('${field}', ${stamp})`;
  return `INSERT INTO cases AS m (id, region, level, note, kind) VALUES (${key}, ${values.region}, ${values.level}, 'new', 'k1')
    ON CONFLICT (id) DO UPDATE SET ${column} = ${values[field]}, sync_xid = pg_current_xact_id(), sync_fields = ${fields}`;
}

async function tryPull(device: Reader, limit: number): Promise<boolean> {
  try {
    const { documents, hasMore } = await pullPage(world.store.pool, entity, { reader: device, limit });
    expect(documents.length).toBeLessThanOrEqual(limit);
    if (hasMore) expect(documents).toHaveLength(limit);
    return hasMore;
  } catch (error) {
    if (!isSyncError(error, 'CURSOR_EXPIRED')) throw error;
    device.held.clear();
    device.position = null;
    return true;
  }
}

async function settle(device: Reader): Promise<void> {
  while (await tryPull(device, 3));
  expect(await pullAll(world.store.pool, entity, { reader: device })).toEqual([]);
}

function heldOf(device: Reader): unknown[] {
  return [...device.held.values()]
    .map(({ id, region, level, note, kind }) => ({ id, region, level, note, kind }))
    .sort((left, right) => Number(left.id) - Number(right.id));
}

async function shown({ scope, options }: Reader): Promise<unknown[]> {
  const { rows } = await world.store.pool.query(
    `SELECT id::text, region, level, note, kind FROM cases
      WHERE sync_deleted_at IS NULL AND ($1::text[] IS NULL OR region = ANY ($1)) AND ($2::text[] IS NULL OR level::text = ANY ($2))
        AND ($3::text IS NULL OR kind = $3)
      ORDER BY id`,
    [scope.partitions.region ?? null, scope.partitions.level ?? null, options.filter?.kind ?? null],
  );
  return rows;
}
