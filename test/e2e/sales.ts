/** The table that the fault tests sync: many small chunks, so that a fault finds the run in the middle. */
import type { World } from './world.ts';

export const SALES_COLUMNS = 'id, amount, note, updated_at';

export function salesTable(rows: number): string {
  return `
    CREATE TABLE sales (id bigint PRIMARY KEY, amount numeric(12, 2) NOT NULL, note text, updated_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO sales SELECT n, n % 1000 / 7.0, 'sale ' || n FROM generate_series(1, ${rows}) AS n`;
}

/** Text of a pipeline with the one entity `sales`. `more`: settings of the pipeline. */
export function salesPipeline(
  pipeline: string,
  { chunkRows, lanes = 2, more = '' }: { chunkRows: number; lanes?: number; more?: string },
): string {
  return `{ ${pipeline}: { source: 'shop', ${more} entities: { sales: {
    read: { table: 'public.sales' }, key: 'id', changedAt: 'updated_at', mirror: 'pos.sales', lanes: ${lanes},
    validate: z.object({ amount: decimal({ min: '0' }) }), chunkRows: ${chunkRows} } } } }`;
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
