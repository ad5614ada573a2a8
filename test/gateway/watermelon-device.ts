/** A device whose app uses WatermelonDB, with the LokiJS adapter in memory. */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Database, Model } from '@nozbe/watermelondb';
import { type PushedRecord, synchronizeAll } from '../../examples/watermelondb/sync.ts';
import { type AppWorld, type Login, loginOf } from './app-kit.ts';

/** The package is CommonJS, its folders modules. */
const load = createRequire(import.meta.url);
const {
  Database: OpenDatabase,
  Model: BaseModel,
  appSchema,
  tableSchema,
} = load('@nozbe/watermelondb') as typeof import('@nozbe/watermelondb');
const { default: LokiAdapter } = load(
  '@nozbe/watermelondb/adapters/lokijs',
) as typeof import('@nozbe/watermelondb/adapters/lokijs/index.js');
const { synchronize } = load(
  '@nozbe/watermelondb/sync',
) as typeof import('@nozbe/watermelondb/sync/index.js');
const { LokiMemoryAdapter } = load('lokijs') as { LokiMemoryAdapter: new () => never };

const { default: logger } = load('@nozbe/watermelondb/utils/common/logger') as {
  default: { silence(): void };
};
logger.silence();

const schema = appSchema({
  version: 1,
  tables: [
    tableSchema({
      name: 'orders',
      columns: [
        { name: 'rev', type: 'string' },
        { name: 'title', type: 'string' },
        { name: 'amount', type: 'string', isOptional: true },
        { name: 'qty', type: 'number' },
        { name: 'region', type: 'string' },
      ],
    }),
  ],
});

class OrderModel extends BaseModel {
  static override table = 'orders';
}

export type Order = {
  id: string;
  rev: string;
  title: string;
  amount: string | null;
  qty: number;
  region: string;
};

export type WatermelonDevice = Login & {
  readonly results: PushedRecord[];
  sync(fetch?: typeof globalThis.fetch): Promise<void>;
  orders(): Promise<Order[]>;
  order(id: string): Promise<Order | null>;
  insert(order: Omit<Order, 'rev'>): Promise<void>;
  edit(id: string, changed: Partial<Order>): Promise<void>;
  remove(id: string): Promise<void>;
};

export async function watermelonDevice(world: AppWorld): Promise<WatermelonDevice> {
  const login = await loginOf(world);
  const adapter = new LokiAdapter({
    dbName: randomUUID(),
    schema,
    useWebWorker: false,
    useIncrementalIndexedDB: false,
    _testLokiAdapter: new LokiMemoryAdapter(),
  });
  const database: Database = new OpenDatabase({ adapter, modelClasses: [OrderModel] });
  const table = database.get<Model>('orders');
  const results: PushedRecord[] = [];
  const rawOf = (model: Model): Order => {
    const { id, rev, title, amount, qty, region } = model._raw as unknown as Order;
    return { id, rev, title, amount, qty, region };
  };
  const set = (model: Model, values: Partial<Order>): void => {
    for (const [name, value] of Object.entries(values)) if (name !== 'id') model._setRaw(name, value);
  };
  const orders = async (): Promise<Order[]> => (await table.query().fetch()).map(rawOf);
  return {
    ...login,
    results,
    orders,
    order: async (id) => (await orders()).find((order) => order.id === id) ?? null,
    sync: (fetch = globalThis.fetch) =>
      synchronizeAll(synchronize as never, database, {
        url: world.gateway.url,
        token: () => login.token,
        tables: ['orders'],
        fetch,
        onResults: (told) => results.push(...told),
      }),
    insert: async ({ id, ...values }) => {
      await database.write(() =>
        table.create((model) => {
          model._raw.id = id;
          set(model, values);
        }),
      );
    },
    edit: async (id, changed) => {
      const model = await table.find(id);
      await database.write(() => model.update(() => set(model, changed)));
    },
    remove: async (id) => {
      const model = await table.find(id);
      await database.write(() => model.markAsDeleted());
    },
  };
}
