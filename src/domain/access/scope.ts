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
