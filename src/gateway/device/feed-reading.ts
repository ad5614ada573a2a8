/** Pages of an entity's feed, for whoever asks: who may see what, in which transaction, and the reply's text. */
import type { Principal } from '../../domain/access/principal.ts';
import type { EntityScope } from '../../domain/access/scope.ts';
import { isSyncError, SyncError } from '../../domain/errors.ts';
import { decodeCursor, encodeCursor } from '../../store/feed-cursor.ts';
import { type FeedEntity, feedEntity } from '../../store/feed-entity.ts';
import { readFeedPage } from '../../store/feed-page.ts';
import type { FeedPosition } from '../../store/feed-position.ts';
import { withScope } from '../../store/scope-session.ts';
import type { GatewayDeps } from '../deps.ts';
import { metricsOf } from '../request-metrics.ts';
import { servedEntity } from '../served-entity.ts';
import { notePull } from './pull-notes.ts';

/** Within a transaction. */
export type ScopedClient = Parameters<Parameters<typeof withScope>[2]>[0];

/** An entity, as somebody may see it. */
export type Reading = { readonly entity: FeedEntity; readonly scope: EntityScope };

/** @throws NOT_FOUND, ENTITY_NOT_READY */
export async function openReading(deps: GatewayDeps, principal: Principal, name: string): Promise<Reading> {
  const spec = servedEntity(deps.config, name);
  const [scope, entity] = await Promise.all([
    deps.access.scopeOf(principal, spec),
    feedEntity(deps.store.pool, spec),
  ]);
  return { entity, scope };
}

/** Without those that are not loaded yet: others need not wait for them. */
export async function openReadings(
  deps: GatewayDeps,
  principal: Principal,
  names: readonly string[],
): Promise<Reading[]> {
  const opened = await Promise.all(
    names.map((name) =>
      openReading(deps, principal, name).catch((error: unknown) => {
        if (isSyncError(error, 'ENTITY_NOT_READY')) return null;
        throw error;
      }),
    ),
  );
  return opened.filter((reading) => reading !== null);
}

/** One transaction in which mirrors show what these readings may see. */
export function readWithin<T>(
  { store }: Pick<GatewayDeps, 'store'>,
  readings: readonly Reading[],
  work: (client: ScopedClient) => Promise<T>,
): Promise<T> {
  const readable = readings.map(({ entity, scope }) => ({ entity: entity.spec.entity, scope }));
  return withScope(store, { readable, snapshot: 'transaction' }, work);
}

export type PageRequest = {
  /** As it came; null: from the beginning. */
  readonly cursor: string | null;
  readonly limit: number;
  readonly fields: 'all' | 'changed';
  readonly filter: Readonly<Record<string, string>>;
};

export type Page = {
  /** JSON texts. */
  readonly documents: readonly string[];
  readonly position: FeedPosition;
  readonly cursor: string;
  readonly hasMore: boolean;
};

/**
 * One page of one entity. A login that owns the mirrors needs no transaction to see what the statement asks for, and a
 * pull is one round trip instead of three.
 */
export async function readOnePage(
  deps: GatewayDeps,
  principal: Principal,
  { reading, request }: { readonly reading: Reading; readonly request: PageRequest },
): Promise<Page> {
  const asked = await withPosition(deps, reading, request);
  const { pool } = deps.store;
  const rows =
    deps.settings.store === null
      ? await readRows({ deps, client: pool, principal }, reading, asked)
      : await readWithin(deps, [reading], (client) => readRows({ deps, client, principal }, reading, asked));
  return withCursor(deps, reading, rows);
}

type Reader = {
  readonly deps: GatewayDeps;
  readonly client: ScopedClient | GatewayDeps['store']['pool'];
  readonly principal: Principal;
};

export type PositionedRequest = PageRequest & { readonly position: FeedPosition | null };
export type Rows = Omit<Page, 'cursor'>;

/**
 * Cursors are read before the transaction of a page and written after it, since both may ask the store by another
 * connection: as many readers as there are connections, each waiting for one more, would wait for ever.
 * @throws CURSOR_INVALID, CURSOR_EXPIRED
 */
export async function withPosition(
  { store }: GatewayDeps,
  { entity }: Reading,
  request: PageRequest,
): Promise<PositionedRequest> {
  const { cursor } = request;
  const position =
    cursor === null ? null : await decodeCursor(store.pool, { entity: entity.spec.entity, cursor });
  return { ...request, position };
}

export async function withCursor({ store }: GatewayDeps, { entity }: Reading, rows: Rows): Promise<Page> {
  const { position } = rows;
  return { ...rows, cursor: await encodeCursor(store.pool, { entity: entity.spec.entity, position }) };
}

/** @throws CURSOR_INVALID, CURSOR_EXPIRED, REQUEST_INVALID */
export async function readRows(
  { deps, client, principal }: Reader,
  { entity, scope }: Reading,
  request: PositionedRequest,
): Promise<Rows> {
  const { limit, fields } = request;
  const filter = declaredFilter(entity, scope, request.filter);
  const { documents, position, hasMore } = await readFeedPage(client, entity, {
    position: request.position,
    scope,
    limit,
    fields,
    device: principal.device,
    ...(filter !== null && { filter }),
  });
  metricsOf(deps).count('rowsPulled', documents.length);
  notePull(deps, { device: principal.device, entity: entity.spec.entity, position });
  return { documents, position, hasMore };
}

type PageEnd = Pick<Page, 'hasMore'> & { readonly cursor: string | null };

/** The members of a page as they stand in a reply, without braces. */
export function pageText(page: PageEnd & Pick<Page, 'documents'>): string {
  return `${DOCUMENTS}${page.documents.join(',')}${pageEnd(page)}`;
}

/** What stands in front of the documents, and behind them. */
export const DOCUMENTS = '"documents":[';
export function pageEnd({ cursor, hasMore }: PageEnd): string {
  return `],"checkpoint":${JSON.stringify({ cursor })},"hasMore":${hasMore}`;
}

/** @throws REQUEST_INVALID for columns that are not declared, or that the caller may not see */
export function declaredFilter(
  { spec }: FeedEntity,
  { hidden }: EntityScope,
  filter: PageRequest['filter'],
): PageRequest['filter'] | null {
  const names = Object.keys(filter);
  if (names.length === 0) return null;
  const known = (spec.feed?.filter ?? []).filter((name) => !hidden.includes(name));
  const strange = names.find((name) => !known.includes(name));
  if (strange === undefined) return filter;
  throw new SyncError('REQUEST_INVALID', {
    message: `${spec.entity} cannot be filtered by "${strange.slice(0, 64)}"; it can by ${known.join(', ') || 'nothing'}`,
  });
}

/** @throws REQUEST_INVALID above the maximum: fewer rows than were asked for would look like the end */
export function rowLimit({ settings }: Pick<GatewayDeps, 'settings'>, asked: number | undefined): number {
  const { defaultRows, maxRows } = settings.pull;
  if (asked === undefined) return defaultRows;
  if (asked <= maxRows) return asked;
  throw new SyncError('REQUEST_INVALID', {
    message: `limit is ${asked}; at most ${maxRows} rows come in one reply`,
  });
}
