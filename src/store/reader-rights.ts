/**
 * What the gateway's own login may do: read mirrors, of partitioned ones the rows in scope only (scope-session.ts), and
 * keep what devices and people send. It owns nothing, so row level security holds for it. Security is enabled, not
 * forced: COPY into a forced table fails for its owner. Other logins see what they were granted, as before.
 */

import { createHash } from 'node:crypto';
import { partitionColumns } from '../domain/access/feed-spec.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { quoteIdent, quoteTable } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { bindLiteral } from './mirror-target.ts';

type Right = 'INSERT' | 'UPDATE' | 'DELETE';

/** Beside SELECT of all tables of schema `syncline`. Whatever changes rows of mirrors is the workers'. */
const WRITES: Readonly<Record<string, readonly Right[]>> = {
  device: ['INSERT', 'UPDATE'],
  upload: ['INSERT', 'UPDATE'],
  upload_line: ['INSERT'],
  mutation: ['INSERT', 'UPDATE'],
  device_feed: ['INSERT', 'UPDATE', 'DELETE'],
  feed_scope: ['INSERT', 'UPDATE', 'DELETE'],
  record_read: ['INSERT', 'DELETE'],
  watermelon_pull: ['INSERT', 'DELETE'],
  signed_message: ['INSERT'],
  task: ['UPDATE'],
  backup: ['UPDATE'],
  quarantine: ['DELETE'],
  refresh: ['INSERT', 'UPDATE'],
};

/** For `init`. The login has to be there. */
export function storeRights(login: string): string[] {
  const to = quoteIdent(login);
  return [
    `GRANT USAGE ON SCHEMA syncline TO ${to}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA syncline TO ${to}`,
    `GRANT USAGE ON SEQUENCE syncline.clock_node TO ${to}`,
    ...Object.entries(WRITES).map(
      ([table, rights]) => `GRANT ${rights.join(', ')} ON syncline.${quoteIdent(table)} TO ${to}`,
    ),
  ];
}

type Found = {
  readonly role_exists: boolean;
  readonly table_exists: boolean;
  readonly may_read: boolean;
  readonly is_secured: boolean;
  readonly columns: string[];
  readonly policies: Readonly<Record<string, string | null>>;
};

export type Readable = Pick<EntitySpec, 'entity' | 'mirror' | 'source' | 'feed' | 'reader'>;

/**
 * What is still to be run so that the gateway's login may read the entity's mirror, and no more than it should. The
 * mirror and its columns have to be there, and so has the login: else nothing.
 */
export async function readerStatements(db: Db, spec: Readable): Promise<string[]> {
  const { reader } = spec;
  if (reader === undefined) return [];
  const found = await look(db, spec, reader);
  const columns = partitionColumns(spec);
  if (!found.role_exists || !found.table_exists) return [];
  if (columns.some((column) => !found.columns.includes(column))) return [];
  const grants = found.may_read
    ? []
    : [
        `GRANT USAGE ON SCHEMA ${quoteIdent(spec.mirror.schema)} TO ${quoteIdent(reader)}`,
        `GRANT SELECT ON ${quoteTable(spec.mirror)} TO ${quoteIdent(reader)}`,
      ];
  // Nobody reads before the policy is there.
  return [...policyStatements(spec, { reader, columns, found }), ...grants];
}

/** Others keep what they were granted. */
const OTHERS = 'sync_scope_others';

function policyStatements(
  spec: Readable,
  {
    reader,
    columns,
    found,
  }: { readonly reader: string; readonly columns: readonly string[]; readonly found: Found },
): string[] {
  const table = quoteTable(spec.mirror);
  // A shared mirror has a policy for each of its entities.
  const name = `sync_scope_${createHash('sha256').update(spec.entity).digest('hex').slice(0, 16)}`;
  const isThere = Object.hasOwn(found.policies, name);
  if (columns.length === 0) return isThere ? [`DROP POLICY ${name} ON ${table}`] : [];
  const condition = conditionOf(spec, columns);
  const version = createHash('sha256').update(`${reader}\n${condition}`).digest('hex').slice(0, 16);
  const note = `Syncline: scope ${version}`;
  if (found.is_secured && found.policies[name] === note && Object.hasOwn(found.policies, OTHERS)) return [];
  return [
    `DROP POLICY IF EXISTS ${name} ON ${table}`,
    `CREATE POLICY ${name} ON ${table} AS RESTRICTIVE TO ${quoteIdent(reader)} USING (${condition})`,
    `COMMENT ON POLICY ${name} ON ${table} IS ${bindLiteral(note)}`,
    `DROP POLICY IF EXISTS ${OTHERS} ON ${table}`,
    `CREATE POLICY ${OTHERS} ON ${table} TO PUBLIC USING (true) WITH CHECK (true)`,
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
  ];
}

/** Sub-selects are evaluated once for a statement, not once for a row. */
function conditionOf({ entity, mirror, source }: Readable, columns: readonly string[]): string {
  const name = bindLiteral(entity);
  const allowed = columns.map(
    (column) =>
      `${quoteIdent(column)}::text = ANY ((SELECT syncline.scope_values(${name}, ${bindLiteral(column)}))::text[])`,
  );
  const inScope = `(SELECT syncline.scope_is_open(${name})) OR (${allowed.join(' AND ')})`;
  return mirror.shared ? `sync_source IS DISTINCT FROM ${bindLiteral(source)} OR ${inScope}` : inScope;
}

async function look(db: Db, { mirror }: Readable, reader: string): Promise<Found> {
  const { rows } = await db.query<Found>(
    `SELECT r.oid IS NOT NULL AS role_exists, c.oid IS NOT NULL AS table_exists,
            coalesce(has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_table_privilege(r.oid, c.oid, 'SELECT'), false) AS may_read,
            coalesce(c.relrowsecurity, false) AS is_secured,
            coalesce((SELECT jsonb_agg(a.attname) FROM pg_attribute AS a
                       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
            coalesce((SELECT jsonb_object_agg(p.polname, obj_description(p.oid, 'pg_policy'))
                        FROM pg_policy AS p WHERE p.polrelid = c.oid), '{}') AS policies
       FROM (VALUES ($1::text)) AS wanted (login)
       LEFT JOIN pg_roles AS r ON r.rolname = wanted.login
       LEFT JOIN pg_namespace AS n ON n.nspname = $2
       LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = $3`,
    [reader, mirror.schema, mirror.table],
  );
  return rows[0] as Found;
}
