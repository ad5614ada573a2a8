import { startTemporal } from '../../dev/temporal-server/start.ts';
import { searchAttributes } from '../../src/domain/search-attributes.ts';
import type { TemporalAddress } from './supply.ts';

export async function makeTemporal(): Promise<{ value: TemporalAddress; remove(): Promise<void> }> {
  const server = await startTemporal({
    ui: false,
    searchAttributes: Object.values(searchAttributes),
    log: (line) => process.stderr.write(`${line}\n`),
  });
  return { value: { address: server.address, namespace: server.namespace }, remove: server.stop };
}
