/**
 * Where a piece lands before it is merged: a temporary table of the session, typed like the piece, emptied by every
 * commit. It is made once per session and plan; a plan with other columns gets another table.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { EntityPlan, MirrorColumn } from '../domain/entity.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import type { LoadSession } from './load-session.ts';
import { readMirror } from './mirror-catalogue.ts';
import { keyCollation } from './mirror-columns.ts';

export type StagedColumn = { readonly name: string; readonly type: string };

export type Staging = {
  /** The table, as SQL. */
  readonly table: string;
  /** In the order of the piece: loaded columns, then the extras of the plan. */
  readonly copied: readonly StagedColumn[];
  /** Local columns with an onSource rule: what the rule decided, see on-source.ts. */
  readonly ruled: readonly MirrorColumn[];
  /** Types that the mirror really has, which may be wider than the plan's. */
  readonly mirrorTypes: ReadonlyMap<string, string>;
};

/** A piece of an entity on its way through staging. */
export type Staged = { readonly session: LoadSession; readonly plan: EntityPlan; readonly staging: Staging };

export async function openStaging(session: LoadSession, plan: EntityPlan): Promise<Staged> {
  const { client } = session;
  const copied = [...plan.loadColumns, ...plan.stagingExtras].map(({ name, type }) => ({ name, type }));
  const ruled = ruledColumns(plan);
  const columns = [
    ...copied.map(
      ({ name, type }) => `${quoteIdent(name)} ${type}${isKey(plan, name) ? keyCollation(type) : ''}`,
    ),
    ...ruled.map(({ name, type }) => `${quoteIdent(name)} ${type}`),
  ].join(', ');
  const hash = createHash('sha256').update(columns).digest('hex').slice(0, 20);
  const name = `syncline_stage_${hash}`;
  await createOnce(client, name, columns);
  const staging = { table: `pg_temp.${name}`, copied, ruled, mirrorTypes: await mirrorTypes(client, plan) };
  return { session, plan, staging };
}

export function ruledColumns(plan: EntityPlan): MirrorColumn[] {
  const ruled = new Set(
    plan.spec.localColumns.filter((column) => column.onSource).map((column) => column.name),
  );
  return plan.mirrorColumns.filter((column) => ruled.has(column.name));
}

/** The column list of the staging table that a piece of layout 'staging' fills. */
export function copiedNames(staging: Staging): string {
  return staging.copied.map(({ name }) => quoteIdent(name)).join(', ');
}

/** IF NOT EXISTS alone would send a notice with every piece. */
export async function createOnce(client: pg.ClientBase, name: string, columns: string): Promise<void> {
  const { rows } = await client.query<{ missing: boolean }>(
    `SELECT to_regclass('pg_temp.' || $1) IS NULL AS missing`,
    [name],
  );
  if (rows[0]?.missing === false) return;
  await client.query(`CREATE TEMPORARY TABLE ${name} (${columns}) ON COMMIT DELETE ROWS`);
}

/** Between loads of one transaction: entities whose pieces look alike share their tables. */
export async function emptyStaging({ client }: Pick<LoadSession, 'client'>): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(relname) AS name FROM pg_catalog.pg_class
      WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r' AND relname LIKE 'syncline\\_%'`,
  );
  if (rows.length === 0) return;
  await client.query(`TRUNCATE ${rows.map(({ name }) => `pg_temp.${name}`).join(', ')}`);
}

function isKey(plan: EntityPlan, name: string): boolean {
  return plan.keyColumns.includes(name);
}

/** A plan lives as long as its run's entity in this process; the mirror does not change under it. */
const typesOfMirrors = new WeakMap<EntityPlan, ReadonlyMap<string, string>>();

async function mirrorTypes(db: Db, plan: EntityPlan): Promise<ReadonlyMap<string, string>> {
  const known = typesOfMirrors.get(plan);
  if (known !== undefined) return known;
  const table = await readMirror(db, plan);
  const types = new Map([...(table?.columns.values() ?? [])].map(({ name, type }) => [name, type]));
  if (types.size > 0) typesOfMirrors.set(plan, types);
  return types;
}
