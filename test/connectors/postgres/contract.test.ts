import pg from 'pg';
import { freshDatabase, sourceServer } from '../../support/servers.ts';
import { type ContractFixture, connectorContract } from '../contract.ts';
import { openPostgres } from '../kit.ts';

connectorContract('postgres', async (): Promise<ContractFixture> => {
  const database = await freshDatabase(await sourceServer(), 'contract');
  const source = openPostgres(database.url);
  const pool = new pg.Pool({ connectionString: database.url, max: 3 });
  await pool.query(
    `CREATE TABLE items (id bigint PRIMARY KEY, name text, changed_at timestamptz NOT NULL DEFAULT now());
     CREATE INDEX ON items (changed_at)`,
  );
  return {
    source,
    items: { read: { kind: 'table', table: 'public.items' } },
    fill: async (count) => {
      await pool.query(
        `INSERT INTO items
         SELECT id, CASE WHEN id % 10 <> 0 THEN 'item ' || id END, '2026-01-01Z'::timestamptz + id * interval '1 minute'
           FROM generate_series(1, $1) AS id`,
        [count],
      );
      await pool.query('ANALYZE items');
    },
    put: async ({ id, name, at }) => {
      await pool.query('INSERT INTO items VALUES ($1, $2, coalesce($3, now()))', [id, name, at ?? null]);
    },
    remove: async (id) => {
      await pool.query('DELETE FROM items WHERE id = $1', [id]);
    },
    putLate: async (id) => {
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query('INSERT INTO items VALUES ($1, $2)', [id, 'late']);
      return {
        commit: async () => {
          await client.query('COMMIT');
          client.release();
        },
      };
    },
    unreachable: () => openPostgres('postgres://nobody@127.0.0.1:1/none'),
    running: async (correlationId) => {
      const { rows } = await pool.query(
        `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = $1 AND state = 'active'`,
        [`syncline/${correlationId}`],
      );
      return rows[0].count;
    },
    slow: (seconds) => ({
      read: { kind: 'sql', sql: `SELECT items.* FROM (SELECT pg_sleep(${seconds})) AS slept, items LIMIT 1` },
    }),
    close: async () => {
      await source.close();
      await pool.end();
      await database.drop();
    },
  };
});
