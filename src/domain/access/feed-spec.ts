/** What devices get of an entity: `feed` of an entity's configuration. Without it an entity is not served. */

export type FieldAccess = {
  /** Permission or role without which the field is not shown; null: everybody who sees the row. */
  readonly read: string | null;
  /** Permission or role without which it is not written. */
  readonly write: string | null;
};

export type FeedSpec = {
  /** How old a copy of a device may become, for `Cache-Control`. */
  readonly maxAgeMs: number;
  /** Mirror columns that a pull may filter by. */
  readonly filter: readonly string[];
  /** Name of the partition (of `gateway.partitions`) by mirror column: all of them have to fit. */
  readonly partitions: Readonly<Record<string, string>>;
  /** By mirror column. */
  readonly fields: Readonly<Record<string, FieldAccess>>;
};

/** Mirror columns that say who sees a row; none: everybody whom the entity is served to. */
export function partitionColumns({ feed }: { readonly feed: FeedSpec | null }): string[] {
  return Object.keys(feed?.partitions ?? {});
}

type Writable = {
  readonly feed: FeedSpec | null;
  readonly upload: { readonly operations: readonly string[]; readonly writable: readonly string[] } | null;
  readonly localColumns: readonly { readonly name: string }[];
};

/** Partition columns that nobody may send: where there are some, devices may make rows and cannot, as all of them are needed. */
export function unsendablePartitions(spec: Writable, keyColumns: readonly string[]): string[] {
  if (spec.upload?.operations.includes('insert') !== true) return [];
  const local = spec.localColumns.map(({ name }) => name);
  const sendable = new Set([...spec.upload.writable, ...local, ...keyColumns]);
  return partitionColumns(spec).filter((column) => !sendable.has(column));
}

/** How a partition's values of somebody are found: `gateway.partitions` of the configuration. */
export type PartitionSpec =
  /** The claim lists values, or names of groups, which stand for theirs. */
  | {
      readonly kind: 'set';
      readonly claim: string;
      readonly groups: Readonly<Record<string, readonly string[]>>;
    }
  /** The claim names one of the levels: rows of it and of all lower ones. Lowest first. */
  | { readonly kind: 'levels'; readonly claim: string; readonly levels: readonly string[] }
  /** Rows of a synced table say which values a user has. Both are mirror columns of that entity. */
  | {
      readonly kind: 'membership';
      readonly entity: string;
      readonly userColumn: string;
      readonly valueColumn: string;
    };
