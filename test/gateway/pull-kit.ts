/** A shop whose rows devices pull: loaded, with a gateway and a registered device. */

import type { WorkerProcess } from '../../dev/worker-process.ts';
import { createWorld, runPipeline, type World } from '../e2e/world.ts';
import {
  AUTH,
  gatewayEnvironment,
  openReader,
  type RunningGateway,
  registered,
  startTestGateway,
  type TokenOf,
  tokenOf,
} from './kit.ts';

export const ITEMS = 25;

const SOURCE = `
  CREATE TABLE item (id bigint PRIMARY KEY, name text NOT NULL, region text, price numeric(12,2), qty integer,
                     ratio float8, data jsonb, secret text, changed_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO item
  SELECT i, 'item ' || i, (ARRAY['EU', 'US'])[1 + i % 2], i * 1.10, i, i / 4.0,
         jsonb_build_object('big', 12345678901234567890), 'canary ' || i
    FROM generate_series(1, ${ITEMS}) AS i;
  CREATE TABLE line (order_no text, pos integer, text text, changed_at timestamptz NOT NULL DEFAULT now(),
                     PRIMARY KEY (order_no, pos));
  INSERT INTO line SELECT 'A|' || i, i, 'line' FROM generate_series(1, 5) AS i;
  CREATE TABLE later (id int PRIMARY KEY)`;

const ENTITIES = (pipeline: string, store: string): string => `{
  ${pipeline}: { source: 'shop', entities: {
    item: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.item', changedAt: 'changed_at',
      columns: { rating: { local: true, type: 'integer' } },
      upload: { writeBack: 'source', writable: ['name', 'price', 'qty'], policy: 'serverWins',
                fields: { qty: { merge: 'counter' } }, operations: ['insert', 'update'] },
      feed: { maxAge: '2 hours', filter: ['region', 'qty', 'secret'], fields: { secret: { read: 'secrets' } } } },
    line: { read: { table: 'public.line' }, key: ['order_no', 'pos'], mirror: 'shop.line', changedAt: 'changed_at',
      feed: true },
    part: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.part', columns: { id: { from: 'id' }, region: { from: 'region' }, name: { from: 'name' } },
      feed: { partitions: { region: 'regions' } } },
    hidden: { read: { table: 'public.line' }, key: ['order_no', 'pos'], mirror: 'shop.hidden' } } },
  ${pipeline}_later: { source: 'shop', entities: {
    later: { read: { table: 'public.later' }, key: 'id', mirror: 'shop.later', feed: true } } } },
  gateway: { auth: ${AUTH}, ${store} partitions: { regions: { claim: 'regions' } }, pull: { default: 10, max: 100 },
             limits: { sourceReads: { requests: 12, per: '1 hour' } } }`;

export type Reply<T> = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  readonly text: string;
};

export type PullWorld = {
  readonly world: World;
  readonly gateway: RunningGateway;
  readonly worker: WorkerProcess;
  /** Of device d1 of anna, who sees rows of the region EU. */
  readonly token: string;
  /** A token, whose device is registered where it has one. */
  login(who: TokenOf): Promise<string>;
  call<T>(path: string, options?: CallOptions): Promise<Reply<T>>;
  /** A run of the shop's pipeline, to its end. */
  run(mode: 'full' | 'incremental'): Promise<void>;
  close(): Promise<void>;
};

export type CallOptions = {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** @param as the store's own login, or one of the gateway's, which PostgreSQL shows rows in scope only. */
export async function createPullWorld(
  name: string,
  { as }: { readonly as: 'owner' | 'reader' },
): Promise<PullWorld> {
  const world = await createWorld(name, {
    source: SOURCE,
    pipelines: ENTITIES(name, as === 'reader' ? "store: { url: env('READER_URL') }," : ''),
    environment: gatewayEnvironment,
  });
  const reader = as === 'reader' ? await openReader(world) : null;
  const worker = await world.startWorker();
  const gateway = await startTestGateway(world, reader === null ? {} : { store: reader.store });
  const login: PullWorld['login'] = async (who) => {
    const token = await tokenOf(who);
    if (who.device !== undefined) await registered(gateway, token);
    return token;
  };
  const run: PullWorld['run'] = (mode) => runPipeline(world, name, mode);
  await run('full');
  const token = await login({ user: 'anna', device: 'd1', claims: { regions: ['EU'] } });
  return {
    world,
    gateway,
    worker,
    token,
    login,
    run,
    call: (path, options = {}) => call(`${gateway.url}${path}`, { token, ...options }),
    close: async () => {
      await gateway.stop();
      await reader?.close();
      await world.close();
    },
  };
}

async function call<T>(url: string, { token, body, headers }: CallOptions): Promise<Reply<T>> {
  const reply = await fetch(url, {
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
  });
  const text = await reply.text();
  const isJson = text !== '' && (reply.headers.get('content-type')?.includes('json') ?? false);
  return {
    status: reply.status,
    headers: reply.headers,
    body: (isJson ? JSON.parse(text) : null) as T,
    text,
  };
}

export type Document = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly rev: string;
  readonly _deleted: boolean;
};

export type PageBody = {
  readonly documents: readonly Document[];
  readonly checkpoint: { readonly cursor: string };
  readonly hasMore: boolean;
  readonly serverHlc: string;
};
