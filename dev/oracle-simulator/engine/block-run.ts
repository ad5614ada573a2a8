/** What the steps of a block share. */

import type { Expression } from '../sql/ast.ts';
import { renderExpression } from '../sql/render.ts';
import type { BindType, Cell, Column, Statement } from '../types.ts';
import { parametersOf } from './cells.ts';
import { boundCells } from './convert.ts';
import { type Core, renderContext } from './core.ts';
import { settleLobs } from './lob-rows.ts';
import type { Answer } from './pipeline.ts';

/** A block at work. Values of binds change as it goes. */
export type BlockRun = {
  readonly core: Core;
  readonly statement: Statement;
  readonly binds: readonly BindType[];
  readonly values: Cell[];
  readonly assigned: Set<number>;
};

/** One row of one column. */
export async function evaluate(run: BlockRun, value: Expression): Promise<Answer> {
  const { core, binds } = run;
  const { sql, params } = renderExpression(value, renderContext(core, binds));
  const text = `SELECT ${sql}`;
  const [answer] = await core.transaction.within([
    { text, values: await valuesOf(run, params), fields: 'wanted' },
  ]);
  return answer as Answer;
}

export async function valuesOf(run: BlockRun, params: readonly number[]): ReturnType<typeof parametersOf> {
  return await parametersOf(params, { binds: run.binds, row: run.values }, run.core.lobs);
}

/** Puts the answer's row into binds. */
export async function assign(
  run: BlockRun,
  into: readonly number[],
  { fields, rows }: Answer,
): Promise<void> {
  const { core, binds } = run;
  const targets = into.map((index) => binds[index] as BindType);
  const columns: readonly Column[] = await core.services.columns(fields.slice(0, into.length));
  const [cells] = await boundCells({ columns, rows }, targets, {
    run: (commands) => core.transaction.within(commands),
    lobs: core.lobs,
  });
  for (const [at, index] of into.entries()) {
    run.values[index] = cells?.[at] ?? null;
    run.assigned.add(index);
  }
  if (cells !== undefined) settleLobs(core.lobs, cells, { row: rows[0] ?? [], fields });
}
