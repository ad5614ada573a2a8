/**
 * How a source's columns differ from those of the last run (C21). Only columns that the entity reads count. What is
 * compatible may be applied by a run; anything else stops the entity before it deletes or loads a row.
 */
import { findColumn } from './bind-columns.ts';
import type { EntitySpec, SourceColumn } from './entity.ts';
import { canHold, sameOrder } from './types.ts';

export type ColumnDrift = {
  readonly kind: 'added' | 'dropped' | 'widened' | 'narrowed' | 'type-changed';
  /** Of the source. */
  readonly column: string;
  /** true: nothing can be lost by going on, the mirror follows or needs no change. */
  readonly compatible: boolean;
  /** true: rows that did not change at the source have another content now, so increments would miss them. */
  readonly needsFull: boolean;
  readonly description: string;
  readonly remedy: string;
};

export type DriftInput = {
  readonly spec: EntitySpec;
  /** As of the last run. */
  readonly stored: readonly SourceColumn[];
  /** As the connector describes them now. */
  readonly described: readonly SourceColumn[];
  /** Columns that the mirror has, when it is known: a dropped column that is gone there too needs nothing more. */
  readonly mirrorColumns?: ReadonlySet<string>;
};

export function compareColumns(input: DriftInput): ColumnDrift[] {
  const { stored, described } = input;
  const before = new Map(stored.map((column) => [column.name, column]));
  const now = new Map(described.map((column) => [column.name, column]));
  const isRead = readsColumn(input.spec, [...stored, ...described]);
  return [
    ...stored
      .filter(({ name }) => isRead(name) && !now.has(name))
      .flatMap((column) => dropped(input, column)),
    ...described.flatMap((column): ColumnDrift[] => {
      if (!isRead(column.name)) return [];
      const old = before.get(column.name);
      return old === undefined ? [added(column)] : changed(input.spec, old, column);
    }),
  ];
}

/** Only what the mirror or a rule uses: other columns of a table come and go without a word. */
function readsColumn(
  { columns, key, changedAt, softDelete }: EntitySpec,
  known: readonly SourceColumn[],
): (name: string) => boolean {
  // `compute` may look at any column.
  if (columns === null || columns.some(({ role }) => role === 'compute')) return () => true;
  const named = [
    ...columns.flatMap((column) => (column.role === 'from' ? [column.from] : [])),
    ...key,
    ...(changedAt?.columns ?? []),
    ...(softDelete === null ? [] : [softDelete.column]),
  ];
  const names = new Set(named.map((name) => findColumn(known, name)?.name ?? name));
  return (name) => names.has(name);
}

function added(column: SourceColumn): ColumnDrift {
  const { name, sourceType, mirrorType, problem } = column;
  const base = {
    kind: 'added',
    column: name,
    description: `${name} ${sourceType} is new at the source`,
  } as const;
  if (mirrorType !== null) {
    return {
      ...base,
      compatible: true,
      needsFull: true,
      remedy: 'Run `syncline plan --apply`; the next run is full and fills the column.',
    };
  }
  const remedy = `No PostgreSQL type holds it${problem === undefined ? '' : ` (${problem})`}: list the columns of the entity without ${name}, or with a \`type\`.`;
  return { ...base, compatible: false, needsFull: false, remedy };
}

function dropped({ spec, mirrorColumns }: DriftInput, { name, sourceType }: SourceColumn): ColumnDrift[] {
  const mirrored = spec.columns === null ? [name.toLowerCase()] : mirrorNames(spec, name);
  if (
    mirrorColumns !== undefined &&
    !isNamed(spec, name) &&
    !mirrored.some((column) => mirrorColumns.has(column))
  )
    return [];
  const { schema, table } = spec.mirror;
  const remedy =
    spec.columns === null
      ? `Bring it back at the source, or drop it here too: ALTER TABLE ${schema}.${table} DROP COLUMN ${mirrored[0]}.`
      : 'Bring it back at the source, or remove it from the configuration and from the functions that use it.';
  const description = `${name} ${sourceType} is gone from the source`;
  return [{ kind: 'dropped', column: name, compatible: false, needsFull: false, description, remedy }];
}

/** Columns that the configuration names itself have to be there, whatever the mirror has. */
function isNamed(spec: EntitySpec, name: string): boolean {
  const named = [
    ...spec.key,
    ...(spec.changedAt?.columns ?? []),
    spec.softDelete?.column ?? '',
    ...mirrorSources(spec),
  ];
  return named.some((other) => other.toLowerCase() === name.toLowerCase());
}

function mirrorSources({ columns }: EntitySpec): string[] {
  return (columns ?? []).flatMap((column) => (column.role === 'from' ? [column.from] : []));
}

function mirrorNames({ columns }: EntitySpec, source: string): string[] {
  return (columns ?? []).flatMap((column) =>
    column.role === 'from' && column.from.toLowerCase() === source.toLowerCase() ? [column.name] : [],
  );
}

function changed(spec: EntitySpec, old: SourceColumn, now: SourceColumn): ColumnDrift[] {
  if (old.sourceType === now.sourceType && old.mirrorType === now.mirrorType) return [];
  const base = {
    column: now.name,
    needsFull: false,
    description: `${now.name} was ${old.sourceType} and is ${now.sourceType} at the source`,
  };
  const natural = fitOf(old, now);
  const kind = kindOf(old, now);
  const overrides = overridesOf(spec, now.name);
  if (now.mirrorType !== null && overrides !== null) {
    const unfit = overrides.find((type) => canHold(type, now.mirrorType as string) !== 'yes');
    if (unfit === undefined)
      return [
        { ...base, kind, compatible: true, remedy: `Nothing to do: ${overrides.join(', ')} holds it.` },
      ];
  }
  if (natural === 'yes')
    return [{ ...base, kind, compatible: true, remedy: 'Nothing to do: the mirror holds every value.' }];
  if (natural === 'widen' && overrides === null) {
    const remedy = 'Run `syncline plan --apply`: the mirror’s column becomes wider.';
    return [{ ...base, kind, compatible: true, remedy }];
  }
  const remedy =
    'The mirror’s column cannot hold it as it is: change its type by hand as `syncline plan` shows, or give the column a `type` that holds both.';
  return [{ ...base, kind, compatible: false, remedy }];
}

/**
 * By the catalogue's own types where they tell: numeric(10,2) and numeric(12,2) are both numeric in the mirror, which
 * holds either.
 */
function kindOf(old: SourceColumn, now: SourceColumn): ColumnDrift['kind'] {
  if (old.mirrorType === null || now.mirrorType === null) return 'type-changed';
  if (!sameOrder(old.mirrorType, now.mirrorType)) return 'type-changed';
  const grows = [
    [now.sourceType, old.sourceType],
    [now.mirrorType, old.mirrorType],
  ] as const;
  if (grows.some(([wide, narrow]) => canHold(wide, narrow) === 'yes' && canHold(narrow, wide) !== 'yes'))
    return 'widened';
  return canHold(old.mirrorType, now.mirrorType) === 'yes' ? 'narrowed' : 'type-changed';
}

function fitOf(old: SourceColumn, now: SourceColumn): 'yes' | 'widen' | 'no' {
  return old.mirrorType === null || now.mirrorType === null ? 'no' : canHold(old.mirrorType, now.mirrorType);
}

/** Types that the configuration gives the column; null where it leaves the choice to the source. */
function overridesOf({ columns }: EntitySpec, source: string): string[] | null {
  const copies = (columns ?? []).flatMap((column) =>
    column.role === 'from' && column.from.toLowerCase() === source.toLowerCase() ? [column.type] : [],
  );
  return copies.length > 0 && copies.every((type) => type !== undefined) ? (copies as string[]) : null;
}
