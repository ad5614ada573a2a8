/** WatermelonDB's `synchronize()` with a Syncline gateway. Copy it into your app. */
import type { Database } from '@nozbe/watermelondb';
import type {
  SyncPullArgs,
  SyncPullResult,
  SyncPushArgs,
  SyncPushResult,
} from '@nozbe/watermelondb/sync/index.js';

export type PushedRecord = {
  readonly entity: string;
  readonly id: string | null;
  readonly status: 'applied' | 'merged' | 'conflict' | 'pending_approval' | 'rejected';
  readonly conflictId?: string;
  readonly problem?: { readonly code: string; readonly message: string };
};

export type Remote = {
  /** Of the gateway, without a slash at its end. */
  readonly url: string;
  readonly token: () => string | Promise<string>;
  /** Entities that the app has tables of. */
  readonly tables: readonly string[];
  /** Tell your user of what was rejected, or waits for somebody; the rows themselves come by the next pull. */
  readonly onResults?: (results: readonly PushedRecord[]) => void;
  /** Instead of the global one. */
  readonly fetch?: typeof fetch;
};

/** `synchronize` of `@nozbe/watermelondb/sync`. */
type Synchronize = (options: {
  readonly database: Database;
  readonly sendCreatedAsUpdated: true;
  readonly pullChanges: (args: SyncPullArgs) => Promise<SyncPullResult>;
  readonly pushChanges: (args: SyncPushArgs) => Promise<SyncPushResult>;
}) => Promise<void>;

type Refusal = { readonly code?: string; readonly detail?: string };

/** A request that the gateway refused; `code` as docs/errors.md has it. */
class Refused extends Error {
  readonly code: string;

  constructor({ code = 'UNKNOWN', detail = '' }: Refusal) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

const MOST_ROUNDS = 10;
const PAUSE_MS = 200;

/** Until all of the server's rows are here, and all of ours there. @throws what the network or the gateway says. */
export async function synchronizeAll(
  synchronize: Synchronize,
  database: Database,
  remote: Remote,
): Promise<void> {
  for (let round = 1; ; round += 1) {
    let hasMore = false;
    const pullChanges = async (args: SyncPullArgs): Promise<SyncPullResult> => {
      const pulled = await pull(remote, args);
      ({ hasMore } = pulled);
      return pulled;
    };
    try {
      const pushChanges = (args: SyncPushArgs): Promise<SyncPushResult> => push(remote, args);
      await synchronize({ database, sendCreatedAsUpdated: true, pullChanges, pushChanges });
      if (!hasMore) return;
    } catch (error) {
      // Others changed one of our rows meanwhile: the next round pulls it first.
      const isWorthIt = error instanceof Refused && ['PULL_FIRST', 'UPLOAD_PENDING'].includes(error.code);
      if (!isWorthIt || round === MOST_ROUNDS) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * round * Math.random()));
    }
  }
}

async function pull(
  remote: Remote,
  { lastPulledAt, schemaVersion, migration }: SyncPullArgs,
): Promise<SyncPullResult & { readonly hasMore: boolean }> {
  const query = new URLSearchParams({
    last_pulled_at: String(lastPulledAt ?? 0),
    schema_version: String(schemaVersion),
    migration: JSON.stringify(migration ?? null),
    tables: remote.tables.join(','),
  });
  return ask(remote, { path: `/v1/watermelon/pull?${query}` });
}

async function push(remote: Remote, { changes, lastPulledAt }: SyncPushArgs): Promise<SyncPushResult> {
  const said = await ask<SyncPushResult & { readonly results: readonly PushedRecord[] }>(remote, {
    path: `/v1/watermelon/push?last_pulled_at=${lastPulledAt}`,
    body: JSON.stringify({ changes }),
  });
  remote.onResults?.(said.results);
  return said;
}

async function ask<T>(
  remote: Remote,
  { path, body }: { readonly path: string; readonly body?: string },
): Promise<T> {
  const request = remote.fetch ?? fetch;
  const reply = await request(`${remote.url}${path}`, {
    headers: {
      authorization: `Bearer ${await remote.token()}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { method: 'POST', body }),
  });
  const text = await reply.text();
  if (reply.ok) return JSON.parse(text) as T;
  throw new Refused(JSON.parse(text) as Refusal);
}
