/** Devices at random: what they, the source and the operators do until all is quiet, and what each has to hold then. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Client, openClient } from '../../examples/client/client.ts';
import { GatewayError } from '../../examples/client/request.ts';
import { eventually } from '../e2e/world.ts';
import type { Proxy as TcpProxy } from '../support/tcp-proxy.ts';
import { type AppWorld, cleanUp, decide } from './app-kit.ts';
import { registered, tokenOf } from './kit.ts';

export const REGIONS = ['EU', 'US', 'ASIA'] as const;
export type Region = (typeof REGIONS)[number];
const TITLES = ['red', 'green', 'blue'] as const;

type Edit = { readonly device: number; readonly row: number };
export type Step =
  | ({ readonly kind: 'retitle'; readonly title: string } & Edit)
  | ({ readonly kind: 'recount'; readonly qty: number } & Edit)
  | ({ readonly kind: 'move'; readonly region: Region } & Edit)
  | ({ readonly kind: 'insert'; readonly region: Region } & Edit)
  | ({ readonly kind: 'enlarge' } & Edit)
  | ({ readonly kind: 'remove' } & Edit)
  | { readonly kind: 'sync'; readonly device: number; readonly lost: number }
  | { readonly kind: 'restart'; readonly device: number }
  | { readonly kind: 'grant'; readonly device: number; readonly regions: readonly Region[] }
  | { readonly kind: 'source'; readonly row: number; readonly title: string; readonly region: Region }
  | { readonly kind: 'purge' };

export function steps(devices: number): fc.Arbitrary<Step[]> {
  const device = fc.nat({ max: devices - 1 });
  const row = fc.nat({ max: 7 });
  const title = fc.constantFrom(...TITLES);
  const region = fc.constantFrom(...REGIONS);
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('retitle' as const), device, row, title }) },
    {
      weight: 3,
      arbitrary: fc.record({
        ...{ kind: fc.constant('recount' as const), device, row },
        // Some are more than the source takes.
        qty: fc.constantFrom(1, 2, 3, 5_000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), device, row, region }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('insert' as const), device, row, region }) },
    // A rule holds it, until it is decided at the end.
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('enlarge' as const), device, row }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), device, row }) },
    {
      weight: 8,
      arbitrary: fc.record({
        ...{ kind: fc.constant('sync' as const), device },
        lost: fc.constantFrom(0, 0, 0, 1, 2, 3),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), device }) },
    {
      weight: 1,
      arbitrary: fc.record({
        ...{ kind: fc.constant('grant' as const), device },
        regions: fc.uniqueArray(region, { minLength: 1 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('source' as const), row, title, region }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'purge' as const }) },
  );
  return fc.array(step, { minLength: 15, maxLength: 40 });
}

type Player = {
  readonly id: string;
  readonly user: string;
  regions: readonly Region[];
  token: string;
  client: Client;
};

export type Scene = {
  readonly world: AppWorld;
  readonly proxy: TcpProxy;
  readonly folder: string;
  /** Of how many. */
  readonly devices: number;
};

type Row = { id: string; title: string; amount: string | null; qty: number; region: string };

/** @returns for each device what it holds, and what it should. */
export async function play(
  scene: Scene,
  script: readonly Step[],
): Promise<{ readonly held: readonly Row[]; readonly expected: readonly Row[] }[]> {
  const players = await Promise.all(Array.from({ length: scene.devices }, () => enter(scene)));
  for (const step of script) await perform(scene, players, step);
  scene.proxy.loseReplies(0);
  await scene.world.increment();
  // What was not said yet is said; then everything is decided; then all hear of it.
  for (const { client } of players) await client.sync();
  for (const player of players) await decideAll(scene, player);
  await allDecided(scene.world);
  const deadline = performance.now() + MOST_MS;
  for (;;) {
    const found = await Promise.all(players.map((player) => compare(scene, player)));
    // Older transactions of others may hold the feed back for a moment.
    const isOver = performance.now() > deadline;
    if (isOver || found.every(({ held, expected }) => isEqual(held, expected))) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const MOST_MS = 60_000;
const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

async function compare({ world }: Scene, { client, regions }: Player) {
  await client.sync();
  return { held: sorted(client.rows('orders').map(rowOf)), expected: await bySql(world, regions) };
}

async function allDecided({ store }: AppWorld): Promise<void> {
  const open = `SELECT ordinal, device, row_id, operation, body, state, conflict_id, attempt
                  FROM syncline.mutation WHERE state <> 'done' ORDER BY ordinal`;
  await eventually(
    async () => (await store.pool.query(open)).rows.length === 0,
    'what waited behind decisions is decided',
  ).catch(async (error: unknown) => {
    const { rows } = await store.pool.query(open);
    throw new Error(`Still open: ${JSON.stringify(rows)}`, { cause: error });
  });
}

async function enter(scene: Scene): Promise<Player> {
  const id = `d-${randomUUID().slice(0, 8)}`;
  const player: Omit<Player, 'client'> = { id, user: `user-${id}`, regions: REGIONS, token: '' };
  await login(scene, player);
  await registered(scene.world.gateway, player.token);
  const made = player as Player;
  made.client = await opened(scene, made);
  await made.client.sync();
  return made;
}

async function login(_: Scene, player: Omit<Player, 'client'>): Promise<void> {
  const { user, id, regions } = player;
  player.token = await tokenOf({ user, device: id, claims: { regions } });
}

function opened({ proxy, folder }: Scene, player: Player): Promise<Client> {
  return openClient({
    url: `http://127.0.0.1:${proxy.port}`,
    file: join(folder, `${player.id}.json`),
    entities: ['orders'],
    token: () => player.token,
    // What is lost is asked for again at the next sync, or at once.
    retrying: { attempts: 2, pauseMs: 1, maxPauseMs: 5 },
  });
}

async function perform(scene: Scene, players: readonly Player[], step: Step): Promise<void> {
  if (step.kind === 'purge') {
    await cleanUp(scene.world);
    return;
  }
  if (step.kind === 'source') return changeSource(scene.world, step);
  const player = players[step.device] as Player;
  if (step.kind === 'restart') player.client = await opened(scene, player);
  else if (step.kind === 'grant') {
    player.regions = step.regions;
    await login(scene, player);
  } else if (step.kind === 'sync') {
    scene.proxy.loseReplies(step.lost);
    await player.client.sync().catch(ignoreLost);
    scene.proxy.loseReplies(0);
  } else await edit(player.client, step);
}

/**
 * Every other one goes to the device. Decided changes free others, which may have to be decided in turn. Who has lost sight
 * of a row does not see what waits there either (C13): it is decided by the same user with all regions.
 */
async function decideAll({ world }: Scene, { user, id }: Player): Promise<void> {
  const token = await tokenOf({ user, device: id, claims: { regions: REGIONS } });
  for (let nth = 0; ; nth += 1) {
    const reply = await fetch(`${world.gateway.url}/v1/sync/conflicts`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { conflicts } = (await reply.json()) as { conflicts: { id: string; round: number }[] };
    const [first] = conflicts;
    if (first === undefined) return;
    const decision = nth % 2 === 0 ? 'client' : 'server';
    await decide(world, { token }, { conflictId: first.id, decision });
  }
}

function ignoreLost(error: unknown): void {
  if (error instanceof GatewayError && error.status < 500) throw error;
}

async function edit(
  client: Client,
  step: Exclude<Step, { kind: 'sync' | 'restart' | 'grant' | 'source' | 'purge' }>,
) {
  if (step.kind === 'insert') {
    await client.insert('orders', { title: 'made', amount: '5.00', qty: 1, region: step.region });
    return;
  }
  const rows = sorted(client.rows('orders').map(rowOf));
  const row = rows[step.row % Math.max(1, rows.length)];
  if (row === undefined) return;
  if (step.kind === 'remove') await client.remove('orders', row.id);
  else if (step.kind === 'retitle') await client.update('orders', row.id, { title: step.title });
  else if (step.kind === 'enlarge') await client.update('orders', row.id, { amount: '5000.00' });
  else if (step.kind === 'recount') await client.update('orders', row.id, { qty: step.qty });
  else await client.update('orders', row.id, { region: step.region });
}

async function changeSource(
  { source, increment }: AppWorld,
  { row, title, region }: Extract<Step, { kind: 'source' }>,
): Promise<void> {
  await source.query(
    `UPDATE shop.orders SET title = $2, region = $3, updated_at = now()
      WHERE id = (SELECT id FROM shop.orders ORDER BY id OFFSET $1 LIMIT 1)`,
    [row, title, region],
  );
  await increment();
}

async function bySql({ store }: AppWorld, regions: readonly Region[]): Promise<Row[]> {
  const { rows } = await store.pool.query<Row>(
    `SELECT coalesce(sync_id, id::text) AS id, title, amount::text, qty, region FROM shop.orders
      WHERE sync_deleted_at IS NULL AND region = ANY ($1)`,
    [regions],
  );
  return sorted(rows);
}

function rowOf(row: object): Row {
  const { id, title, amount, qty, region } = row as Row;
  return { id, title, amount, qty, region };
}

const sorted = (rows: readonly Row[]): Row[] => rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
