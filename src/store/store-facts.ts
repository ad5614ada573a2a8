/** What `check` tells of the store: which server it is, its clock, and whether our login may make the mirrors. */
import type { Db } from '../pg/pool.ts';

export type StoreFacts = {
  readonly version: string;
  /** Tells one cluster from another; null where the login may not read it. */
  readonly systemId: string | null;
  /** UTC instant with microseconds. */
  readonly now: string;
};

/** Which cluster a database is in; null where the login may not know. */
export async function clusterId(db: Db): Promise<string | null> {
  // Apart: the rights to the function are checked before a condition could keep it from being called.
  const { rows } = await db.query<{ readable: boolean }>(
    `SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS readable`,
  );
  if (!rows[0]?.readable) return null;
  const system = await db.query<{ id: string }>(
    'SELECT system_identifier::text AS id FROM pg_control_system()',
  );
  return system.rows[0]?.id ?? null;
}

export async function readStoreFacts(db: Db): Promise<StoreFacts> {
  const { rows } = await db.query<{ version: string; now: string }>(
    `SELECT current_setting('server_version') AS version,
            to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`,
  );
  const { version, now } = rows[0] as { version: string; now: string };
  return { version, systemId: await clusterId(db), now };
}

export type MirrorName = { readonly schema: string; readonly table: string };

export type MissingGrant = MirrorName & {
  readonly login: string;
  /** The statement that an owner or superuser would have to run. */
  readonly sql: string;
};

/** Mirrors that our login may not make, or not change. */
export async function missingGrants(db: Db, mirrors: readonly MirrorName[]): Promise<MissingGrant[]> {
  const { rows } = await db.query<MissingGrant>(
    `SELECT mirror.schema, mirror."table", current_user AS login,
            CASE WHEN n.oid IS NULL THEN format('GRANT CREATE ON DATABASE %I TO %I;', current_database(), current_user)
                 WHEN c.oid IS NULL THEN format('GRANT USAGE, CREATE ON SCHEMA %I TO %I;', n.nspname, current_user)
                 ELSE format('ALTER TABLE %I.%I OWNER TO %I;', n.nspname, c.relname, current_user) END AS sql
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS mirror (schema, "table", position)
       LEFT JOIN pg_namespace AS n ON n.nspname = mirror.schema
       LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = mirror."table"
      WHERE NOT CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                     WHEN c.oid IS NULL THEN has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE')
                     ELSE has_schema_privilege(n.oid, 'USAGE') AND pg_has_role(c.relowner, 'USAGE') END
      ORDER BY position`,
    [mirrors.map(({ schema }) => schema), mirrors.map(({ table }) => table)],
  );
  return rows;
}
