/** Whether the process is alive, and whether it can serve. */
import { z } from 'zod';
import { type ErrorCode, isSyncError, SyncError } from '../domain/errors.ts';
import { assertStoreReady } from '../store/migrate.ts';
import { pingTemporal } from '../temporal-calls.ts';
import type { GatewayApp } from './app.ts';
import type { GatewayDeps } from './deps.ts';

/** Anybody may ask, as often as he likes. */
const KEPT_MS = 1_000;
/** Less than the time after which probes give up. */
const TIMEOUT_MS = 3_000;

const ROUTE = { config: { access: 'public' }, schema: { tags: ['health'] } } as const;

export function healthRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/health',
    {
      ...ROUTE,
      schema: {
        ...ROUTE.schema,
        summary: 'Whether the process is alive',
        response: { 200: z.object({ status: z.literal('alive') }) },
      },
    },
    async () => ({ status: 'alive' as const }),
  );
  const storeReady = storeCheck(deps);
  const ready = remembered(deps, () => Promise.all([storeReady(), temporalReady(deps)]));
  app.get(
    '/v1/ready',
    {
      ...ROUTE,
      schema: {
        ...ROUTE.schema,
        summary: 'Whether it can serve: store and Temporal answer, and it is not about to end',
        response: { 200: z.object({ status: z.literal('ready') }) },
      },
    },
    async () => {
      if (app.draining.aborted) {
        throw new SyncError('NOT_READY', { message: 'The gateway is about to end' });
      }
      await ready();
      return { status: 'ready' as const };
    },
  );
}

function remembered({ now }: GatewayDeps, look: () => Promise<unknown>): () => Promise<unknown> {
  let last = { at: Number.NEGATIVE_INFINITY, found: Promise.resolve<unknown>(null) };
  return () => {
    if (now() - last.at > KEPT_MS) {
      last = { at: now(), found: look() };
      // Whoever asked hears of it.
      last.found.catch(() => undefined);
    }
    return last.found;
  };
}

/** Migrations are looked at until they are there: none goes away again. */
function storeCheck({ store, logger }: GatewayDeps): () => Promise<void> {
  let isMigrated = false;
  const check = async (): Promise<void> => {
    if (isMigrated) await store.probePool.query('SELECT 1');
    else await assertStoreReady(store);
    isMigrated = true;
  };
  return () => within(TIMEOUT_MS, check()).catch(notReady('The store', logger));
}

async function temporalReady({ client, logger }: GatewayDeps): Promise<void> {
  await pingTemporal(client, TIMEOUT_MS).catch(notReady('Temporal', logger));
}

/** Addresses and logins are for the log: anybody may read the reply. */
function notReady(what: string, logger: GatewayDeps['logger']): (error: unknown) => never {
  return (error) => {
    logger.warn({ err: error }, 'not ready');
    const code: ErrorCode = isSyncError(error) ? error.code : 'INTERNAL';
    throw new SyncError('NOT_READY', {
      message: `${what} cannot be used now`,
      details: { because: code },
    });
  };
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new SyncError('STORE_UNAVAILABLE', { message: 'No answer' })), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
