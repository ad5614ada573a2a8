/** `gateway`, and `feed` of entities, with their defaults; and whether they fit each other. */

import type { ParsedFeed } from '../domain/access/feed-schema.ts';
import type { FeedSpec, PartitionSpec } from '../domain/access/feed-spec.ts';
import type { ParsedGateway, ParsedPartition } from '../domain/access/gateway-schema.ts';
import type { AuthSettings, GatewaySettings, RateLimit } from '../domain/access/gateway-settings.ts';
import type { StoreSettings } from '../domain/config.ts';
import type { ColumnSpec, EntitySpec } from '../domain/entity.ts';
import { meant, type Path, type Problem } from './problems.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const DEFAULTS = {
  host: '127.0.0.1',
  port: 8_080,
  permissionsKeptMs: MINUTE_MS,
  pull: { default: 1_000, max: 5_000 },
  push: { default: 100, max: 500 },
  verdictWaitMs: 10_000,
  maxBodyBytes: 8 * 1_024 * 1_024,
  tombstonesKeptMs: 30 * DAY_MS,
  tombstonesCron: '17 3 * * *',
  deviceTokenMs: 15 * MINUTE_MS,
  maxAgeMs: DAY_MS,
} as const;

const LIMITS = { device: 600, address: 3_000, sourceReads: 60 } as const;

/** @param beside the store as the workers reach it: the gateway's login is one of the same server. */
export function resolveGateway(
  parsed: ParsedGateway | undefined,
  beside: Pick<StoreSettings, 'tls'> = {},
): GatewaySettings | null {
  if (parsed === undefined) return null;
  const { store, limits, tombstones } = parsed;
  const { tls } = beside;
  return {
    host: parsed.host ?? DEFAULTS.host,
    port: parsed.port ?? DEFAULTS.port,
    store: store === undefined ? null : { url: store.url, poolMax: store.poolMax ?? 10, ...(tls && { tls }) },
    auth: resolveAuth(parsed.auth),
    partitions: Object.fromEntries(
      Object.entries(parsed.partitions ?? {}).map(([name, partition]) => [name, resolvePartition(partition)]),
    ),
    permissionsKeptMs: parsed.permissionsKept ?? DEFAULTS.permissionsKeptMs,
    pull: rowsOf(parsed.pull, DEFAULTS.pull),
    push: rowsOf(parsed.push, DEFAULTS.push),
    verdictWaitMs: parsed.verdictWait ?? DEFAULTS.verdictWaitMs,
    maxBodyBytes: parsed.maxBodyBytes ?? DEFAULTS.maxBodyBytes,
    minAppVersion: parsed.minAppVersion ?? null,
    corsOrigins: parsed.cors?.origins ?? [],
    limits: {
      device: rateOf(limits?.device, LIMITS.device),
      address: rateOf(limits?.address, LIMITS.address),
      sourceReads: rateOf(limits?.sourceReads, LIMITS.sourceReads),
    },
    trustedProxies: parsed.trustedProxies ?? [],
    tombstones: {
      keptMs: tombstones?.keep ?? DEFAULTS.tombstonesKeptMs,
      cron: tombstones?.cron ?? DEFAULTS.tombstonesCron,
      timeZone: tombstones?.timeZone ?? 'UTC',
    },
  };
}

function resolveAuth(parsed: ParsedGateway['auth']): AuthSettings {
  const { issuer, audience, jwksUrl, secret, claims, deviceTokens } = parsed;
  return {
    issuer,
    audience,
    keys: secret === undefined ? { jwksUrl: jwksUrl as string } : { secret },
    algorithms: parsed.algorithms ?? (secret === undefined ? ['RS256', 'ES256'] : ['HS256']),
    claims: {
      user: claims?.user ?? 'sub',
      device: claims?.device ?? 'device_id',
      roles: claims?.roles ?? 'roles',
      permissions: claims?.permissions ?? 'permissions',
    },
    deviceTokens:
      deviceTokens === undefined
        ? null
        : { secret: deviceTokens.secret, lifetimeMs: deviceTokens.lifetime ?? DEFAULTS.deviceTokenMs },
  };
}

/** The gateway's own login, for which row level security is set up; null where it has none, or the workers' own. */
export function readerOf(gateway: GatewaySettings | null, store: Pick<StoreSettings, 'url'>): string | null {
  const login = loginOf(gateway?.store?.url);
  return login === loginOf(store.url) ? null : login;
}

function loginOf(url: string | undefined): string | null {
  if (url === undefined || !URL.canParse(url)) return null;
  const { username, searchParams } = new URL(url);
  const name = /%(?![0-9a-f]{2})/i.test(username) ? username : decodeURIComponent(username);
  return name || searchParams.get('user') || null;
}

/** The schema has seen that either claim or membership is there. */
function resolvePartition({ claim, groups, levels, membership }: ParsedPartition): PartitionSpec {
  if (membership !== undefined) {
    const { entity, user, value } = membership;
    return { kind: 'membership', entity, userColumn: user, valueColumn: value };
  }
  if (levels !== undefined) return { kind: 'levels', claim: claim as string, levels };
  return { kind: 'set', claim: claim as string, groups: groups ?? {} };
}

type Rows = { readonly default?: number | undefined; readonly max?: number | undefined };

function rowsOf(
  parsed: Rows | undefined,
  usual: Required<Rows> & { readonly default: number; readonly max: number },
): { defaultRows: number; maxRows: number } {
  const maxRows = parsed?.max ?? Math.max(usual.max, parsed?.default ?? 0);
  return { maxRows, defaultRows: parsed?.default ?? Math.min(usual.default, maxRows) };
}

function rateOf(parsed: { requests: number; per: number } | undefined, aMinute: number): RateLimit {
  return parsed === undefined
    ? { requests: aMinute, windowMs: MINUTE_MS }
    : { requests: parsed.requests, windowMs: parsed.per };
}

export function resolveFeed(parsed: ParsedFeed | undefined): FeedSpec | null {
  if (parsed === undefined) return null;
  const { maxAge, filter, partitions, fields } = parsed === true ? {} : parsed;
  return {
    maxAgeMs: maxAge ?? DEFAULTS.maxAgeMs,
    filter: filter ?? [],
    partitions: partitions ?? {},
    fields: Object.fromEntries(
      Object.entries(fields ?? {}).map(([name, { read = null, write = null }]) => [name, { read, write }]),
    ),
  };
}

/** Names that do not exist; and devices that would be served without anybody who could ask. */
export function gatewayProblems(gateway: GatewaySettings | null, entities: readonly EntitySpec[]): Problem[] {
  const partitions = gateway?.partitions ?? {};
  const found = entities.flatMap((spec) => feedProblems(spec, Object.keys(partitions)));
  const byName = new Map(entities.map((spec) => [spec.entity, spec]));
  for (const [name, partition] of Object.entries(partitions)) {
    if (partition.kind === 'membership') found.push(...membershipProblems(name, partition, byName));
  }
  if (gateway?.store != null && loginOf(gateway.store.url) === null) {
    found.push({
      path: ['gateway', 'store', 'url'],
      problem: 'names no login',
      fix: 'Write postgres://login@host:5432/database.',
    });
  }
  for (const rows of ['pull', 'push'] as const) {
    const { defaultRows, maxRows } = gateway?.[rows] ?? { defaultRows: 0, maxRows: 0 };
    if (defaultRows <= maxRows) continue;
    found.push({
      path: ['gateway', rows],
      problem: 'has a default above its max',
      fix: 'Lower `default`, or raise `max`.',
    });
  }
  return found;
}

/** Whoever could write such a row would say himself what he sees. */
function membershipProblems(
  partition: string,
  { entity, userColumn, valueColumn }: Extract<PartitionSpec, { kind: 'membership' }>,
  byName: ReadonlyMap<string, EntitySpec>,
): Problem[] {
  const path: Path = ['gateway', 'partitions', partition, 'membership', 'entity'];
  const spec = byName.get(entity);
  if (spec === undefined) {
    return [{ path, problem: `is "${entity}", which is no entity`, fix: meant(entity, [...byName.keys()]) }];
  }
  const open = [userColumn, valueColumn].find((column) => isOpenToDevices(spec, column));
  if (open === undefined) return [];
  return [
    {
      path,
      problem: `is "${entity}", whose ${open} every device may write`,
      fix: `Take ${open} out of \`upload\`, or name who may write it: feed: { fields: { ${open}: { write: 'admin' } } }.`,
    },
  ];
}

function isOpenToDevices(spec: EntitySpec, column: string): boolean {
  const { feed, upload, localColumns } = spec;
  if (feed === null || upload === null) return false;
  const { read = null, write = null } = feed.fields[column] ?? {};
  if (read !== null || write !== null) return false;
  const isSet = upload.writable.includes(column) || localColumns.some(({ name }) => name === column);
  return isSet || (upload.operations.includes('insert') && isOfKey(spec, column));
}

function feedProblems(spec: EntitySpec, partitions: readonly string[]): Problem[] {
  const { feed } = spec;
  if (feed === null) return [];
  const at: Path = ['pipelines', spec.pipeline, 'entities', spec.entity, 'feed'];
  const known =
    spec.columns === null ? null : [...spec.columns, ...spec.localColumns].map(({ name }) => name);
  const columns: [Path, string][] = [
    ...feed.filter.map((name): [Path, string] => [[...at, 'filter'], name]),
    ...Object.keys(feed.partitions).map((name): [Path, string] => [[...at, 'partitions', name], name]),
    ...Object.keys(feed.fields).map((name): [Path, string] => [[...at, 'fields', name], name]),
  ];
  const unknown = columns.flatMap(([path, name]): Problem[] =>
    known === null || known.includes(name)
      ? []
      : [{ path, problem: `names "${name}", which is no column of the mirror`, fix: meant(name, known) }],
  );
  const missing = Object.entries(feed.partitions).flatMap(([column, name]): Problem[] =>
    partitions.includes(name)
      ? []
      : [
          {
            path: [...at, 'partitions', column],
            problem: `is "${name}", which is not in gateway.partitions`,
            fix: meant(name, partitions),
          },
        ],
  );
  return [...unknown, ...missing, ...hiddenKeys(spec, at), ...takenNames(spec)];
}

/** By mirror column. */
function isOfKey({ columns, key }: EntitySpec, name: string): boolean {
  return columns === null
    ? key.some((part) => part.toLowerCase() === name)
    : columns.some((column) => column.name === name && column.role === 'from' && key.includes(column.from));
}

/** Documents have their keys as ids. */
function hiddenKeys(spec: EntitySpec, at: Path): Problem[] {
  return Object.entries(spec.feed?.fields ?? {}).flatMap(([name, { read }]): Problem[] =>
    read === null || !isOfKey(spec, name)
      ? []
      : [
          {
            path: [...at, 'fields', name, 'read'],
            problem: 'hides a column of the key, which every document has as its id',
            fix: 'Remove `read`; rows are hidden by `partitions`.',
          },
        ],
  );
}

/** Fields that every document has. A column `id` that is the whole key may be called so: the document's id says it. */
const DOCUMENT_FIELDS: readonly string[] = ['id', 'rev', '_deleted'];

function takenNames({ columns, localColumns, key, pipeline, entity }: EntitySpec): Problem[] {
  const isWholeKey = (column: ColumnSpec): boolean =>
    column.role === 'from' && key.length === 1 && column.from === key[0];
  const taken = [...(columns ?? []), ...localColumns].filter(
    (column) => DOCUMENT_FIELDS.includes(column.name) && !(column.name === 'id' && isWholeKey(column)),
  );
  return [...new Set(taken.map(({ name }) => name))].map((name) => ({
    path: ['pipelines', pipeline, 'entities', entity, 'columns', name],
    problem: 'has the name of a field that every document for devices has',
    fix: 'Give the column another name.',
  }));
}
