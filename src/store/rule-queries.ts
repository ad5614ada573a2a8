/** What business rules ask of the store: a subquery, so that it only reads; values as configuration functions see them. */
import { SyncError } from '../domain/errors.ts';
import type { Row, Value } from '../domain/row.ts';
import { classifyPgError } from '../pg/errors.ts';
import type { Db } from '../pg/pool.ts';
import { isRowError } from './poison.ts';

const MOST_ROWS = 10_000;

type Query = {
  readonly rule: string;
  readonly query: string;
  readonly sql: string;
  readonly params: readonly Value[];
};

/** @throws SyncError RULE_QUERY_FAILED when PostgreSQL refuses it, or it gives too many rows. */
export async function runRuleQuery(db: Db, { rule, query, sql, params }: Query): Promise<readonly Row[]> {
  const failed = (why: string, cause?: unknown): SyncError =>
    new SyncError('RULE_QUERY_FAILED', { message: `Query ${query} of rule ${rule}: ${why}`, cause });
  const { rows } = await db
    .query<Row>({
      text: `SELECT * FROM (${sql}) AS asked LIMIT ${MOST_ROWS + 1}`,
      values: [...params],
      types: { getTypeParser: (oid: number) => PARSERS.get(oid) ?? String },
    })
    .catch((error: unknown) => {
      if (!isRowError(error) && classifyPgError(error) !== 'query') throw error;
      throw failed(`PostgreSQL refuses it (${(error as { code?: string }).code})`, error);
    });
  if (rows.length > MOST_ROWS) throw failed(`it gives more than ${MOST_ROWS} rows`);
  return rows;
}

/** Small integers and floats are numbers, booleans are booleans; all else is PostgreSQL's text. */
const PARSERS: ReadonlyMap<number, (text: string) => Value> = new Map<number, (text: string) => Value>([
  [16, (text) => text === 't'],
  [21, Number],
  [23, Number],
  [700, Number],
  [701, Number],
]);
