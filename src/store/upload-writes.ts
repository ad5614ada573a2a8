/** What a decided change does to the mirror, in the transaction that settles its mutation. */
import type { EntityPlan } from '../domain/entity.ts';
import type { FieldTexts } from '../domain/upload/decision.ts';
import type { Hlc } from '../domain/upload/hlc.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import { columnsOf, groupsOf, portions, stretches } from './in-sets.ts';
import type { LoadSession } from './load-session.ts';
import { keepsOwnRows } from './made-here.ts';
import { type Bind, bindings, bindLiteral, boundKey, keyNames, mirrorTable } from './mirror-target.ts';

export type MirrorWrite = {
  readonly plan: EntityPlan;
  readonly key: string;
  /** The id that its device gave the row; null where the key is the id. */
  readonly rowId: string | null;
  /** 'mark': the source's side is in the mirror already; only local columns, versions and provenance are written. */
  readonly operation: 'insert' | 'update' | 'delete' | 'mark';
  /** By mirror column, as PostgreSQL prints them. */
  readonly values: FieldTexts;
  /** Clock of each field that the change touched. */
  readonly fieldHlcs: Readonly<Record<string, Hlc>>;
  readonly hlc: Hlc;
  readonly origin: string;
  readonly by: string;
};

/** @returns the row's new version, as it is on the wire; null when there is no row to write. */
export async function writeMirror(session: LoadSession, write: MirrorWrite): Promise<string | null> {
  if (write.operation !== 'insert') return (await updateMirror(session, [write]))[0] ?? null;
  const { values, bind } = bindings();
  const { rows } = await session.client.query<{ version: string }>(insertSql(write, bind), values);
  return rows[0]?.version ?? null;
}

/** No inserts. Those of one shape are one statement. @returns the rows' versions in their order; null: there is no row. */
export async function updateMirror(
  session: LoadSession,
  writes: readonly MirrorWrite[],
): Promise<(string | null)[]> {
  const versions = writes.map((): string | null => null);
  const placed = writes.map((write, place) => ({ place, key: write.key, ...columnwise(write) }));
  for (const rows of stretches(placed, ({ key }) => key)) {
    for (const alike of groupsOf(rows, ({ sql }) => sql)) {
      const [{ sql, values }] = alike as [(typeof alike)[number]];
      const columns = values.map((_, i) => alike.map((row) => row.values[i]));
      const { rows: written } = await session.client.query<{ place: number; version: string }>(sql, [
        alike.map(({ place }) => place),
        ...columns,
      ]);
      for (const { place, version } of written) versions[place] = version;
    }
  }
  return versions;
}

/** Its values stand in columns `w.c1`, `w.c2` … of what is given, so that many are written by one text. */
function columnwise(write: MirrorWrite): { readonly sql: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const sql = updateSql(write, (value) => `w.c${values.push(value)}`);
  const arrays = values.map((_, i) => `$${i + 2}::text[]`);
  const names = values.map((_, i) => `c${i + 1}`);
  const given = `unnest($1::int[], ${arrays.join(', ')}) AS w (place, ${names.join(', ')})`;
  return { sql: sql(given), values };
}

const VERSION = `(SELECT incarnation FROM syncline.store_identity) || '.' || m.sync_xid AS version`;

/** A tombstone is written over: the row is there again, with the id that it has now. */
function insertSql(write: MirrorWrite, bind: Bind): string {
  const { plan, key } = write;
  const keys = keyNames(plan);
  const named = Object.entries(write.values).filter(([name]) => !plan.keyColumns.includes(name));
  const columns = named.map(([name]) => quoteIdent(name));
  const cast = named.map(([name, text]) => typed(plan, name, bind(text)));
  const system = systemValues(write, bind);
  const names = Object.keys(system);
  const sets = [...columns, ...names].map((name) => `${name} = excluded.${name}`);
  return `INSERT INTO ${mirrorTable(plan)} AS m (${[...keys, ...columns, ...names].join(', ')})
    VALUES (${[...boundKey(plan, key, bind), ...cast, ...Object.values(system)].join(', ')})
    ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${sets.join(', ')}, sync_deleted_at = NULL
     WHERE m.sync_deleted_at IS NOT NULL
    RETURNING ${VERSION}`;
}

/** @returns the statement, made of what is written: rows `w`. */
function updateSql(write: MirrorWrite, bind: Bind): (given: string) => string {
  const { plan, key, operation } = write;
  const sets = [
    ...Object.entries(write.values).map(
      ([name, text]) => `${quoteIdent(name)} = ${typed(plan, name, bind(text))}`,
    ),
    ...Object.entries(systemValues(write, bind)).map(([name, value]) => `${name} = ${value}`),
    ...(operation === 'delete' ? ['sync_deleted_at = clock_timestamp()'] : []),
  ];
  const alive = operation === 'mark' ? 'true' : 'm.sync_deleted_at IS NULL';
  const keyed = `(${keyNames(plan, 'm').join(', ')}) = (${boundKey(plan, key, bind).join(', ')})`;
  return (given) => `UPDATE ${mirrorTable(plan)} AS m SET ${sets.join(', ')}
      FROM ${given} WHERE ${keyed} AND ${alive}
    RETURNING w.place, ${VERSION}`;
}

function systemValues(write: MirrorWrite, bind: Bind): Record<string, string> {
  const { rowId, hlc, origin, by } = write;
  const stamp = (clock: Hlc): string =>
    `jsonb_build_object('x', pg_current_xact_id()::text, 'h', ${bind(clock)}::text)`;
  const clockOnly = (name: string, clock: Hlc): string =>
    `(coalesce(m.sync_fields->${bindLiteral(name)}, m.sync_fields->'*', jsonb_build_object('x', m.sync_xid::text))
      || jsonb_build_object('h', ${bind(clock)}::text))`;
  return {
    sync_xid: 'pg_current_xact_id()',
    sync_hlc: bind(hlc),
    sync_origin: bind(origin),
    sync_modified_at: 'clock_timestamp()',
    sync_modified_by: bind(by),
    sync_fields: stampsSql(write, { stamp, clockOnly }),
    ...(rowId !== null && { sync_id: bind(rowId) }),
    ...(write.operation === 'insert' && keepsOwnRows(write.plan) && { sync_made_here: 'true' }),
  };
}

type Stamps = {
  readonly stamp: (clock: Hlc) => string;
  readonly clockOnly: (name: string, clock: Hlc) => string;
};

/** A field that gets a later clock and keeps its value keeps its version: what others saw of it is still true. */
function stampsSql(write: MirrorWrite, stamps: Stamps): string {
  const { operation, hlc, fieldHlcs, values } = write;
  const { stamp, clockOnly } = stamps;
  if (operation === 'insert' || operation === 'delete') return `jsonb_build_object('*', ${stamp(hlc)})`;
  const before = `coalesce(m.sync_fields, jsonb_build_object('*', jsonb_build_object('x', m.sync_xid::text)))`;
  const fields = Object.entries(fieldHlcs).map(
    ([name, clock]) =>
      `jsonb_build_object(${bindLiteral(name)}::text, ${Object.hasOwn(values, name) ? stamp(clock) : clockOnly(name, clock)})`,
  );
  return [before, ...fields].join(' || ');
}

function typed(plan: EntityPlan, name: string, text: string): string {
  return `${text}::${plan.mirrorColumns.find((column) => column.name === name)?.type ?? 'text'}`;
}

/** C9: nothing of the row changed, and yet its readers have to hear of it. @returns its new version; null: no row. */
export async function touchRow(session: LoadSession, plan: EntityPlan, key: string): Promise<string | null> {
  const { values, bind } = bindings();
  const { rows } = await session.client.query<{ version: string }>(
    `UPDATE ${mirrorTable(plan)} AS m SET sync_xid = pg_current_xact_id()
      WHERE (${keyNames(plan, 'm').join(', ')}) = (${boundKey(plan, key, bind).join(', ')})
    RETURNING ${VERSION}`,
    values,
  );
  return rows[0]?.version ?? null;
}

export type NamedKey = {
  readonly entity: string;
  /** The id that its device gave the row. */
  readonly id: string;
  readonly key: string;
  readonly device: string;
};

export async function noteRowIds(session: LoadSession, named: readonly NamedKey[]): Promise<void> {
  for (const rows of stretches(named, ({ entity, id }) => JSON.stringify([entity, id]))) {
    await session.client.query(
      `INSERT INTO syncline.row_id (entity, id, key, device)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
       ON CONFLICT (entity, id) DO UPDATE SET key = excluded.key`,
      columnsOf(rows, ['entity', 'id', 'key', 'device']),
    );
  }
}

export type ChangeNote = {
  readonly entity: string;
  readonly key: string;
  /** Fields, old → new, and what rules said. */
  readonly change: unknown;
  readonly by: string;
  readonly origin: string;
  readonly hlc: Hlc;
  /** One line for one cause: the work that writes it may be repeated. */
  readonly cause: string;
};

/** In their order. */
export async function noteChanges(session: LoadSession, notes: readonly ChangeNote[]): Promise<void> {
  const lines = notes.map((note) => ({ ...note, change: JSON.stringify(note.change) }));
  for (const some of portions(lines, ({ change }) => change.length)) {
    await session.client.query(
      `INSERT INTO syncline.change_log (entity, key, change, changed_by, origin, hlc, cause)
       SELECT entity, key, change::jsonb, changed_by, origin, hlc, cause
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
                WITH ORDINALITY AS note (entity, key, change, changed_by, origin, hlc, cause, place)
        ORDER BY place
       ON CONFLICT (cause) DO NOTHING`,
      columnsOf(some, ['entity', 'key', 'change', 'by', 'origin', 'hlc', 'cause']),
    );
  }
}
