/** An entity as a user writes it. The comments are what an editor shows for each option; docs/configuration.md has more. */
import { z } from 'zod';
import { feedSchema } from './access/feed-schema.ts';
import {
  checked,
  count,
  duration,
  names,
  problem,
  pureFunction,
  section,
  size,
  typeName,
  validator,
  word,
} from './config-fields.ts';
import type { SourceChange } from './entity.ts';
import { whyNoColumn, whyNoIdentifier, whyNoSchema } from './mirror-names.ts';
import type { Row, Value } from './row.ts';
import { uploadSchema } from './upload/upload-schema.ts';

const read = checked(
  section({
    /** Table or view of the source: `'public.orders'`. Instead of `sql`. */
    table: word.optional(),
    /** Query of the source. Every column of the key and of `changedAt` must be in it. Instead of `table`. */
    sql: word.optional(),
    /** Condition on source columns; rows outside it are not of the entity. */
    where: word.optional(),
  }),
  ({ table, sql }) => {
    if ((table === undefined) === (sql === undefined)) {
      return problem(
        table === undefined ? 'has neither table nor sql' : 'has both table and sql',
        "Write either { table: 'schema.table' } or { sql: 'SELECT …' }.",
      );
    }
    if (
      sql === undefined ||
      /^\s*(--[^\n]*\n\s*|\/\*[\s\S]*?\*\/\s*)*(select|with|values|table)\b/i.test(sql)
    )
      return null;
    return problem('is no query', 'Begin `sql` with SELECT or WITH.');
  },
);

const changedAt = z.union(
  [
    names,
    checked(
      section({
        /** Columns of the source with the time of the last change: of every table that the query joins. */
        columns: names,
        /** 'application': the time may be older than the transaction, by up to `overlap`. */
        setBy: z.enum(['database', 'application']).optional(),
        /** Read again below the last watermark by every increment. */
        overlap: duration.optional(),
      }),
      ({ setBy, overlap }) =>
        setBy === 'application' && overlap === undefined
          ? problem(
              'is set by an application, so its times can be late',
              "Say by how much they may be: overlap: '10 minutes'.",
            )
          : null,
    ),
  ],
  { error: 'must be a column name, a list of them, or { columns, setBy, overlap }' },
);

const mirrorName = checked(word, (value) => {
  const [schema = '', table = '', ...rest] = value.split('.');
  if (schema === '' || table === '' || rest.length > 0) {
    return problem('is not the name of a table', "Write schema and table: 'hr.employees'.");
  }
  const why = whyNoSchema(schema) ?? whyNoIdentifier(table);
  return why === null ? null : problem(`cannot be a mirror: ${why}`, 'Choose another name.');
});

const mirror = z.union(
  [
    mirrorName,
    section({
      /** `'schema.table'` */
      table: mirrorName,
      /** Several sources fill the table; `sync_source` becomes part of its key. */
      shared: z.boolean().optional(),
    }),
  ],
  { error: "must be 'schema.table' or { table: 'schema.table', shared: true }" },
);

const value = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: 'must be text, a number, true, false or null',
});

const column = checked(
  section({
    /** Source column. Left out: the column's own name. */
    from: word.optional(),
    /** Value made from the source's row; a pure function. Needs `type`. */
    compute: pureFunction<(row: Row) => Value>('(row) => value').optional(),
    /** Ours: a sync fills it in new rows only, with `default`. */
    local: z.literal(true, { error: 'must be true, or left out' }).optional(),
    /** PostgreSQL type of the mirror's column. Left out: from the source's catalogue, or from `default`. */
    type: typeName.optional(),
    /** The type may round: digits and fractions of seconds that it has no room for. */
    rounding: z.boolean().optional(),
    /** Of a local column: its value in a new row. */
    default: value.optional(),
    /** Of a local column: its new value when the source changed the row; a pure function. */
    onSource: pureFunction<(change: SourceChange) => Value>('({ before, after, value }) => value').optional(),
  }),
  whyNoRole,
);

type ColumnInput = {
  readonly [K in 'from' | 'compute' | 'local' | 'type' | 'rounding' | 'default' | 'onSource']?: unknown;
};

/** A column is copied, computed or local: which, follows from its options. */
function whyNoRole(options: ColumnInput): ReturnType<typeof problem> | null {
  const roles = (['from', 'compute', 'local'] as const).filter((role) => options[role] !== undefined);
  if (roles.length > 1)
    return problem(
      `has ${roles.join(' and ')}`,
      'A column is copied (from), computed (compute) or yours (local): keep one.',
    );
  const role = roles[0] ?? 'from';
  if (role === 'compute' && options.type === undefined)
    return problem('is computed and has no type', "Add the type of the result: type: 'text'.");
  if (role !== 'local') {
    const stray = (['default', 'onSource'] as const).find((option) => options[option] !== undefined);
    if (stray !== undefined)
      return problem(`has ${stray}, which only local columns take`, `Add local: true, or remove ${stray}.`);
  }
  if (options.rounding !== undefined && (role !== 'from' || options.type === undefined)) {
    return problem('has rounding, which only a copied column with a type takes', 'Remove rounding.');
  }
  return null;
}

const columnName = checked(z.string(), (name) => {
  const why = whyNoColumn(name);
  return why === null ? null : problem(`cannot be a column of a mirror: ${why}`, 'Choose another name.');
});

const deduplicate = checked(
  section({
    /** Mirror columns that make two rows the same. NULLs are equal. */
    by: names,
    /** Width of the time buckets. */
    within: duration,
    /** Mirror column with the row's time. */
    at: word,
    /** 'mirror': across all sources of a shared mirror. Default 'entity'. */
    scope: z.enum(['entity', 'mirror']).optional(),
    /** How long a survivor is remembered, counted from its `at`. Default '90 days'. */
    retention: duration.optional(),
  }),
  ({ within, retention }) => {
    if (within === 0)
      return problem('has a `within` of 0', "Write the width of a bucket, such as within: '5 minutes'.");
    if (retention === undefined || retention >= within) return null;
    return problem('forgets survivors within one bucket', 'Make `retention` at least as long as `within`.');
  },
);

const softDelete = z.union(
  [
    word,
    section({
      /** Source column that marks deleted rows. */
      column: word,
      /** Values that mean deleted. Left out: any value but NULL. */
      values: z.array(value).min(1, { error: 'is an empty list' }).optional(),
    }),
  ],
  { error: 'must be a column name or { column, values }' },
);

const percent = z
  .union([z.number(), z.string()], { error: 'must be a number of percent' })
  .transform((written, context) => {
    const number =
      typeof written === 'number'
        ? written
        : Number(/^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(written)?.[1] ?? Number.NaN);
    if (number >= 0 && number <= 100) return number;
    context.addIssue(problem('is not a percentage', "Write a number from 0 to 100, or text such as '20 %'."));
    return z.NEVER;
  }) as unknown as z.ZodType<number, number | `${number} %` | `${number}%`>;

export const entitySchema = section({
  /** What is read: a table or a query of the source. */
  read,
  /** Source column, or columns, that identify a row. */
  key: checked(names, (columns) =>
    new Set(columns).size === columns.length
      ? null
      : problem('names a column twice', 'Name each key column once.'),
  ),
  /** Source column, or columns, with the time of the last change. Without it and `capture` only full runs read the entity. */
  changedAt: changedAt.optional(),
  /** Increments read the log that triggers keep of changed and deleted rows. Needs `read.table`. Default false. */
  capture: z.boolean({ error: 'must be true or false' }).optional(),
  /** Table of the store that holds the rows: `'schema.table'`. */
  mirror,
  /** Columns of the mirror. Left out, or only local ones: every column of the source. */
  columns: z.record(columnName, column).optional(),
  /** Judges rows as the mirror will have them; those that fail are quarantined. zod, or any Standard Schema. */
  validate: validator.optional(),
  /** Rows that are the same within some time: the first one survives. */
  deduplicate: deduplicate.optional(),
  /** Source column that marks deleted rows. */
  softDelete: softDelete.optional(),
  /** Percent of the live rows that one full run may delete. Default 20; 100 switches the guard off. */
  massDeleteGuard: percent.optional(),
  /** More quarantined rows than these make the run PARTIAL. Default: any number is accepted. */
  maxQuarantined: count({ min: 0, max: Number.MAX_SAFE_INTEGER }).optional(),
  /** Most rows of a chunk of a full run. Default 2,000,000. */
  chunkRows: count({ min: 1, max: 10_000_000 }).optional(),
  /** Chunks of the entity that are copied side by side. Default 2. */
  lanes: count({ min: 1, max: 64 }).optional(),
  /** A row with a larger value is quarantined. Default '64 MB'. */
  maxValueBytes: size.optional(),
  /** A compatible change of the source's columns: 'stop' the entity, or 'apply' it. Default 'stop'. */
  schemaChanges: z.enum(['stop', 'apply']).optional(),
  /** What devices and people may change, and how clashes are decided. Left out: nothing. */
  upload: uploadSchema.optional(),
  /** What devices get of it over HTTP. Left out: nothing. */
  feed: feedSchema.optional(),
});

export type EntityInput = z.input<typeof entitySchema>;
export type ParsedEntity = z.output<typeof entitySchema>;
export type ParsedColumn = NonNullable<ParsedEntity['columns']>[string];
