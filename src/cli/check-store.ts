/** `check`'s part about the store. */
import type { SyncConfig } from '../domain/config.ts';
import { clockFindings, type Finding } from '../domain/finding.ts';
import { instantToMicros } from '../domain/instants.ts';
import { entitiesOf } from '../service/names.ts';
import { assertStoreReady } from '../store/migrate.ts';
import { openStore } from '../store/open.ts';
import { missingGrants, readStoreFacts } from '../store/store-facts.ts';
import { tried } from './findings.ts';

export type CheckedStore = {
  readonly findings: Finding[];
  /** Which cluster the store is in; null when that could not be found out. */
  readonly systemId: string | null;
};

export async function checkStore(config: SyncConfig): Promise<CheckedStore> {
  let systemId: string | null = null;
  const findings = await tried('store', async () => {
    const store = await openStore({ ...config.store, applicationName: 'syncline/check' });
    try {
      const before = Date.now();
      await assertStoreReady(store);
      const asked = Date.now();
      const facts = await readStoreFacts(store.pool);
      systemId = facts.systemId;
      const offsetMs = Number(instantToMicros(facts.now) / 1_000n) - (asked + Date.now()) / 2;
      const grants = await missingGrants(
        store.pool,
        entitiesOf(config).map(({ mirror }) => mirror),
      );
      return [
        {
          subject: 'store',
          level: 'ok',
          message: `PostgreSQL ${facts.version}, answers in ${asked - before} ms`,
          details: { version: facts.version, clockOffsetMs: Math.round(offsetMs) },
        },
        ...clockFindings('store', offsetMs),
        ...grants.map(
          ({ schema, table, login, sql }): Finding => ({
            subject: 'store',
            level: 'error',
            code: 'STORE_NOT_READY',
            message: `${login} may not make or change the mirror ${schema}.${table}`,
            remedy: sql,
          }),
        ),
      ];
    } finally {
      await store.close();
    }
  });
  return { findings, systemId };
}
