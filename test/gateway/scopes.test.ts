/** What a synced table says of somebody is asked for once in a while, and again when somebody says so. */
import type { FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import type { FeedSpec, PartitionSpec } from '../../src/domain/access/feed-spec.ts';
import type { Principal } from '../../src/domain/access/principal.ts';
import type { EntitySpec } from '../../src/domain/entity.ts';
import { createAccess } from '../../src/gateway/access/access.ts';
import { createScopes } from '../../src/gateway/access/scopes.ts';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import { bareSettings } from './bare-kit.ts';
import { tokenOf } from './kit.ts';

const members = {
  entity: 'members',
  mirror: { schema: 'm', table: 't', shared: false },
  source: 's',
  feed: null,
};
const TEAM: PartitionSpec = {
  kind: 'membership',
  entity: 'members',
  userColumn: 'person',
  valueColumn: 'team',
};
const feed: FeedSpec = { maxAgeMs: 1, filter: [], partitions: { team: 'team' }, fields: {} };
const spec = { entity: 'item', feed } as EntitySpec;

/** A store that answers with what `values` is by then; `fails` as often. */
function storeOf(values: () => string[]) {
  const asked: string[] = [];
  let fails = 0;
  const client = {
    on: () => undefined,
    removeListener: () => undefined,
    release: () => undefined,
    query: async (sql: string, bound?: string[]) => {
      if (!sql.startsWith('SELECT DISTINCT')) return { rows: [] };
      if (fails-- > 0) throw new Error('The store is away');
      asked.push(bound?.[0] as string);
      return { rows: values().map((value) => ({ value })) };
    },
  };
  const store = { pool: { connect: async () => client } } as unknown as GatewayDeps['store'];
  return { store, asked, failNext: (times: number) => (fails = times) };
}

function scopesFor(store: GatewayDeps['store'], permissionsKeptMs: number) {
  const config = { pipelines: { p: { entities: { members } } } } as unknown as GatewayDeps['config'];
  const settings = { permissionsKeptMs, partitions: { team: TEAM } } as unknown as GatewayDeps['settings'];
  return createScopes({ store, config, settings });
}

const who = (user: string, roles = ['device']): Principal => ({
  ...{ user, roles, device: null, permissions: [], partitions: { team: ['7'] } },
});

test('is remembered for each user, until it is forgotten', async () => {
  let team = ['1'];
  const { store, asked } = storeOf(() => team);
  const scopes = scopesFor(store, 600_000);
  const seen = async (user: string) => (await scopes.scopeOf(who(user), spec)).partitions.team;
  expect(await Promise.all([seen('anna'), seen('anna'), seen('bert')])).toEqual([['1'], ['1'], ['1']]);
  expect(asked.sort()).toEqual(['anna', 'bert']);
  team = ['2'];
  expect(await seen('anna')).toEqual(['1']);
  scopes.forget('anna');
  expect([await seen('anna'), await seen('bert')]).toEqual([['2'], ['1']]);
});

test('is asked for anew after its time', async () => {
  let team = ['1'];
  const { store } = storeOf(() => team);
  const scopes = scopesFor(store, 1);
  expect((await scopes.scopeOf(who('anna'), spec)).partitions.team).toEqual(['1']);
  team = [];
  await expect.poll(async () => (await scopes.scopeOf(who('anna'), spec)).partitions.team).toEqual([]);
});

test('is not remembered where nobody answered', async () => {
  const { store, failNext } = storeOf(() => ['1']);
  const scopes = scopesFor(store, 600_000);
  failNext(1);
  await expect(scopes.scopeOf(who('anna'), spec)).rejects.toThrow('The store is away');
  expect((await scopes.scopeOf(who('anna'), spec)).partitions.team).toEqual(['1']);
});

test('is not kept of more users than there is room for', async () => {
  const { store, asked } = storeOf(() => ['1']);
  const scopes = scopesFor(store, 600_000);
  for (let user = 0; user <= 10_000; user += 1) await scopes.scopeOf(who(`u${user}`), spec);
  await scopes.scopeOf(who('u10000'), spec);
  expect(asked).toHaveLength(10_001);
  await scopes.scopeOf(who('u0'), spec);
  expect(asked).toHaveLength(10_002);
});

test('is forgotten where a device of the user was revoked, by whichever gateway', async () => {
  const { store, asked } = storeOf(() => ['1']);
  const revoked = { user: 'anna', appVersion: null, node: 'd1', isRevoked: true };
  Object.assign(store.pool, { query: async () => ({ rows: [revoked] }) });
  const config = { pipelines: { p: { entities: { members } } } } as unknown as GatewayDeps['config'];
  const settings = bareSettings({ permissionsKeptMs: 600_000, partitions: { team: TEAM } });
  const access = createAccess({ store, config, settings });
  const headers = { authorization: `Bearer ${await tokenOf({ user: 'anna', device: 'lost' })}` };
  const seen = () => access.scopeOf(who('anna'), spec);
  await Promise.all([seen(), seen()]);
  expect(asked).toEqual(['anna']);
  await expect(access.authenticate({ headers } as FastifyRequest)).rejects.toMatchObject({
    code: 'DEVICE_REVOKED',
  });
  await seen();
  expect(asked).toEqual(['anna', 'anna']);
});

test('is not asked for admins; and what nobody serves is for who looks after it', async () => {
  const { store, asked } = storeOf(() => ['1']);
  const scopes = scopesFor(store, 600_000);
  expect((await scopes.scopeOf(who('root', ['admin']), spec)).partitions).toEqual({});
  const unserved = { entity: 'x', feed: null } as EntitySpec;
  expect((await scopes.scopeOf(who('olga', ['operator']), unserved)).partitions).toEqual({});
  await expect(scopes.scopeOf(who('anna'), unserved)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(asked).toEqual([]);
});
