import { startTemporal, type TemporalServer } from '../../dev/temporal-server/start.ts';
import { searchAttributes } from '../../src/domain/search-attributes.ts';
import { askSupply } from './ask-supply.ts';
import type { TemporalAddress } from './supply.ts';

/** A Temporal dev server with our search attributes, shared by all test files: keep to a task queue and workflow ids of your own. */
export async function temporalServer(): Promise<TemporalAddress> {
  return askSupply('temporal');
}

/** A server of one test file, with dynamic configuration such as `{ 'limit.historyCount.suggestContinueAsNew': 40 }`. Stop it. */
export async function ownTemporal(dynamicConfig: Readonly<Record<string, unknown>>): Promise<TemporalServer> {
  return startTemporal({
    ui: false,
    searchAttributes: Object.values(searchAttributes),
    log: () => {},
    dynamicConfig,
  });
}

/** The bundle of src/workflows, for Worker.create({ workflowBundle }); made once per run of vitest. */
export async function workflowBundle(): Promise<{ codePath: string }> {
  return askSupply('bundle');
}
