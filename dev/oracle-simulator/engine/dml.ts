/** INSERT, UPDATE, DELETE, MERGE: once, or once for each row of an array of binds. */

import type { DmlResult } from '../types.ts';
import { arrayDml } from './array-dml.ts';
import { asOracle, type Core } from './core.ts';
import { type DmlRun, dmlCommand, dmlContext, prepareDml, resultOf } from './dml-statement.ts';
import type { Answer } from './pipeline.ts';
import { explainTooLong } from './too-long.ts';

export async function runDml(core: Core, run: DmlRun): Promise<DmlResult> {
  if (run.rows.length === 0) return { rowCounts: [], returned: [], errors: [] };
  const prepared = await prepareDml(core, run.plan, { binds: run.binds, into: run.options.returning });
  const context = dmlContext(core, run.plan, run.statement.text);
  if (run.rows.length > 1) return await arrayDml(core, run, { ...prepared, context });
  try {
    const [answer] = await asOracle(context, async () =>
      core.transaction.statement([await dmlCommand(core, prepared, run)], 'mayWrite'),
    );
    return await resultOf(core, run, { prepared, answers: [answer as Answer] });
  } catch (failure) {
    const error = await explainTooLong(core, run, { error: failure as Error, row: run.rows[0] ?? [] });
    if (run.options.onError === 'stop') throw error;
    return { rowCounts: [0], returned: [[]], errors: [{ offset: 0, error }] };
  } finally {
    await core.transaction.settle();
  }
}
