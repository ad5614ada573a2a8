/**
 * `sync_fields` of mirrors that take uploads: per field, when it last changed (domain/upload/versions.ts). Kept by every
 * write of the mirror: `{"salary": {"x": "<xid>", "h": "<hlc>"}, "*": {…}}`, `*` standing for all fields not listed. A
 * row that was copied in and has not changed since has NULL: all of it is as old as its `sync_xid`.
 */
import type { EntityPlan } from '../domain/entity.ts';
import type { FieldStamps } from '../domain/upload/versions.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import { type Bind, bindLiteral } from './mirror-target.ts';

/** PostgreSQL's functions take 100 arguments: two a field. */
const FIELDS_A_CALL = 40;

export function tracksFields(plan: EntityPlan): boolean {
  return plan.spec.upload !== null;
}

/** A stamp of this transaction. `hlc`: an SQL text, or NULL. */
export function stampSql(hlc: string): string {
  return `jsonb_strip_nulls(jsonb_build_object('x', pg_current_xact_id()::text, 'h', ${hlc}))`;
}

/**
 * C19: the clock of a source's change is min(changedAt, now), its node the source. Where nobody says when, it is now,
 * when the change was seen: so no older change of a device goes over it.
 */
export function sourceHlcSql(plan: EntityPlan, staged: string, bind: Bind): string {
  const newest = newestChange(plan, staged, () => bind(plan.spec.upload?.timeZone ?? 'UTC'));
  const at = newest === null ? 'clock_timestamp()' : `least(${newest}, clock_timestamp())`;
  return `${hlcOfInstant(at)} || ${bind(`-${nodeOfSource(plan.spec.source)}`)}`;
}

/**
 * The latest of a staged row's changedAt columns, as an instant; null where the entity has none that is a time.
 * @param zone SQL of the zone that times without one are in, asked for each such column.
 */
export function newestChange(plan: EntityPlan, staged: string, zone: () => string): string | null {
  const instants = plan.stagingExtras.flatMap(({ name, type }) => {
    if (!name.startsWith('_changed_')) return [];
    const column = `${staged}.${quoteIdent(name)}`;
    if (/^timestamp.* with time zone$/.test(type)) return [column];
    return /^(timestamp|date)/.test(type) ? [`${column}::timestamp AT TIME ZONE ${zone()}`] : [];
  });
  return instants.length === 0 ? null : `greatest(${instants.join(', ')})`;
}

/** A clock reading without its node: counter 0. Before 1970 it is 1970: no clock is older. */
export function hlcOfInstant(instant: string): string {
  return `lpad(to_hex(greatest(floor(extract(epoch FROM ${instant}) * 1000), 0)::bigint), 12, '0') || '0000'`;
}

export function nodeOfSource(source: string): string {
  return `source:${source}`.slice(0, 64);
}

/**
 * `sync_fields` after an update of row `was` to row `is` under `stamp`. A row that was deleted and is not, or the other
 * way round, is new in all its fields.
 */
export function stampedSql(
  rows: { readonly was: string; readonly is: string },
  options: { readonly stamp: string; readonly columns: readonly string[]; readonly turned?: string },
): string {
  const { was, is } = rows;
  const { stamp, columns, turned } = options;
  const before = `coalesce(${was}.sync_fields, jsonb_build_object('*', jsonb_build_object('x', ${was}.sync_xid::text)))`;
  const changed = columns.map((name) => {
    const column = quoteIdent(name);
    const differs = `${was}.${column}::text IS DISTINCT FROM ${is}.${column}::text`;
    return `${bindLiteral(name)}, CASE WHEN ${differs} THEN ${stamp} END`;
  });
  const objects = [];
  for (let i = 0; i < changed.length; i += FIELDS_A_CALL) {
    objects.push(`jsonb_strip_nulls(jsonb_build_object(${changed.slice(i, i + FIELDS_A_CALL).join(', ')}))`);
  }
  const merged = [before, ...objects].join(' || ');
  return turned === undefined
    ? merged
    : `CASE WHEN ${turned} THEN jsonb_build_object('*', ${stamp}) ELSE ${merged} END`;
}

type StoredStamps = Readonly<Record<string, { readonly x: string; readonly h?: string }>>;

/** @param xid the row's `sync_xid`. */
export function readStamps(stored: StoredStamps | null, xid: string): FieldStamps {
  if (stored === null) return { '*': { xid, hlc: null } };
  return Object.fromEntries(
    Object.entries(stored).map(([name, { x, h }]) => [name, { xid: x, hlc: h ?? null }]),
  );
}
