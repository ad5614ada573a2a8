/**
 * An RxDB collection that is kept in sync with an entity of a Syncline gateway: pulls, live events, pushes, and what to do
 * when the way from the last pull to now is not known any more (410). Copy it into your app.
 */
import type { RxCollection, WithDeleted } from 'rxdb';
import { type RxReplicationState, replicateRxCollection } from 'rxdb/plugins/replication';
import { Subject } from 'rxjs';
import { follow } from '../client/follow.ts';

/** Fields that every document has; yours come beside them. */
export type SyncedDocument = { readonly id: string; readonly rev: string };

/** What became of one pushed row. */
export type PushResult = {
  readonly id: string | null;
  readonly status: 'applied' | 'merged' | 'conflict' | 'pending_approval' | 'rejected';
  readonly conflictId?: string;
  readonly problem?: { readonly code: string; readonly message: string };
};

export type Remote = {
  /** Of the gateway, without a slash at its end. */
  readonly url: string;
  readonly entity: string;
  /** The one to use now: fetch a new one before it expires. */
  readonly token: () => string | Promise<string>;
  /** Rows of a page; within `pageSizes` of the registration. */
  readonly pullRows?: number;
  readonly pushRows?: number;
  /** Pause after a request that failed, and after a stream that ended. */
  readonly retryMs?: number;
  /** Tell your user of what was rejected, or waits for somebody. */
  readonly onResults?: (results: readonly PushResult[]) => void;
  /** Instead of the global one. */
  readonly fetch?: typeof fetch;
};

/** `resync`: in the middle of replacing the collection. */
export type Checkpoint = { readonly cursor: string | null; readonly resync?: true };

export function replicate<T extends SyncedDocument>(
  collection: RxCollection<T>,
  remote: Remote,
): RxReplicationState<T, Checkpoint> {
  const events = new Subject<'RESYNC'>();
  const { pullRows = 1_000, pushRows = 100, retryMs = 5_000 } = remote;
  const inTurn = turns();
  const replication = replicateRxCollection<T, Checkpoint>({
    replicationIdentifier: `${remote.url}/v1/sync/${remote.entity}`,
    collection,
    live: true,
    waitForLeadership: collection.database.multiInstance,
    retryTime: retryMs,
    pull: { handler: inTurn(pullHandler(collection, remote)), batchSize: pullRows, stream$: events },
    push: { handler: inTurn(pushHandler<T>(remote)), batchSize: pushRows },
  });
  const leaving = new AbortController();
  replication.canceled$.subscribe((isCanceled) => {
    if (isCanceled) leaving.abort();
  });
  void follow(`${remote.url}/v1/sync/${remote.entity}/stream`, {
    token: remote.token,
    retryMs,
    signal: leaving.signal,
    heard: () => events.next('RESYNC'),
  });
  return replication;
}

/**
 * One request at a time. RxDB leaves a pulled row alone while it has an unsent change of it, so a row must not be pulled
 * while its push is on the way: what others made of it after the push would be missed.
 */
function turns(): <A extends unknown[], R>(work: (...args: A) => Promise<R>) => (...args: A) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) =>
    (...args) => {
      const turn = last.then(() => work(...args));
      last = turn.catch(() => undefined);
      return turn;
    };
}

type Page<T> = {
  readonly documents: readonly WithDeleted<T>[];
  readonly checkpoint: { readonly cursor: string };
  readonly hasMore: boolean;
};

function pullHandler<T extends SyncedDocument>(collection: RxCollection<T>, remote: Remote) {
  /** Ids that came since a resync began; null: there is none under way, or the app was restarted in its middle. */
  let came: Set<string> | null = null;
  return async (checkpoint: Checkpoint | undefined, rows: number) => {
    const isInterrupted = checkpoint?.resync === true && came === null;
    if (isInterrupted) came = new Set();
    const cursor = isInterrupted ? null : (checkpoint?.cursor ?? null);
    let page = await pullPage<T>(remote, { cursor, rows });
    if (page === 'expired') {
      came = new Set();
      page = await pullPage<T>(remote, { cursor: null, rows });
      if (page === 'expired') throw new Error(`${remote.entity}: a pull without cursor cannot have expired`);
    }
    const documents = [...page.documents];
    for (const { id } of documents) came?.add(id);
    if (came !== null && !page.hasMore) {
      documents.push(...(await goneFrom(collection, came)));
      came = null;
    }
    return {
      documents,
      checkpoint: { cursor: page.checkpoint.cursor, ...(came !== null && { resync: true as const }) },
    };
  };
}

/** Rows that the server does not have. RxDB leaves those alone that have changes which it has yet to push. */
async function goneFrom<T extends SyncedDocument>(
  collection: RxCollection<T>,
  came: ReadonlySet<string>,
): Promise<WithDeleted<T>[]> {
  const held = await collection.find().exec();
  const gone = held.filter((document) => !came.has(document.primary));
  return gone.map((document) => ({ ...(document.toMutableJSON() as T), _deleted: true }));
}

async function pullPage<T>(
  remote: Remote,
  { cursor, rows }: { readonly cursor: string | null; readonly rows: number },
): Promise<Page<T> | 'expired'> {
  const query = new URLSearchParams({ limit: String(rows), ...(cursor !== null && { cursor }) });
  const request = remote.fetch ?? fetch;
  const reply = await request(`${remote.url}/v1/sync/${remote.entity}/pull?${query}`, {
    headers: { authorization: `Bearer ${await remote.token()}` },
  });
  if (reply.status === 410) return 'expired';
  if (!reply.ok) throw new Error(await reply.text());
  return (await reply.json()) as Page<T>;
}

/** Each row is judged by itself: a bad one comes back in `conflicts` as the server has it, and blocks nothing. */
function pushHandler<T>(remote: Remote) {
  return async (rows: readonly unknown[]): Promise<WithDeleted<T>[]> => {
    const request = remote.fetch ?? fetch;
    const reply = await request(`${remote.url}/v1/sync/${remote.entity}/push`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await remote.token()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ rows }),
    });
    // Thrown, so that RxDB sends the same rows again after `retryTime`.
    if (!reply.ok) throw new Error(await reply.text());
    const { conflicts, results } = (await reply.json()) as {
      conflicts: WithDeleted<T>[];
      results: PushResult[];
    };
    remote.onResults?.(results);
    return conflicts;
  };
}
