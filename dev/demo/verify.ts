/**
 * Does the mirror hold what the source holds? Row counts and order-independent digests of both sides, by the connector's
 * own checksum. Rows that the mirror leaves out by rule (duplicates, quarantine) are left out of both.
 */
import type oracledb from 'oracledb';
import type { Source } from '../../src/connectors/contract.ts';
import { bindPlan } from '../../src/domain/bind-plan.ts';
import { canonicalRowSql, canonicalRowText, digestOf, digestSql } from '../../src/domain/checksum.ts';
import type { EntityPlan, EntitySpec } from '../../src/domain/entity.ts';
import { keySql } from '../../src/domain/keys.ts';
import { quoteIdent } from '../../src/pg/identifiers.ts';
import type { Db } from '../../src/pg/pool.ts';

export type Comparison = {
  readonly what: string;
  readonly sourceRows: number;
  readonly mirrorRows: number;
  readonly equal: boolean;
};

type Digest = { readonly rows: number; readonly digest: string };

const EVERYTHING = { lower: null, upper: null } as const;
const WHOLE_NUMBER = /^\d+$/;
/** Of an IN list, in Oracle. */
const MAX_LIST = 1_000;

/** Every column that is mirrored as it is. The key is one whole number. */
export async function compareEntity(source: Source, store: Db, spec: EntitySpec): Promise<Comparison> {
  const { signal } = new AbortController();
  const plan = bindPlan(spec, await source.describe(spec, signal));
  const leftOut = await leftOutKeys(store, spec.entity);
  const there = await source.canonicalChecksum(without(plan, leftOut), EVERYTHING, signal);
  const here = await mirrorDigest(store, plan, leftOut);
  return comparison(`${spec.mirror.schema}.${spec.mirror.table}`, there, here);
}

async function leftOutKeys(store: Db, entity: string): Promise<string[]> {
  const { rows } = await store.query<{ key: string }>(
    `SELECT key FROM syncline.skipped_row WHERE entity = $1 UNION SELECT key FROM syncline.quarantine WHERE entity = $1`,
    [entity],
  );
  return rows.map(({ key }) => key);
}

/** The plan of a read that does not see the rows of these keys. */
function without(plan: EntityPlan, keys: readonly string[]): EntityPlan {
  if (keys.length === 0) return plan;
  const odd = keys.find((key) => !WHOLE_NUMBER.test(key));
  if (odd !== undefined) throw new Error(`The key ${odd} of ${plan.spec.entity} is no whole number`);
  const [name] = plan.spec.key;
  const lists: string[] = [];
  for (let at = 0; at < keys.length; at += MAX_LIST)
    lists.push(`"${name}" NOT IN (${keys.slice(at, at + MAX_LIST).join(', ')})`);
  return { ...plan, spec: { ...plan.spec, read: { ...plan.spec.read, where: lists.join(' AND ') } } };
}

async function mirrorDigest(store: Db, plan: EntityPlan, leftOut: readonly string[]): Promise<Digest> {
  const columns = plan.loadColumns
    .filter(({ role }) => role === 'from')
    .map(({ name, type }) => ({ expression: quoteIdent(name), type }));
  const key = plan.mirrorColumns
    .filter(({ keyPosition }) => keyPosition !== null)
    .map(({ name, type }) => ({ expression: quoteIdent(name), type }));
  const { schema, table } = plan.spec.mirror;
  const { rows } = await store.query<Digest>(
    `SELECT count(*)::int AS rows, ${digestSql(canonicalRowSql(columns))} AS digest
       FROM ${quoteIdent(schema)}.${quoteIdent(table)}
      WHERE sync_deleted_at IS NULL AND ${keySql(key)} <> ALL ($1::text[])`,
    [leftOut],
  );
  return rows[0] as Digest;
}

/** What the configuration computes of employees, against the same said in Oracle's SQL. */
export async function compareComputed(connection: oracledb.Connection, store: Db): Promise<Comparison> {
  const { rows = [] } = await connection.execute<string[]>(
    `SELECT TO_CHAR(employee_id), CASE WHEN first_name IS NULL THEN last_name ELSE first_name || ' ' || last_name END,
            DECODE(active, 'Y', 'true', 'false')
       FROM syncline_demo_employees`,
  );
  const there = { rows: rows.length, digest: digestOf(rows.map(canonicalRowText)) };
  const computed = canonicalRowSql([
    { expression: 'employee_id', type: 'bigint' },
    { expression: 'full_name', type: 'text' },
    { expression: 'active', type: 'boolean' },
  ]);
  const { rows: here } = await store.query<Digest>(
    `SELECT count(*)::int AS rows, ${digestSql(computed)} AS digest FROM hr.employees WHERE sync_deleted_at IS NULL`,
  );
  return comparison('computed columns of hr.employees', there, here[0] as Digest);
}

function comparison(what: string, there: Digest, here: Digest): Comparison {
  const equal = there.rows === here.rows && there.digest === here.digest;
  return { what, sourceRows: there.rows, mirrorRows: here.rows, equal };
}
