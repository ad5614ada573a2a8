/** The table that the fault tests sync: many small chunks, so that a fault finds the run in the middle. */
import type { World } from './world.ts';

export const SALES_COLUMNS = 'id, amount, note, updated_at';

/** The rows are older than what the catch-up of a full run reads again, so that a run counts each of them once. */
export function salesTable(rows: number): string {
  return `
    CREATE TABLE sales (id bigint PRIMARY KEY, amount numeric(12, 2) NOT NULL, note text, updated_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO sales SELECT n, n % 1000 / 7.0, 'sale ' || n, now() - interval '1 hour' FROM generate_series(1, ${rows}) AS n`;
}

type SalesSettings = {
  readonly chunkRows: number;
  readonly lanes?: number;
  /** Text of a schema. */
  readonly validate?: string;
  /** Text of more settings of the pipeline. */
  readonly more?: string;
};

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
  const row = `id::text, row(${SALES_COLUMNS})::text AS row`;
  const [there, here] = await Promise.all([
    world.source.query<{ id: string; row: string }>(`SELECT ${row} FROM sales`),
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
