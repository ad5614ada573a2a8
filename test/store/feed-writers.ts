/**
 * Many writers and one reader who pages all the while. Each change has a number of its own: what the reader got of a row
 * must rise, and end with the row's last committed change.
 */
import type { FeedEntity } from '../../src/store/feed-entity.ts';
import type { Store } from '../../src/store/open.ts';
import { pullPage, reader, untilServed } from './feed-kit.ts';

export type WritersOptions = {
  readonly writers: number;
  /** Of all writers together; some of them are rolled back. */
  readonly changes: number;
  /** How long a transaction is held open beside them, one after another; 0: none. */
  readonly longMs: number;
};

export type WritersResult = {
  readonly committed: number;
  readonly rolledBack: number;
  readonly pages: number;
  /** Rows whose last committed change the reader did not get. */
  readonly skipped: number;
  /** Versions that came a second time, or after a later one. */
  readonly doubled: number;
  /** Changes that were rolled back, and came. */
  readonly invented: number;
};

const ROWS = 2_000;

/** `entity`: a mirror with the columns id integer, n bigint. */
export async function runWriters(
  store: Store,
  entity: FeedEntity,
  options: WritersOptions,
): Promise<WritersResult> {
  const rolledBackNumbers = new Set<number>();
  const count = { committed: 0, rolledBack: 0, pages: 0, doubled: 0, invented: 0 };
  let number = 0;
  let writing = true;

  const writer = async (seed: number): Promise<void> => {
    const random = generator(seed);
    while (number < options.changes) {
      const size = 1 + Math.floor(random() * 8);
      const ids = [...new Set(Array.from({ length: size }, () => 1 + Math.floor(random() * ROWS)))].sort(
        (a, b) => a - b,
      );
      const from = number + 1;
      number += ids.length;
      const undo = random() < 0.15;
      const client = await store.pool.connect();
      try {
        await client.query(`BEGIN; SELECT set_config('syncline.writer', 'on', true), pg_current_xact_id()`);
        if (random() < 0.1) await new Promise((resolve) => setTimeout(resolve, random() * 20));
        await client.query(
          `INSERT INTO changing AS m (id, n) SELECT * FROM unnest($1::int[], $2::bigint[]) AS given (id, n) ORDER BY id
           ON CONFLICT (id) DO UPDATE SET n = excluded.n, sync_xid = pg_current_xact_id()`,
          [ids, ids.map((_, i) => from + i)],
        );
        await client.query(undo ? 'ROLLBACK' : 'COMMIT');
      } finally {
        client.release();
      }
      if (undo) for (const i of ids.keys()) rolledBackNumbers.add(from + i);
      count[undo ? 'rolledBack' : 'committed'] += ids.length;
    }
  };
  const holder = async (): Promise<void> => {
    while (writing && options.longMs > 0) {
      const client = await store.pool.connect();
      await client.query('BEGIN; SELECT pg_current_xact_id()');
      const until = performance.now() + options.longMs;
      while (writing && performance.now() < until) {
        // Idle sessions in transactions are ended.
        await client.query('SELECT 1');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await client.query('COMMIT');
      client.release();
    }
  };
  const device = reader();
  const versions = new Map<string, bigint>();
  const read = async (): Promise<boolean> => {
    const { documents, hasMore } = await pullPage(store.pool, entity, { reader: device, limit: 200 });
    count.pages += 1;
    for (const { id, rev, n } of documents) {
      const xid = BigInt(rev.split('.')[1] as string);
      if (xid <= (versions.get(id) ?? 0n)) count.doubled += 1;
      versions.set(id, xid);
      if (rolledBackNumbers.has(Number(n))) count.invented += 1;
    }
    return hasMore;
  };
  const reading = (async () => {
    while (writing) await read();
  })();
  const held = holder();
  await Promise.all(Array.from({ length: options.writers }, (_, i) => writer(i + 1)));
  writing = false;
  await Promise.all([reading, held]);
  await untilServed(store);
  while (await read());
  const { rows } = await store.pool.query<{ id: string; n: string }>(
    'SELECT id::text, n::text FROM changing',
  );
  const skipped = rows.filter(({ id, n }) => device.held.get(id)?.n !== n).length;
  return { ...count, skipped };
}

/** Mulberry32: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
