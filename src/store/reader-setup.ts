/** The gateway's own login as `init` sets it up and `check` looks at it. */
import { SyncError } from '../domain/errors.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import { withTransaction } from '../pg/transaction.ts';
import type { Store } from './open.ts';
import { type Readable, readerStatements, storeRights } from './reader-rights.ts';

export type ReaderSetup = {
  readonly login: string;
  /** 'missing': somebody who may make logins has to run `sql` first. */
  readonly state: 'granted' | 'missing';
  readonly sql: string;
};

/** Grants what is to be granted now; the mirrors that come later are the workers' to grant. Idempotent. */
export async function setUpReader(
  store: Pick<Store, 'pool'>,
  { login, entities }: { readonly login: string; readonly entities: readonly Readable[] },
): Promise<ReaderSetup> {
  const sql = `CREATE ROLE ${quoteIdent(login)} LOGIN NOBYPASSRLS PASSWORD '…';`;
  const facts = await readerFacts(store, { login, entities });
  if (facts === null) return { login, state: 'missing', sql };
  await withTransaction(store.pool, {}, async (client) => {
    for (const statement of storeRights(login)) await client.query(statement);
    for (const spec of entities) {
      for (const statement of await readerStatements(client, spec)) await client.query(statement);
    }
  }).catch((error: unknown) => {
    if ((error as { code?: unknown } | null)?.code !== '42501') throw error;
    throw new SyncError('STORE_NOT_READY', {
      message: `The store's login may not grant what the gateway's login ${login} needs`,
      remedy: 'Run `syncline init` with the login that made the store, which owns its tables.',
      cause: error,
    });
  });
  return { login, state: 'granted', sql };
}

export type ReaderFacts = {
  /** Row level security does not hold for it. */
  readonly bypasses: boolean;
  /** Mirrors that it owns, by itself or through another role, `schema.table`. */
  readonly owns: readonly string[];
  /** It may not read the store's own tables: `init` did not run since it was made. */
  readonly lacksStore: boolean;
};

/** @returns null when there is no such login. */
export async function readerFacts(
  { pool }: Pick<Store, 'pool'>,
  { login, entities }: { readonly login: string; readonly entities: readonly Readable[] },
): Promise<ReaderFacts | null> {
  const { rows } = await pool.query<ReaderFacts>(
    `SELECT r.rolsuper OR r.rolbypassrls AS bypasses,
            NOT has_schema_privilege(r.oid, 'syncline', 'USAGE')
              OR NOT coalesce(has_table_privilege(r.oid, to_regclass('syncline.mutation'), 'INSERT'), false) AS "lacksStore",
            coalesce((SELECT jsonb_agg(n.nspname || '.' || c.relname ORDER BY 1)
                        FROM unnest($2::text[], $3::text[]) AS mirror (schema, "table")
                        JOIN pg_namespace AS n ON n.nspname = mirror.schema
                        JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = mirror."table"
                       WHERE pg_has_role(r.oid, c.relowner, 'USAGE')), '[]') AS owns
       FROM pg_roles AS r WHERE r.rolname = $1`,
    [login, entities.map(({ mirror }) => mirror.schema), entities.map(({ mirror }) => mirror.table)],
  );
  return rows[0] ?? null;
}
