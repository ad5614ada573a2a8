/** What would make an entity's reads cheaper or safer, for `check` and `plan`. Advice only: nothing depends on it. */
import type { EntitySpec, SourceColumn } from '../../domain/entity.ts';
import type { SourceShape } from '../../domain/source-shape.ts';
import { columnType } from './column-types.ts';
import { hasIndexOn, type TableFacts } from './dictionary.ts';
import type { Estimate } from './estimate.ts';
import { quoteName, quoteTable } from './relation.ts';

type Advice = SourceShape['advice'][number];

export type ToAdvise = {
  readonly spec: EntitySpec;
  readonly columns: readonly SourceColumn[];
  readonly table: TableFacts | null;
  /** null: unknown. */
  readonly indexes: readonly (readonly string[])[] | null;
  readonly estimate: Pick<Estimate, 'objects' | 'joinsInner'>;
  /** false: the login may not look back at the table. */
  readonly mayLookBack: boolean;
  /** The login, for the text of a grant. */
  readonly user: string;
};

export function advise(work: ToAdvise): Advice[] {
  return [...adviseIndexes(work), ...adviseFlashback(work), ...adviseJoins(work)];
}

function adviseIndexes({ spec, columns, table, indexes }: ToAdvise): Advice[] {
  if (table === null || indexes === null) return [];
  const named = (name: string): SourceColumn | undefined =>
    columns.find((column) => column.name === name) ??
    columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  const keys = spec.key.flatMap((name) => named(name)?.name ?? []);
  const name = quoteTable({ schema: table.owner, table: table.name });
  const advice: Advice[] = [];
  if (!hasIndexOn(indexes, keys)) {
    advice.push({
      problem: `No index gives the rows of ${table.owner}.${table.name} in key order: a full run sorts them, or reads them by ROWID and keeps a list of all keys`,
      sql: `CREATE INDEX … ON ${name} (${keys.map(quoteName).join(', ')}) ONLINE;`,
    });
  }
  for (const wanted of spec.changedAt?.columns ?? []) {
    const column = named(wanted);
    if (column === undefined || hasIndexOn(indexes, [column.name]) || isIndexedByExpression(column, indexes))
      continue;
    advice.push({
      problem: `No index begins with ${column.name} of ${table.owner}.${table.name}: every increment reads the whole table`,
      sql: `CREATE INDEX … ON ${name} (${quoteName(column.name)}) ONLINE;`,
    });
  }
  return advice;
}

/** Oracle indexes a TIMESTAMP WITH TIME ZONE by its UTC time, in a hidden column: which one is not looked up. */
function isIndexedByExpression(column: SourceColumn, indexes: readonly (readonly string[])[]): boolean {
  return (
    columnType(column.sourceType).kind === 'zoned' &&
    indexes.some(([first]) => /^SYS_NC\d+\$$/.test(first ?? ''))
  );
}

function adviseFlashback({ table, mayLookBack, user }: ToAdvise): Advice[] {
  if (table === null || mayLookBack) return [];
  return [
    {
      problem: `The login may not look back at ${table.owner}.${table.name}: its chunks are read in read-only transactions instead of AS OF SCN`,
      sql: `GRANT FLASHBACK ON ${quoteTable({ schema: table.owner, table: table.name })} TO ${quoteName(user.toUpperCase())};`,
    },
  ];
}

/** C20: what a joined read misses silently. */
function adviseJoins({ spec, estimate }: ToAdvise): Advice[] {
  if (spec.read.kind === 'table' || spec.changedAt === null) return [];
  const text = withoutComments(spec.read.sql);
  const joins = [...text.matchAll(/\b(?:(LEFT|RIGHT|FULL|CROSS)\s+(?:OUTER\s+)?)?(?:INNER\s+)?JOIN\b/gi)];
  const advice: Advice[] = [];
  if (estimate.joinsInner ?? joins.some(([, outer]) => outer === undefined)) {
    advice.push({
      problem:
        'An inner join drops rows without a partner: a row that loses its partner stays in the mirror until the next full run',
      sql: '-- use LEFT JOIN in read.sql unless that is meant',
    });
  }
  const watched = spec.changedAt.columns.length;
  if (joins.length + 1 > watched && joins.length > 0) {
    advice.push({
      problem: `${joins.length + 1} tables are joined, but changedAt names ${watched === 1 ? 'one column' : `${watched} columns`}: changes of a table without one wait for the next full run`,
      sql: '-- select the time of change of each joined table in read.sql and list it in changedAt',
    });
  }
  return advice;
}

function withoutComments(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
}
