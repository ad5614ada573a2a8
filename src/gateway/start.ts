/** A gateway's process: wires store, Temporal and access, listens until it is told to stop. */
import type { AddressInfo } from 'node:net';
import { connectClient } from '../client.ts';
import type { GatewaySettings } from '../domain/access/gateway-settings.ts';
import type { SyncConfig } from '../domain/config.ts';
import { SyncError } from '../domain/errors.ts';
import { createLogger, type Logger } from '../logging.ts';
import { assertStoreReady } from '../store/migrate.ts';
import { openStore, type Store } from '../store/open.ts';
import { createAccess } from './access/access.ts';
import { buildGateway } from './app.ts';

export type GatewayOptions = {
  readonly config: SyncConfig;
  /** Instead of the configuration's. */
  readonly host?: string;
  /** Instead of the configuration's; 0: any that is free. */
  readonly port?: number;
  readonly logger?: Logger;
};

export type RunningGateway = {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Settles when the gateway has stopped: by SIGINT, SIGTERM or `stop`. */
  readonly done: Promise<void>;
  /** Requests that are under way finish, then everything is closed. */
  stop(): Promise<void>;
};

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** @returns once it listens. @throws CONFIG_INVALID, STORE_UNAVAILABLE, STORE_NOT_READY, TEMPORAL_UNAVAILABLE, LISTEN_FAILED */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const settings = settingsOf(options);
  const logger = options.logger ?? createLogger();
  const toClose: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of toClose.splice(0).reverse()) {
      await close().catch((error: unknown) => logger.warn({ err: error }, 'could not be closed'));
    }
  };
  try {
    const { config } = options;
    const store = await openGatewayStore(config, settings);
    toClose.push(() => store.close());
    await assertStoreReady(store);
    const client = await connectClient(config);
    toClose.push(() => client.connection.close());
    const access = createAccess({ config, settings, store });
    const app = await buildGateway({ config, settings, store, client, access, logger, now: Date.now });
    toClose.push(() => app.close());
    await app.listen({ host: settings.host, port: settings.port }).catch(cannotListen(settings));
    const url = urlOf(settings.host, app.server.address() as AddressInfo);
    logger.info({ url, docs: `${url}/v1/docs` }, 'gateway listens');
    return { url, ...untilStopped(closeAll, logger) };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function settingsOf({ config, host, port }: GatewayOptions): GatewaySettings {
  if (config.gateway === null) {
    throw new SyncError('CONFIG_INVALID', {
      message: 'The configuration has no `gateway`',
      remedy: 'Add gateway: { auth: { issuer, audience, jwksUrl } }, as docs/configuration.md shows.',
    });
  }
  return { ...config.gateway, host: host ?? config.gateway.host, port: port ?? config.gateway.port };
}

/** The gateway's own login, for which row level security holds, where there is one. */
function openGatewayStore(config: SyncConfig, settings: GatewaySettings): Promise<Store> {
  return openStore({ ...(settings.store ?? config.store), applicationName: 'syncline/gateway' });
}

function cannotListen({ host, port }: GatewaySettings): (error: unknown) => never {
  return (cause) => {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new SyncError('LISTEN_FAILED', {
      message: `The gateway cannot listen at ${host}, port ${port}: ${code}`,
      cause,
    });
  };
}

function urlOf(host: string, { port }: AddressInfo): string {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const name = isEverywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function untilStopped(closeAll: () => Promise<void>, logger: Logger): Pick<RunningGateway, 'done' | 'stop'> {
  const { promise: asked, resolve: ask } = deferred();
  for (const signal of SIGNALS) process.once(signal, ask);
  const done = asked.then(async () => {
    logger.info('gateway drains');
    await closeAll();
    for (const signal of SIGNALS) process.removeListener(signal, ask);
    logger.info('gateway stopped');
  });
  return {
    done,
    stop: async () => {
      ask();
      await done;
    },
  };
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
