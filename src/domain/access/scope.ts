/** What of an entity somebody may see and change. */
export type EntityScope = {
  /**
   * Values by partition column of the mirror, sorted and without doubles: a row is in scope when each of these columns
   * has one of its values (NULL has none). No columns: every row. An empty list: no row.
   */
  readonly partitions: Readonly<Record<string, readonly string[]>>;
  /** Mirror columns that are shown nowhere: documents, conflicts, ETags, schemas, errors. Sorted. */
  readonly hidden: readonly string[];
  /** Mirror columns that may be seen and not written, beside those that nobody may write. Sorted. */
  readonly readOnly: readonly string[];
};

export const EVERYTHING: EntityScope = { partitions: {}, hidden: [], readOnly: [] };
/** No row: of a column that there is not, it has none of no values. */
export const NOTHING: EntityScope = { partitions: { '': [] }, hidden: [], readOnly: [] };

/** Whether somebody may see a row: its values as PostgreSQL prints them, partition columns at least. */
export function isInScope(
  scope: Pick<EntityScope, 'partitions'>,
  row: Readonly<Record<string, string | null>>,
): boolean {
  return Object.entries(scope.partitions).every(([column, allowed]) => {
    const value = Object.hasOwn(row, column) ? row[column] : null;
    return typeof value === 'string' && allowed.includes(value);
  });
}

/** Whether the entity's partitions leave anything out at all for this scope. */
export function isPartitioned(scope: Pick<EntityScope, 'partitions'>): boolean {
  return Object.keys(scope.partitions).length > 0;
}

/** What cannot be seen cannot be written either: an answer would tell of it. */
export function mayWriteField(scope: Pick<EntityScope, 'hidden' | 'readOnly'>, field: string): boolean {
  return !scope.hidden.includes(field) && !scope.readOnly.includes(field);
}

/** A record by mirror column, such as a side of a conflict, without what its reader may not see. */
export function visibleFields<T>(
  scope: Pick<EntityScope, 'hidden'>,
  record: Readonly<Record<string, T>>,
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([field]) => !scope.hidden.includes(field)));
}
