/** COMMIT, ROLLBACK, SAVEPOINT, SET TRANSACTION, SET CONSTRAINTS, LOCK TABLE as statements. */

import type { LockPlan, TransactionPlan } from '../sql/plan.ts';
import { render } from '../sql/render.ts';
import { type Core, renderContext } from './core.ts';
import { flushLobs } from './lob-rows.ts';
import { lockTimeout, lockTimeoutEnd } from './lock-wait.ts';

export async function runTransaction(core: Core, plan: TransactionPlan): Promise<void> {
  const { transaction } = core;
  switch (plan.action) {
    case 'commit':
      await commit(core);
      return;
    case 'rollback':
      await rollback(core);
      return;
    case 'savepoint':
      await transaction.savepoint(plan.name);
      return;
    case 'rollbackTo':
      await transaction.rollbackTo(plan.name);
      return;
    case 'set':
      await transaction.setMode(plan.mode === 'read write' ? 'read committed' : plan.mode);
      return;
    case 'constraints':
      await transaction.statement([{ text: render(plan, renderContext(core, [])).sql }], 'reads');
      // For the transaction that follows, so there has to be one.
      transaction.keep();
  }
}

export async function commit({ transaction, lobs, ...core }: Core): Promise<void> {
  await flushLobs({ transaction, lobs, ...core });
  lobs.unlock();
  await transaction.commit();
}

export async function rollback({ transaction, lobs }: Core): Promise<void> {
  lobs.unlock();
  await transaction.rollback();
}

export async function runLock(core: Core, plan: LockPlan): Promise<void> {
  const { sql } = render(plan, renderContext(core, []));
  await core.transaction.statement(
    [...lockTimeout(plan.wait), { text: sql }, ...lockTimeoutEnd(plan.wait)],
    'locks',
  );
}
