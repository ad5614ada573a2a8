/** An entity as it was written, with its defaults: `EntitySpec`. */
import type {
  ChangedAtSpec,
  ColumnSpec,
  DeduplicateSpec,
  EntitySpec,
  SoftDeleteSpec,
} from '../domain/entity.ts';
import type { ParsedColumn, ParsedEntity } from '../domain/entity-schema.ts';
import { whyNoColumn } from '../domain/mirror-names.ts';
import type { Value } from '../domain/row.ts';
import { normaliseType } from '../domain/types.ts';
import { meant, type Path, type Problem } from './problems.ts';
import { resolveFeed } from './resolve-gateway.ts';
import { resolveUpload, uploadProblems } from './resolve-upload.ts';

type LocalColumn = Extract<ColumnSpec, { role: 'local' }>;

const DAY_MS = 86_400_000;

export const ENTITY_DEFAULTS = {
  massDeleteGuardPercent: 20,
  chunkRows: 2_000_000,
  lanes: 2,
  maxValueBytes: 64 * 1_024 * 1_024,
  schemaChanges: 'stop',
  retentionMs: 90 * DAY_MS,
} as const;

export type EntityNames = { readonly entity: string; readonly pipeline: string; readonly source: string };

/** `timeZone`: the source's. */
export type EntityPlace = EntityNames & { readonly timeZone: string };

export function resolveEntity(parsed: ParsedEntity, place: EntityPlace, found: Problem[]): EntitySpec {
  const { timeZone, ...names } = place;
  const read = resolveRead(parsed.read);
  const at: Path = ['pipelines', names.pipeline, 'entities', names.entity];
  const all = Object.entries(parsed.columns ?? {}).map(([name, column]) => resolveColumn(name, column));
  const localColumns = all.filter((column): column is LocalColumn => column.role === 'local');
  const columns = all.length === localColumns.length ? null : withKeys(all, parsed.key, { at, found });
  const spec: EntitySpec = {
    ...names,
    read,
    key: parsed.key,
    changedAt: resolveChangedAt(parsed.changedAt),
    capture: parsed.capture ?? false,
    mirror: resolveMirror(parsed.mirror),
    columns,
    localColumns,
    validate: parsed.validate ?? null,
    deduplicate: resolveDeduplicate(parsed.deduplicate),
    softDelete: resolveSoftDelete(parsed.softDelete),
    massDeleteGuardPercent: parsed.massDeleteGuard ?? ENTITY_DEFAULTS.massDeleteGuardPercent,
    maxQuarantined: parsed.maxQuarantined ?? null,
    chunkRows: parsed.chunkRows ?? ENTITY_DEFAULTS.chunkRows,
    lanes: parsed.lanes ?? ENTITY_DEFAULTS.lanes,
    maxValueBytes: parsed.maxValueBytes ?? ENTITY_DEFAULTS.maxValueBytes,
    schemaChanges: parsed.schemaChanges ?? ENTITY_DEFAULTS.schemaChanges,
    upload: parsed.upload === undefined ? null : resolveUpload(parsed.upload, { read, timeZone }),
    feed: resolveFeed(parsed.feed),
  };
  found.push(...dedupeProblems(spec, at), ...uploadProblems(spec, at));
  return spec;
}

function resolveRead({ table, sql, where }: ParsedEntity['read']): EntitySpec['read'] {
  const condition = where === undefined ? {} : { where };
  if (table !== undefined) return { kind: 'table', table: table.trim(), ...condition };
  return { kind: 'sql', sql: (sql as string).trim().replace(/\s*;$/, ''), ...condition };
}

function resolveChangedAt(parsed: ParsedEntity['changedAt']): ChangedAtSpec | null {
  if (parsed === undefined) return null;
  if (!('columns' in parsed)) return { columns: parsed, setBy: 'database', overlapMs: 0 };
  return { columns: parsed.columns, setBy: parsed.setBy ?? 'database', overlapMs: parsed.overlap ?? 0 };
}

function resolveMirror(parsed: ParsedEntity['mirror']): EntitySpec['mirror'] {
  const { table: name, shared = false } = typeof parsed === 'string' ? { table: parsed } : parsed;
  const [schema, table] = name.split('.') as [string, string];
  return { schema, table, shared };
}

function resolveColumn(name: string, parsed: ParsedColumn): ColumnSpec {
  const type = parsed.type === undefined ? undefined : normaliseType(parsed.type);
  if (parsed.compute !== undefined)
    return { role: 'compute', name, compute: parsed.compute, type: type ?? 'text' };
  if (parsed.local) {
    const value = parsed.default ?? null;
    const { onSource } = parsed;
    return {
      role: 'local',
      name,
      type: type ?? typeOf(value),
      default: value === null ? null : String(value),
      ...(onSource && { onSource }),
    };
  }
  const { from = name, rounding } = parsed;
  return {
    role: 'from',
    name,
    from,
    ...(type !== undefined && { type }),
    ...(rounding !== undefined && { rounding }),
  };
}

function typeOf(value: Value): string {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value !== 'number') return 'text';
  return Number.isInteger(value) ? 'bigint' : 'numeric';
}

/** The mirror cannot do without its key: a key column that is not listed is added, under its name in lower case. */
function withKeys(
  columns: ColumnSpec[],
  key: readonly string[],
  where: { at: Path; found: Problem[] },
): ColumnSpec[] {
  const copied = new Set(
    columns.flatMap((column) => (column.role === 'from' ? [column.from.toLowerCase()] : [])),
  );
  const added = key.filter((source) => !copied.has(source.toLowerCase()));
  for (const source of added) {
    const name = source.toLowerCase();
    const why = columns.some((column) => column.name === name)
      ? 'another column has its name'
      : whyNoColumn(name);
    if (why === null) continue;
    const fix = `Give it a name: columns: { my_${name.replace(/\W/g, '_')}: { from: '${source}' } }.`;
    where.found.push({
      path: [...where.at, 'columns'],
      problem: `has no column from '${source}', the key, and ${why}`,
      fix,
    });
  }
  return [...added.map((from): ColumnSpec => ({ role: 'from', name: from.toLowerCase(), from })), ...columns];
}

function resolveDeduplicate(parsed: ParsedEntity['deduplicate']): DeduplicateSpec | null {
  if (parsed === undefined) return null;
  const { by, at, within, scope = 'entity', retention } = parsed;
  const retentionMs = retention ?? Math.max(ENTITY_DEFAULTS.retentionMs, within);
  return { by, at, withinMs: within, scope, retentionMs };
}

function resolveSoftDelete(parsed: ParsedEntity['softDelete']): SoftDeleteSpec | null {
  if (parsed === undefined) return null;
  if (typeof parsed === 'string') return { column: parsed };
  const { column, values } = parsed;
  return {
    column,
    ...(values && { values: values.map((value) => (value === null ? null : String(value))) }),
  };
}

/** Names of mirror columns; where every column is mirrored, only the source knows them. */
function dedupeProblems({ deduplicate, columns, localColumns }: EntitySpec, at: Path): Problem[] {
  if (deduplicate === null) return [];
  const local = new Set(localColumns.map(({ name }) => name));
  const known = (columns ?? []).filter(({ role }) => role !== 'local').map(({ name }) => name);
  const places: [Path, string][] = [
    ...deduplicate.by.map((name): [Path, string] => [['deduplicate', 'by'], name]),
    [['deduplicate', 'at'], deduplicate.at],
  ];
  return places.flatMap(([place, name]): Problem[] => {
    const path = [...at, ...place];
    if (local.has(name))
      return [
        { path, problem: `names ${name}, a local column`, fix: 'Name columns that come from the source.' },
      ];
    if (columns === null || known.includes(name)) return [];
    return [{ path, problem: `names "${name}", which is no column of the mirror`, fix: meant(name, known) }];
  });
}
