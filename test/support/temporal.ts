import { askSupply } from './ask-supply.ts';
import type { TemporalAddress } from './supply.ts';

/** A Temporal dev server with our search attributes, shared by all test files: keep to a task queue and workflow ids of your own. */
export async function temporalServer(): Promise<TemporalAddress> {
  return askSupply('temporal');
}

/** The bundle of src/workflows, for Worker.create({ workflowBundle }); made once per run of vitest. */
export async function workflowBundle(): Promise<{ codePath: string }> {
  return askSupply('bundle');
}
