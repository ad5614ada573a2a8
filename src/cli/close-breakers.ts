/** A source that answered `check` need not be left alone any longer: its breaker is closed. */
import type { SyncConfig } from '../domain/config.ts';
import type { Finding } from '../domain/finding.ts';
import { countSuccess } from '../store/breaker.ts';
import { openStore } from '../store/open.ts';
import { tried } from './findings.ts';

/** Later than every failure that is stored. */
const NOW_OR_LATER = 'infinity';

/** `sources`: those that answered just now. */
export async function closeBreakers(config: SyncConfig, sources: readonly string[]): Promise<Finding[]> {
  if (sources.length === 0) return [];
  return tried('store', async () => {
    const store = await openStore({ ...config.store, applicationName: 'syncline/check' });
    try {
      const findings: Finding[] = [];
      for (const source of sources) {
        if (!(await countSuccess(store.pool, { source, enteredAt: NOW_OR_LATER }))) continue;
        const message = 'its failures are forgotten: runs use it again at once';
        findings.push({ subject: `source ${source}`, level: 'ok', message });
      }
      return findings;
    } finally {
      await store.close();
    }
  });
}
