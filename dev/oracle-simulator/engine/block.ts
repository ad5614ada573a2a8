/** Anonymous blocks, step by step, all of it one statement: what fails takes back the whole block. */

import { OraError } from '../ora-error.ts';
import type { BlockPlan, BlockStep, QueryPlan } from '../sql/plan.ts';
import { render } from '../sql/render.ts';
import type { BindType, Cell, Statement } from '../types.ts';
import { assign, type BlockRun, evaluate, valuesOf } from './block-run.ts';
import { asOracle, type Core, renderContext } from './core.ts';
import { dmlCommand, dmlContext, prepareDml } from './dml-statement.ts';
import { lockTimeout, lockTimeoutEnd, waitKind } from './lock-wait.ts';
import type { Answer } from './pipeline.ts';
import { callProcedure } from './procedure-call.ts';
import { showsPlaces } from './query-columns.ts';
import { runTransaction } from './transaction-statement.ts';

/** @returns by bind, the value of those that were assigned. */
export async function runBlock(
  core: Core,
  plan: BlockPlan,
  given: {
    readonly statement: Statement;
    readonly binds: readonly BindType[];
    readonly row: readonly Cell[];
  },
): Promise<readonly (Cell | undefined)[]> {
  const { statement, binds } = given;
  const run: BlockRun = { core, statement, binds, values: [...given.row], assigned: new Set() };
  const scn = plan.asksScn ? String(await core.services.scn.current()) : null;
  await core.transaction.enter();
  try {
    await asOracle({ text: statement.text, commitInProcedure: commitRule(core) }, async () => {
      if (scn !== null) await core.transaction.within([core.settings.set('oracle.current_scn', scn)]);
      for (const step of plan.steps) await runStep(run, step);
    });
    await core.transaction.leave();
  } catch (error) {
    await core.transaction.undo();
    throw error;
  }
  await core.transaction.settle();
  return binds.map((_, index) => (run.assigned.has(index) ? (run.values[index] ?? null) : undefined));
}

function commitRule({ commitInProcedure }: Core): 'refused' | undefined {
  return commitInProcedure === 'refused' ? 'refused' : undefined;
}

async function runStep(run: BlockRun, step: BlockStep): Promise<void> {
  switch (step.kind) {
    case 'null':
      return;
    case 'assign':
      await assign(run, [step.bind], await evaluate(run, step.value));
      return;
    case 'raise':
      await raise(run, step);
      return;
    case 'selectInto':
      await selectInto(run, step);
      return;
    case 'dml':
      await dml(run, step);
      return;
    case 'call':
      await callProcedure(run, step);
      return;
    case 'transaction':
      await transactionStep(run, step.plan);
  }
}

async function raise(run: BlockRun, step: Extract<BlockStep, { kind: 'raise' }>): Promise<void> {
  const number = await evaluate(run, step.number);
  const text = await evaluate(run, step.text);
  await run.core.transaction.within([
    {
      text: 'SELECT oracle.raise_application_error($1::numeric, $2::text)',
      values: [number.rows[0]?.[0] ?? null, text.rows[0]?.[0] ?? null],
    },
  ]);
}

async function selectInto(
  run: BlockRun,
  { query, into }: Extract<BlockStep, { kind: 'selectInto' }>,
): Promise<void> {
  const answer = await firstRows(run, query);
  if (answer.rows.length === 0) throw new OraError(1403, 'no data found');
  if (answer.rows.length > 1)
    throw new OraError(1422, 'exact fetch returns more than requested number of rows');
  await assign(run, into, answer);
}

async function firstRows(run: BlockRun, query: QueryPlan): Promise<Answer> {
  const { core, binds } = run;
  const context = renderContext(core, binds);
  const places = await showsPlaces(core, query);
  const { sql, params } = render(query, places ? { ...context, rowIdentity: 'append' } : context);
  const before = lockTimeout(query.wait);
  const wait = waitKind(query.wait);
  const answers = await asOracle({ text: run.statement.text, wait }, async () =>
    core.transaction.within([
      ...before,
      {
        text: `SELECT * FROM (${sql}) AS found LIMIT 2`,
        values: await valuesOf(run, params),
        fields: 'wanted',
      },
      ...lockTimeoutEnd(query.wait),
    ]),
  );
  return answers[before.length] as Answer;
}

async function dml(run: BlockRun, { plan, into }: Extract<BlockStep, { kind: 'dml' }>): Promise<void> {
  const { core, binds, values, statement } = run;
  const prepared = await prepareDml(core, plan, {
    binds,
    into: into.map((index) => binds[index] as BindType),
  });
  const command = await dmlCommand(core, prepared, { binds, rows: [values] });
  const [answer] = await asOracle(dmlContext(core, plan, statement.text), () =>
    core.transaction.within([command]),
  );
  if (into.length === 0 || answer === undefined) return;
  if (answer.rows.length > 1)
    throw new OraError(1422, 'exact fetch returns more than requested number of rows');
  if (answer.rows.length === 1) await assign(run, into, answer);
}

/** The block's statement ends with the transaction, and goes on in the next one. */
async function transactionStep(run: BlockRun, plan: Parameters<typeof runTransaction>[1]): Promise<void> {
  const { core } = run;
  if (core.commitInProcedure === 'refused' && (plan.action === 'commit' || plan.action === 'rollback')) {
    throw new OraError(34, `cannot ${plan.action.toUpperCase()} in current PL/SQL session`);
  }
  await core.transaction.leave();
  try {
    await runTransaction(core, plan);
  } finally {
    await core.transaction.enter();
  }
}
