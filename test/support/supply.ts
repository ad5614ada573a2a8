import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Cluster, createCluster } from '../../dev/postgres/cluster.ts';
import { clusterSettings } from './cluster-settings.ts';

/** What test files share, as it goes over the wire from vitest's main process to the processes of the files. */
export type Supplies = {
  store: PostgresAddress;
  source: PostgresAddress;
  temporal: TemporalAddress;
  bundle: { codePath: string };
  program: { mainPath: string };
};
/** `url` is the superuser's, of the database `postgres`. */
export type PostgresAddress = { host: string; port: number; url: string; dataDir: string };
export type TemporalAddress = { address: string; namespace: string };

type Held<T> = { value: T; remove(): Promise<void> };

/**
 * Makes each shared thing when a test file first asks for it, once per vitest run, and removes all at the end.
 * It lives in the main process because a test file's process ends with the file.
 */
export async function openSupply(): Promise<{ url: string; forgetCode(): void; close(): Promise<void> }> {
  const makers: { [Name in keyof Supplies]: () => Promise<Held<Supplies[Name]>> } = {
    store: makeCluster,
    source: makeCluster,
    temporal: async () => (await import('./make-temporal.ts')).makeTemporal(),
    bundle: async () => (await import('./make-bundle.ts')).makeBundle(),
    program: async () => (await import('./make-program.ts')).makeProgram(),
  };
  const held = new Map<string, Promise<Held<unknown>>>();
  const supply = (name: keyof Supplies) => {
    const existing = held.get(name) ?? makers[name]();
    held.set(name, existing);
    return existing;
  };
  const server = createServer(async (request, response) => {
    const name = request.url?.slice(1) ?? '';
    try {
      if (!(name in makers)) throw new Error(`nothing is called ${name}`);
      const { value } = await supply(name as keyof Supplies);
      response.end(JSON.stringify(value));
    } catch (error) {
      response.statusCode = 500;
      response.end(error instanceof Error ? error.message : String(error));
    }
  });
  // Making a Temporal server can take minutes, the first time on a machine.
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forgetCode: () => {
      held.delete('bundle');
      held.delete('program');
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      const made = await Promise.allSettled(held.values());
      await Promise.all(
        made.map((entry) => (entry.status === 'fulfilled' ? entry.value.remove() : undefined)),
      );
    },
  };
}

async function makeCluster(): Promise<Held<PostgresAddress>> {
  const cluster: Cluster = await createCluster({ collation: 'icu', settings: clusterSettings });
  const { host, port, dataDir } = cluster;
  return { value: { host, port, dataDir, url: cluster.url('postgres') }, remove: cluster.remove };
}
