/** `check`'s part about the gateway's login: whether row level security holds for it. */
import type { SyncConfig } from '../domain/config.ts';
import type { Finding } from '../domain/finding.ts';
import { entitiesOf } from '../service/names.ts';
import { assertStoreReady } from '../store/migrate.ts';
import { openStore } from '../store/open.ts';
import { type SlowColumn, slowColumns } from '../store/reader-comparisons.ts';
import { readerFacts } from '../store/reader-setup.ts';
import { tried } from './findings.ts';

const SUBJECT = 'gateway';

export async function checkReader(config: SyncConfig): Promise<Finding[]> {
  if (config.gateway === null) return [];
  const entities = entitiesOf(config);
  const login = entities[0]?.reader;
  if (login === undefined) return [withoutLogin(config)];
  return tried(SUBJECT, async () => {
    const store = await openStore({ ...config.store, applicationName: 'syncline/check' });
    try {
      await assertStoreReady(store);
      const facts = await readerFacts(store, { login, entities });
      if (facts === null) return [missing(login)];
      const { bypasses, owns, lacksStore } = facts;
      const found = [
        ...(bypasses ? [unbound(login, 'is a superuser, or has BYPASSRLS')] : []),
        ...(owns.length > 0 ? [unbound(login, `owns ${owns.join(', ')}`)] : []),
        ...(lacksStore ? [withoutRights(login)] : []),
      ];
      const slow = (await slowColumns(store.pool, entities)).map(withoutIndex);
      if (found.length > 0) return [...found, ...slow];
      return [{ subject: SUBJECT, level: 'ok', message: `reads as ${login}` }, ...slow];
    } finally {
      await store.close();
    }
  });
}

function withoutLogin({ gateway }: SyncConfig): Finding {
  const same = gateway?.store == null ? 'has no login of its own' : 'has the login of `store`';
  return {
    subject: SUBJECT,
    level: 'advice',
    message: `${same}, so that row level security does not stand beneath its partitions`,
    remedy: 'Set gateway.store to a login that owns no mirror, and run `syncline init`: docs/access.md.',
  };
}

function withoutIndex({ entity, column, type }: SlowColumn): Finding {
  return {
    subject: SUBJECT,
    level: 'advice',
    message: `${column} of ${entity} is ${type}, which no index finds beneath row level security: devices' reads look at every row`,
    remedy: `Give it another type in \`columns\` of ${entity}, such as \`type: 'bigint'\`: docs/access.md.`,
  };
}

function missing(login: string): Finding {
  return {
    subject: SUBJECT,
    level: 'error',
    code: 'STORE_NOT_READY',
    message: `there is no login ${login}, which gateway.store names`,
    remedy: 'Run `syncline init`: it says how to make the login, and grants what it needs.',
  };
}

function withoutRights(login: string): Finding {
  return {
    subject: SUBJECT,
    level: 'error',
    code: 'STORE_NOT_READY',
    message: `${login} may not read the store's tables`,
    remedy: 'Run `syncline init`: it grants what the gateway needs.',
  };
}

function unbound(login: string, why: string): Finding {
  return {
    subject: SUBJECT,
    level: 'degraded',
    message: `${login} ${why}: row level security does not hold for it`,
    remedy: 'Give the gateway a login that owns no mirror, without BYPASSRLS: docs/access.md.',
  };
}
