/** A world whose every value tells whose row and field it is, and callers who may see different parts of it. */
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
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

export const PIPELINE = 'gateway_permissions';
/** The last one waits for a decision. */
export const ROWS = [1, 2, 3, 4, 5, 6, 7, 8] as const;
export const HELD = 8;
export const FIELDS = ['title', 'salary', 'bonus'] as const;
export type Field = (typeof FIELDS)[number];

export const canary = (id: number, field: Field): string => `canary-${id}-${field}`;

const SOURCE = `
  CREATE SCHEMA crm;
  CREATE TABLE crm.deals (id bigint PRIMARY KEY, region text, level text, title text, salary text, bonus text,
    updated_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO crm.deals
  SELECT id, region, level, 'canary-' || id || '-title', 'canary-' || id || '-salary', 'canary-' || id || '-bonus',
         now() - interval '1 hour'
    FROM (VALUES (1, 'US', 'public'), (2, 'US', 'secret'), (3, 'CA', 'public'), (4, 'DE', 'public'), (5, 'DE', 'secret'),
                 (6, NULL, 'public'), (7, 'US', NULL),
                 (8, 'DE', 'public')) AS deal (id, region, level);
  CREATE TABLE crm.unserved (id bigint PRIMARY KEY, title text);
  INSERT INTO crm.unserved VALUES (1, 'canary-unserved');
  CREATE TABLE crm.members (id bigint PRIMARY KEY, person text, region text);
  ${LEDGER_DDL.join(';\n')};`;

const CONFIG = `{ ${PIPELINE}: { source: 'shop', entities: {
    deals: { read: { table: 'crm.deals' }, key: 'id', changedAt: 'updated_at', mirror: 'crm.deals',
      upload: { writeBack: 'source', writable: ['region', 'level', 'title', 'salary', 'bonus'],
        operations: ['insert', 'update', 'delete'], policy: 'manual' },
      feed: { filter: ['region', 'salary'], partitions: { region: 'region', level: 'level' },
        fields: { salary: { read: 'pay', write: 'pay' }, bonus: { write: 'boss' } } } },
    joined: { read: { table: 'crm.deals' }, key: 'id', changedAt: 'updated_at', mirror: 'crm.joined',
      feed: { partitions: { region: 'mine' } } },
    members: { read: { table: 'crm.members' }, key: 'id', mirror: 'crm.members', massDeleteGuard: 100 },
    unserved: { read: { table: 'crm.unserved' }, key: 'id', mirror: 'crm.unserved' } } } },
  gateway: { auth: ${AUTH}, store: { url: env('READER_URL') }, permissionsKept: '1 second', verdictWait: '1 minute',
    partitions: {
      region: { claim: 'regions', groups: { NA: ['US', 'CA'] } },
      level: { claim: 'level', levels: ['public', 'secret'] },
      mine: { membership: { entity: 'members', user: 'person', value: 'region' } } },
    limits: { device: { requests: 100000, per: '1 minute' }, address: { requests: 100000, per: '1 minute' },
              sourceReads: { requests: 100000, per: '1 minute' } } }`;

export type Caller = {
  readonly roles: readonly string[];
  readonly device: 'registered' | 'unknown' | 'revoked' | null;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly permissions: readonly string[];
  /** Ids of the rows that it may see. */
  readonly sees: readonly number[];
  readonly hidden: readonly Field[];
  readonly readOnly: readonly Field[];
};

const part = (regions: string[], level: string | null) => ({ regions, ...(level !== null && { level }) });
const all = { hidden: [], readOnly: [] };
const blind = { permissions: [], hidden: ['salary' as const], readOnly: ['bonus' as const] };
const device = { roles: ['device'], device: 'registered' as const };

export const CALLERS: Readonly<Record<string, Caller>> = {
  us: { ...device, ...blind, claims: part(['US'], 'public'), sees: [1] },
  na: { ...device, ...blind, claims: part(['NA'], 'secret'), sees: [1, 2, 3] },
  paid: {
    ...device,
    permissions: ['pay'],
    hidden: [],
    readOnly: ['bonus'],
    claims: part(['US', 'DE'], 'public'),
    sees: [1, 4, 8],
  },
  boss: {
    ...device,
    ...all,
    roles: ['device', 'boss'],
    permissions: ['pay'],
    claims: part(['DE'], 'secret'),
    sees: [4, 5, 8],
  },
  nowhere: { ...device, ...blind, claims: part([], 'secret'), sees: [] },
  unlevelled: { ...device, ...blind, claims: part(['US'], null), sees: [] },
  unregistered: { ...device, ...blind, device: 'unknown', claims: part(['US'], 'public'), sees: [] },
  revoked: { ...device, ...blind, device: 'revoked', claims: part(['US'], 'public'), sees: [] },
  deviceless: { ...device, ...blind, device: null, claims: part(['US'], 'public'), sees: [1] },
  approver: {
    ...blind,
    roles: ['approver'],
    device: null,
    claims: part(['US', 'DE'], 'public'),
    sees: [1, 4, 8],
  },
  operator: {
    roles: ['operator'],
    device: null,
    permissions: ['pay'],
    hidden: [],
    readOnly: ['bonus'],
    claims: part(['DE'], 'secret'),
    sees: [4, 5, 8],
  },
  blindOperator: { ...blind, roles: ['operator'], device: null, claims: {}, sees: [] },
  admin: { ...all, roles: ['admin'], device: null, permissions: [], claims: {}, sees: ROWS },
  adminsPhone: {
    ...all,
    roles: ['admin', 'device'],
    device: 'registered',
    permissions: [],
    claims: {},
    sees: ROWS,
  },
  other: {
    ...all,
    roles: ['boss', 'Admin', 'devices'],
    device: null,
    permissions: ['pay', 'admin'],
    claims: part(['US', 'DE'], 'secret'),
    sees: [],
  },
};

export const tokenFor = (name: string): Promise<string> => {
  const { roles, device: kind, claims, permissions } = CALLERS[name] as Caller;
  return tokenOf({
    user: name,
    roles,
    permissions,
    claims,
    ...(kind !== null && { device: `${name}-phone` }),
  } satisfies TokenOf);
};

export type Answer = { readonly status: number; readonly text: string; readonly headers: Headers };
export type Asked = {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

export type PermissionWorld = World & {
  readonly gateway: RunningGateway;
  /** null: without a token. A stream is left as soon as it answers. */
  ask(caller: string | null, asked: Asked): Promise<Answer>;
  run(): Promise<void>;
};

export async function permissionWorld(): Promise<PermissionWorld> {
  const world = await createWorld(PIPELINE, {
    source: SOURCE,
    pipelines: CONFIG,
    environment: gatewayEnvironment,
  });
  // As the gateway's own login, which PostgreSQL holds to the same.
  const reader = await openReader(world);
  await world.startWorker();
  const run = () => runPipeline(world, PIPELINE);
  await run();
  const gateway = await startTestGateway(world, { store: reader.store });
  const tokens = new Map<string, string>();
  for (const [name, { device: kind }] of Object.entries(CALLERS)) {
    tokens.set(name, await tokenFor(name));
    if (kind === 'registered' || kind === 'revoked') await registered(gateway, tokens.get(name) as string);
  }
  await world.store.pool.query(`UPDATE syncline.device SET revoked_at = now() WHERE id = 'revoked-phone'`);
  gateway.deps.access.forget({ device: 'revoked-phone' });
  return {
    ...world,
    gateway,
    run,
    ask: (caller, asked) => ask(gateway, caller === null ? null : (tokens.get(caller) as string), asked),
    close: async () => {
      await gateway.stop();
      await reader.close();
      await world.close();
    },
  };
}

async function ask(
  { url }: RunningGateway,
  token: string | null,
  { method = 'GET', path, body, headers }: Asked,
): Promise<Answer> {
  const stop = new AbortController();
  const reply = await fetch(`${url}${path}`, {
    method,
    signal: stop.signal,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const { status, headers: given } = reply;
  if (given.get('content-type')?.startsWith('text/event-stream')) {
    const first = await reply.body?.getReader().read();
    stop.abort();
    return { status, headers: given, text: new TextDecoder().decode(first?.value) };
  }
  return { status, headers: given, text: await reply.text() };
}

/** What an answer tells that its reader must not know. */
export function leaks(
  { sees, hidden }: Pick<Caller, 'sees' | 'hidden'>,
  { text, headers }: Answer,
): string[] {
  const all = `${text}\n${[...headers].join('\n')}`;
  const found = [...all.matchAll(/canary-(\d+|unserved)(?:-(\w+))?/g)].filter(
    ([, id, field]) => !sees.includes(Number(id)) || hidden.includes(field as Field),
  );
  return [...new Set(found.map(([whole]) => whole))];
}
