/** An entity's columns, size and order as the source has them now. */
import type pg from 'pg';
import type { EntitySpec, SourceColumn } from '../../domain/entity.ts';
import { SyncError } from '../../domain/errors.ts';
import type { SourceShape } from '../../domain/source-shape.ts';
import { adviseIndexes, adviseJoins } from './advice.ts';
import { estimate } from './estimate.ts';
import { isPadded, isTextKey } from './keys-sql.ts';
import { fromClause, whereClause } from './relation.ts';
import { inSession, type PgSource } from './session.ts';
import { type CatalogueType, mapColumn } from './values.ts';

export async function describe(
  source: PgSource,
  spec: EntitySpec,
  signal: AbortSignal,
): Promise<SourceShape> {
  return inSession(source, { signal }, async (client) => {
    const select = `SELECT * ${fromClause(spec.read)} ${whereClause(spec)}`;
    // A policy that would hide rows fails here (row_security = off), not in the middle of a run (C5).
    const size = await estimate(client, select);
    const { fields } = await client.query(`${select} LIMIT 0`);
    refuseDoubles(spec, fields);
    const types = await readTypes(client, fields);
    const required = spec.read.kind === 'table' ? await requiredColumns(client, fields) : new Set<string>();
    const columns = fields.map((field, i) =>
      mapColumn(field.name, types[i] as CatalogueType, !required.has(field.name)),
    );
    const origins = fields.map((field) => ({
      name: field.name,
      tableOid: field.tableID,
      attribute: field.columnID,
    }));
    const isUtf8 = await isEncodedInUtf8(client);
    return {
      columns,
      estimatedRows: size.rows,
      estimatedRowBytes: size.rowBytes,
      keyOrder: keyOrderOf(spec, columns, isUtf8),
      // Another server's policies cannot be switched off from here.
      seesAllRows: !size.nodes.has('Foreign Scan'),
      advice: [
        ...(await adviseIndexes(client, { spec, columns, origins })),
        ...(await adviseJoins(client, { spec, origins, joins: size.joins })),
      ],
    };
  });
}

function refuseDoubles(spec: EntitySpec, fields: readonly pg.FieldDef[]): void {
  const names = fields.map((field) => field.name);
  const double = names.find((name, i) => names.indexOf(name) !== i);
  if (double === undefined) return;
  throw new SyncError('CONFIG_INVALID', {
    message: `Entity ${spec.entity}: \`read.sql\` gives two columns named ${double}; name each by AS`,
  });
}

type TypeRow = {
  shown: string;
  schema: string;
  name: string;
  kind: string;
  element_schema: string | null;
  element_name: string | null;
  element_kind: string | null;
  element_is_domain: string;
};

/** The server resolves domains of columns to their base types by itself; domains of array elements are ours to resolve. */
async function readTypes(client: pg.PoolClient, fields: readonly pg.FieldDef[]): Promise<CatalogueType[]> {
  const { rows } = await client.query<TypeRow>(
    `WITH RECURSIVE field AS (
       SELECT * FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY AS field (type, modifier, position)
     ), element AS (
       SELECT field.position, t.typelem AS type, 0 AS depth
         FROM field JOIN pg_type t ON t.oid = field.type WHERE t.typcategory = 'A' AND t.typelem <> 0
       UNION ALL
       SELECT element.position, t.typbasetype, depth + 1
         FROM element JOIN pg_type t ON t.oid = element.type WHERE t.typtype = 'd'
     ), base AS (
       SELECT DISTINCT ON (position) * FROM element ORDER BY position, depth DESC
     )
     SELECT format_type(t.oid, field.modifier) AS shown, n.nspname AS schema, t.typname AS name, t.typtype AS kind,
            en.nspname AS element_schema, e.typname AS element_name, e.typtype AS element_kind,
            coalesce(base.depth > 0, false) AS element_is_domain
       FROM field
       JOIN pg_type t ON t.oid = field.type
       JOIN pg_namespace n ON n.oid = t.typnamespace
       LEFT JOIN base USING (position)
       LEFT JOIN pg_type e ON e.oid = base.type
       LEFT JOIN pg_namespace en ON en.oid = e.typnamespace
      ORDER BY field.position`,
    [fields.map((field) => field.dataTypeID), fields.map((field) => field.dataTypeModifier)],
  );
  return rows.map((row) => ({
    shown: row.shown,
    schema: row.schema,
    name: row.name,
    kind: row.kind,
    element:
      row.element_name === null
        ? null
        : {
            schema: row.element_schema ?? '',
            name: row.element_name,
            kind: row.element_kind ?? 'b',
            isDomain: row.element_is_domain === 't',
          },
  }));
}

/** NOT NULL holds for a table's own columns only: a join may take it away. */
async function requiredColumns(client: pg.PoolClient, fields: readonly pg.FieldDef[]): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1 AND attnotnull AND attnum = ANY ($2)`,
    [fields[0]?.tableID ?? 0, fields.map((field) => field.columnID)],
  );
  return new Set(rows.map((row) => row.name));
}

async function isEncodedInUtf8(client: pg.PoolClient): Promise<boolean> {
  const { rows } = await client.query(`SELECT current_setting('server_encoding') AS encoding`);
  return rows[0]?.encoding === 'UTF8';
}

/** C5: numbers and times have one order everywhere; text only where its bytes are UTF-8 and nothing is padded. */
function keyOrderOf(
  spec: EntitySpec,
  columns: readonly SourceColumn[],
  isUtf8: boolean,
): SourceShape['keyOrder'] {
  const keys = columns.filter((column) => isNamed(spec.key, column.name));
  const isProved = keys.every((column) => !isTextKey(column) || (isUtf8 && !isPadded(column)));
  return isProved ? 'bytes' : 'unproved';
}

/** The configuration may spell names in another case than the source. */
export function isNamed(names: readonly string[], name: string): boolean {
  return names.some((candidate) => candidate.toLowerCase() === name.toLowerCase());
}
