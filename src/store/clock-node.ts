/** Who ticks: every process that stamps clocks leases a node of its own. */
import type { Db } from '../pg/pool.ts';

const nodes = new WeakMap<Db, Promise<string>>();

/** Leased once per process and pool: a node is never used by two, nor again after a restart. */
export function clockNode(db: Db): Promise<string> {
  const known = nodes.get(db);
  if (known !== undefined) return known;
  const asked = db
    .query<{ node: string }>("SELECT 'w' || nextval('syncline.clock_node') AS node")
    .then(({ rows }) => (rows[0] as { node: string }).node);
  nodes.set(db, asked);
  asked.catch(() => nodes.delete(db));
  return asked;
}
