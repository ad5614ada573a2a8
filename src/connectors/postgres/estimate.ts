/** What the planner expects of a SELECT: rows, their width, and what it would read. */
import type pg from 'pg';

export type Estimate = {
  readonly rows: number;
  readonly rowBytes: number;
  /** Node types of the plan (`Seq Scan`, `Foreign Scan` …) and join types (`Inner`). */
  readonly nodes: ReadonlySet<string>;
  readonly joins: ReadonlySet<string>;
};

type PlanNode = {
  readonly 'Node Type': string;
  readonly 'Join Type'?: string;
  readonly 'Plan Rows': number;
  readonly 'Plan Width': number;
  readonly Plans?: readonly PlanNode[];
};

export async function estimate(client: pg.PoolClient, select: string): Promise<Estimate> {
  const { rows } = await client.query<Record<string, string>>(`EXPLAIN (FORMAT JSON) ${select}`);
  const [explained] = JSON.parse(rows[0]?.['QUERY PLAN'] ?? '[]') as { Plan: PlanNode }[];
  const nodes = new Set<string>();
  const joins = new Set<string>();
  const visit = (node: PlanNode): void => {
    nodes.add(node['Node Type']);
    if (node['Join Type'] !== undefined) joins.add(node['Join Type']);
    for (const child of node.Plans ?? []) visit(child);
  };
  if (explained !== undefined) visit(explained.Plan);
  return {
    rows: explained?.Plan['Plan Rows'] ?? 0,
    rowBytes: Math.max(1, explained?.Plan['Plan Width'] ?? 1),
    nodes,
    joins,
  };
}
