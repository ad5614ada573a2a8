/** The table that the fault tests sync: many small chunks, so that a fault finds the run in the middle. */
import type { World } from './world.ts';

export const SALES_COLUMNS = 'id, amount, note, updated_at';

/** The rows are older than what the catch-up of a full run reads again, so that a run counts each of them once. */
export function salesTable(rows: number): string {
  return `
    CREATE TABLE sales (id bigint PRIMARY KEY, amount numeric(12, 2) NOT NULL, note text, updated_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO sales SELECT n, n % 1000 / 7.0, 'sale ' || n, now() - interval '1 hour' FROM generate_series(1, ${rows}) AS n`;
}

/** The same as tables of Oracle: statements for the user SHOP, then PostgreSQL's for the rows, which is faster. */
export const ORACLE_SALES = [
  `CREATE TABLE sales (id NUMBER(18) PRIMARY KEY, amount NUMBER(12, 2) NOT NULL, note VARCHAR2(40), flag CHAR(3),
     updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT SYSTIMESTAMP NOT NULL)`,
  'CREATE INDEX sales_at ON sales (updated_at, id)',
];

export function fillOracleSales(rows: number): string {
  return `INSERT INTO "SHOP"."SALES" SELECT n, n % 1000 / 7.0, CASE WHEN n % 10 > 0 THEN 'sale ' || n END, 'x', now() - interval '1 hour'
            FROM generate_series(1, ${rows}) AS n`;
}

type SalesSettings = {
  readonly chunkRows: number;
  readonly lanes?: number;
  /** Text of a schema. */
  readonly validate?: string;
  /** Text of more settings of the pipeline. */
  readonly more?: string;
};

/** Text of the same pipeline, its source an Oracle. */
export function oracleSalesPipeline(pipeline: string, settings: { readonly chunkRows: number }): string {
  return `{ ${pipeline}: { source: 'shop', entities: { sales: {
    read: { table: 'SHOP.SALES' }, key: 'ID', changedAt: 'UPDATED_AT', mirror: 'pos.sales',
    validate: z.object({ amount: decimal({ min: '0' }) }), chunkRows: ${settings.chunkRows} } } } }`;
}

/** Text of a pipeline with the one entity `sales`. */
export function salesPipeline(pipeline: string, settings: SalesSettings): string {
  const {
    chunkRows,
    lanes = 2,
    validate = "z.object({ amount: decimal({ min: '0' }) })",
    more = '',
  } = settings;
  return `{ ${pipeline}: { source: 'shop', ${more} entities: { sales: {
    read: { table: 'public.sales' }, key: 'id', changedAt: 'updated_at', mirror: 'pos.sales', lanes: ${lanes},
    validate: ${validate}, chunkRows: ${chunkRows} } } } }`;
}

export type Comparison = { readonly lost: number; readonly different: number; readonly mirrorRows: number };

/** The mirror against the source, row by row. */
export async function compareSales(world: World): Promise<Comparison> {
  return compareRows(world, { there: 'sales', columns: SALES_COLUMNS });
}

/** The simulator's tables are PostgreSQL's, and its values print as the mirror's; a NUMBER has no zeros at its end. */
export async function compareOracleSales(world: World): Promise<Comparison> {
  const columns = 'id, amount, note, flag, updated_at';
  return compareRows(world, {
    there: `(SELECT "ID" AS id, trim_scale("AMOUNT") AS amount, "NOTE" AS note, "FLAG" AS flag, "UPDATED_AT" AS updated_at FROM "SHOP"."SALES") AS sales`,
    columns,
  });
}

async function compareRows(
  world: World,
  { there: table, columns }: { readonly there: string; readonly columns: string },
): Promise<Comparison> {
  const row = `id::text, row(${columns})::text AS row`;
  const [there, here] = await Promise.all([
    world.source.query<{ id: string; row: string }>(`SELECT ${row} FROM ${table}`),
    world.store.pool.query<{ id: string; row: string }>(
      `SELECT ${row} FROM pos.sales WHERE sync_deleted_at IS NULL`,
    ),
  ]);
  const mirror = new Map(here.rows.map(({ id, row }) => [id, row]));
  return {
    lost: there.rows.filter(({ id }) => !mirror.has(id)).length,
    different: there.rows.filter(({ id, row }) => mirror.has(id) && mirror.get(id) !== row).length,
    mirrorRows: here.rows.length,
  };
}
