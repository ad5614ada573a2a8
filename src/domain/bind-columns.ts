/** The names and types of a plan: which column of the source becomes which column of the mirror. */
import { closest } from './closest.ts';
import type { ColumnSpec, EntitySpec, MirrorColumn, SourceColumn } from './entity.ts';
import { SyncError } from './errors.ts';
import { whyNoColumn } from './mirror-names.ts';
import { canHold, canRound, normaliseType, parseType, sameOrder } from './types.ts';

/** A spec whose source names are spelled as the source spells them. */
export type NamedSpec = {
  readonly spec: EntitySpec;
  readonly source: readonly SourceColumn[];
  /** By its exact name, which the spec has. */
  readonly column: (name: string) => SourceColumn;
};

/** @throws SyncError SCHEMA_CHANGED naming every column that the source does not have. */
export function bindNames(spec: EntitySpec, source: readonly SourceColumn[]): NamedSpec {
  const missing: string[] = [];
  const find = (name: string, where: string): string => {
    const found = findColumn(source, name);
    if (found === undefined) missing.push(describeMissing(name, where, source));
    return found?.name ?? name;
  };
  const { changedAt, softDelete } = spec;
  const columns = spec.columns?.map((column) =>
    column.role === 'from' ? { ...column, from: find(column.from, `columns.${column.name}.from`) } : column,
  );
  const named: EntitySpec = {
    ...spec,
    key: spec.key.map((name) => find(name, 'key')),
    changedAt: changedAt && {
      ...changedAt,
      columns: changedAt.columns.map((name) => find(name, 'changedAt')),
    },
    softDelete: softDelete && { ...softDelete, column: find(softDelete.column, 'softDelete') },
    columns: columns ?? null,
  };
  if (missing.length > 0) {
    throw new SyncError('SCHEMA_CHANGED', {
      message: `Entity ${spec.entity}: the source has no column ${missing.join(', nor ')}`,
      remedy:
        'Correct the name in the configuration, or bring the column back at the source. Nothing was deleted.',
      details: { missing },
    });
  }
  const byName = new Map(source.map((column) => [column.name, column]));
  return { spec: named, source, column: (name) => byName.get(name) as SourceColumn };
}

/** Exactly, or without regard to case when one column only is meant. */
export function findColumn(source: readonly SourceColumn[], name: string): SourceColumn | undefined {
  const exact = source.find((column) => column.name === name);
  if (exact !== undefined) return exact;
  const similar = source.filter((column) => column.name.toLowerCase() === name.toLowerCase());
  return similar.length === 1 ? similar[0] : undefined;
}

function describeMissing(name: string, where: string, source: readonly SourceColumn[]): string {
  const similar = source.filter((column) => column.name.toLowerCase() === name.toLowerCase());
  if (similar.length > 1)
    return `"${name}" (${where}; write one of ${similar.map((column) => column.name).join(', ')})`;
  const meant = closest(
    name,
    source.map((column) => column.name),
  );
  return `"${name}" (${where}${meant === null ? '' : `; did you mean "${meant}"?`})`;
}

/** Mirror columns, keys first. @throws SyncError TYPE_UNSUPPORTED or CONFIG_INVALID. */
export function bindColumns(named: NamedSpec): MirrorColumn[] {
  const specs = named.spec.columns ?? [...everyColumn(named), ...named.spec.localColumns];
  refuseClashes(named.spec, specs);
  refuseUnsupported(named, specs);
  const keys = named.spec.key.map((source, position) => {
    const spec = specs.find((column) => column.role === 'from' && column.from === source);
    if (spec === undefined)
      throw invalid(
        named.spec,
        `the key ${source} is not among the columns`,
        `Add it: ${source.toLowerCase()}: { from: '${source}' }.`,
      );
    return { ...mirrorColumn(named, spec), keyPosition: position };
  });
  const keyNames = new Set(keys.map(({ name }) => name));
  return [
    ...keys,
    ...specs.filter(({ name }) => !keyNames.has(name)).map((spec) => mirrorColumn(named, spec)),
  ];
}

function everyColumn({ source }: NamedSpec): ColumnSpec[] {
  return source.map(({ name }) => ({ role: 'from', name: name.toLowerCase(), from: name }));
}

function refuseClashes(spec: EntitySpec, columns: readonly ColumnSpec[]): void {
  const seen = new Set<string>();
  for (const { name, role } of columns) {
    const reason = whyNoColumn(name);
    if (reason !== null)
      throw invalid(
        spec,
        `column ${name}: ${reason}`,
        'List the columns in `columns` and give this one another name there.',
      );
    if (seen.has(name)) {
      const what =
        role === 'local'
          ? `the local column ${name} has the name of a source column`
          : `two source columns would be ${name} in the mirror`;
      throw invalid(spec, what, 'List the columns in `columns`, each with a name of its own.');
    }
    seen.add(name);
  }
}

function refuseUnsupported({ spec, column }: NamedSpec, columns: readonly ColumnSpec[]): void {
  const unsupported = columns.flatMap((mirrored) => {
    if (mirrored.role !== 'from' || mirrored.type !== undefined) return [];
    const { name, mirrorType, sourceType, problem } = column(mirrored.from);
    return mirrorType === null
      ? [`${name} (${sourceType}${problem === undefined ? '' : `: ${problem}`})`]
      : [];
  });
  if (unsupported.length === 0) return;
  throw new SyncError('TYPE_UNSUPPORTED', {
    message: `Entity ${spec.entity}: no PostgreSQL type holds every value of ${unsupported.join(', ')}`,
    details: { columns: unsupported },
  });
}

function mirrorColumn(named: NamedSpec, spec: ColumnSpec): MirrorColumn {
  const from = spec.role === 'from' ? spec.from : null;
  const type = spec.role === 'from' ? copiedType(named, spec) : normaliseType(spec.type);
  return { name: spec.name, type, role: spec.role, keyPosition: null, from };
}

/** The mirror's numeric is unconstrained: a source may widen its own without a change here. */
function copiedType(named: NamedSpec, spec: Extract<ColumnSpec, { role: 'from' }>): string {
  const source = named.column(spec.from);
  const natural = source.mirrorType === null ? null : normaliseType(source.mirrorType);
  if (spec.type === undefined) {
    const bare = parseType(natural as string);
    return bare.base === 'numeric' ? `numeric${bare.array ? '[]' : ''}` : (natural as string);
  }
  const type = normaliseType(spec.type);
  const isKey = named.spec.key.includes(spec.from);
  if (isKey && natural !== null && !sameOrder(type, natural)) {
    throw invalid(
      named.spec,
      `the key ${spec.name} cannot be ${type}: the source orders it as ${natural}`,
      'Leave its `type` out.',
    );
  }
  if (holdsAll(type, source)) return type;
  // Without a type that holds them all, the source's own may still be a wider form of it: TIMESTAMP(9).
  const rounds = canRound(type, natural ?? source.sourceType);
  if (rounds && spec.rounding === true && !isKey) return type;
  const remedy = isKey
    ? 'Leave the `type` of a key out: two keys that round to one would be one row.'
    : rounds
      ? `Write rounding: true beside the type if that loss is meant, or ${natural === null ? "choose 'text'" : `leave the type out (${natural})`}.`
      : `Leave the type out (${natural ?? 'none is known'}), choose 'text', or make the value with \`compute\`.`;
  throw invalid(
    named.spec,
    `column ${spec.name}: ${type} cannot hold every ${source.sourceType} of ${source.name}`,
    remedy,
  );
}

/** The source's own type may promise more than the mirror's: numeric(10,2) is mirrored as numeric. */
function holdsAll(type: string, { mirrorType, sourceType }: SourceColumn): boolean {
  if (canHold(type, mirrorType ?? sourceType) === 'yes') return true;
  if (mirrorType === null) return false;
  const declared = normaliseType(sourceType.replace(/^number\b/i, 'numeric'));
  return sameOrder(declared, mirrorType) && canHold(type, declared) === 'yes';
}

function invalid(spec: EntitySpec, problem: string, remedy: string): SyncError {
  return new SyncError('CONFIG_INVALID', { message: `Entity ${spec.entity}: ${problem}`, remedy });
}
