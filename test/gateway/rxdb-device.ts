/** A device whose app uses RxDB. */
import { randomUUID } from 'node:crypto';
import { createRxDatabase, type RxCollection, type RxConflictHandler, type RxDatabase } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { filter, firstValueFrom } from 'rxjs';
import { type PushResult, replicate } from '../../examples/rxdb/replicate.ts';
import { eventually } from '../e2e/world.ts';
import { type AppWorld, type Login, loginOf } from './app-kit.ts';

export type Order = {
  id: string;
  rev: string;
  title: string;
  amount: string | null;
  qty: number;
  region: string;
};

const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 100 },
    rev: { type: 'string' },
    title: { type: 'string' },
    amount: { type: ['string', 'null'] },
    qty: { type: 'integer' },
    region: { type: 'string' },
  },
  // No others: a removal has none of them.
  required: ['id'],
} as const;

export type RxDevice = Login & {
  readonly orders: RxCollection<Order>;
  /** Of all pushes, in order. */
  readonly results: PushResult[];
  /** Server's documents that its conflict handler was given. */
  readonly clashes: Order[];
  /** Its replication's errors, in order. */
  readonly errors: unknown[];
  /** @param fetch instead of the global one: a bad network. */
  online(fetch?: typeof globalThis.fetch): Promise<void>;
  /** Its first pull after it came online. */
  pulled(): Promise<void>;
  offline(): Promise<void>;
  /** Null: it has no such order. */
  order(id: string): Promise<Order | null>;
  /** Waits until its order is like that; null: until it is gone. */
  sees(id: string, wanted: Partial<Order> | null): Promise<Order | null>;
  edit(id: string, changed: Partial<Order>): Promise<void>;
  resultOf(id: string): Promise<PushResult>;
  close(): Promise<void>;
};

export async function rxDevice(world: AppWorld, who: Parameters<typeof loginOf>[1] = {}): Promise<RxDevice> {
  const login = await loginOf(world, who);
  const clashes: Order[] = [];
  const database: RxDatabase = await createRxDatabase({
    name: randomUUID(),
    storage: getRxStorageMemory(),
    multiInstance: false,
  });
  const { orders } = (await database.addCollections({
    orders: { schema, conflictHandler: noting(clashes) },
  })) as { orders: RxCollection<Order> };
  const [results, errors]: [PushResult[], unknown[]] = [[], []];
  let replication: ReturnType<typeof replicate<Order>> | null = null;
  const order: RxDevice['order'] = async (id) =>
    ((await orders.findOne(id).exec())?.toMutableJSON() as Order | undefined) ?? null;
  return {
    ...login,
    orders,
    results,
    clashes,
    errors,
    order,
    online: async (fetch = globalThis.fetch) => {
      replication = replicate<Order>(orders, {
        url: world.gateway.url,
        entity: 'orders',
        token: () => login.token,
        pullRows: 10,
        pushRows: 5,
        retryMs: 100,
        fetch,
        onResults: (told) => results.push(...told),
      });
      replication.error$.subscribe((error) => errors.push(error));
      // With a bad network it may never be.
      if (fetch === globalThis.fetch) await replication.awaitInitialReplication();
    },
    pulled: async () => {
      const state = await eventually(async () => replication?.internalReplicationState, 'it has started');
      await firstValueFrom(state.events.active.down.pipe(filter((isActive) => !isActive)));
      await firstValueFrom(state.firstSyncDone.down.pipe(filter((isDone) => isDone)));
    },
    offline: async () => {
      await replication?.cancel();
      replication = null;
    },
    sees: (id, wanted) =>
      eventually(
        async () => {
          const found = await order(id);
          if (wanted === null) return found === null ? { found } : null;
          const isLike = Object.entries(wanted).every(
            ([name, value]) => found?.[name as keyof Order] === value,
          );
          return found !== null && isLike ? { found } : null;
        },
        `a device sees ${id} as ${JSON.stringify(wanted)}`,
      ).then(({ found }) => found),
    edit: async (id, changed) => {
      await (await orders.findOne(id).exec(true)).incrementalPatch(changed);
    },
    resultOf: (id) =>
      eventually(async () => results.findLast((result) => result.id === id), `a verdict of ${id}`),
    close: async () => {
      await replication?.cancel();
      await database.close();
    },
  };
}

/** RxDB's own handler takes the server's document; this one notes it. */
function noting(clashes: Order[]): RxConflictHandler<Order> {
  return {
    isEqual: (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)),
    resolve: async ({ realMasterState }) => {
      clashes.push(realMasterState);
      return realMasterState;
    },
  };
}

const sorted = (document: object): [string, unknown][] =>
  Object.entries(document)
    .filter(([name]) => name !== '_attachments')
    .sort(([a], [b]) => (a < b ? -1 : 1));
