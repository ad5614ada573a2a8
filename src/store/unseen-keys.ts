/** C5, where the source's key order is not proved: which keys of the mirror no piece of the run has shown. */
import type { EntityPlan } from '../domain/entity.ts';
import type { EntityRef } from '../domain/run.ts';
import type { Db } from '../pg/pool.ts';
import { deletable } from './load-candidates.ts';
import { inLoadTransaction } from './load-session.ts';
import {
  bindings,
  encodedKey,
  inRange,
  keyNames,
  type MirrorRange,
  mirrorTable,
  ownRows,
} from './mirror-target.ts';
import type { Store } from './open.ts';

type Unseen = {
  readonly ref: EntityRef;
  readonly plan: EntityPlan;
  readonly signal?: AbortSignal;
  /** Called for each page of the mirror. */
  readonly onPage?: () => void;
  readonly pageRows?: number;
};

/** So many rows of the mirror are compared within a second, in a transaction of their own (C6). */
const PAGE_ROWS = 50_000;

/**
 * Live rows of the mirror whose key was not shown become delete candidates. None do when a key could not be read.
 * @throws SyncError FENCED
 */
export async function collectUnseen(store: Store, work: Unseen): Promise<number> {
  let unseen = 0;
  for (let after: string | null = null; ; ) {
    const upTo = await endOfPage(store.pool, work, after);
    unseen += await collectPage(store, work, { after, upTo });
    work.onPage?.();
    if (upTo === null) return unseen;
    after = upTo;
  }
}

/** The key of the page's last row; null when the rows behind `after` make no full page. */
async function endOfPage(db: Db, { plan, pageRows = PAGE_ROWS }: Unseen, after: string | null) {
  const { values, bind } = bindings();
  const behind = inRange(plan, { alias: 'm', range: { after, upTo: null } }, bind);
  const { rows } = await db.query<{ key: string }>(
    `SELECT ${encodedKey(plan, 'm')} AS key FROM ${mirrorTable(plan)} AS m
      WHERE ${behind} AND ${ownRows(plan, 'm', bind)}
      ORDER BY ${keyNames(plan, 'm').join(', ')} OFFSET ${bind(pageRows - 1)} LIMIT 1`,
    values,
  );
  return rows[0]?.key ?? null;
}

function collectPage(store: Store, { ref, plan, signal }: Unseen, page: MirrorRange): Promise<number> {
  return inLoadTransaction(store, { ref, claim: null, signal }, async ({ client }) => {
    const { values, bind } = bindings();
    const run = `run_id = ${bind(ref.runId)} AND entity = ${bind(ref.entity)}`;
    const { rowCount } = await client.query(
      `INSERT INTO syncline.delete_candidate (run_id, entity, key)
       SELECT $1, $2, ${encodedKey(plan, 'm')}
         FROM ${mirrorTable(plan)} AS m
        WHERE ${inRange(plan, { alias: 'm', range: page }, bind)} AND ${deletable(plan, 'm', bind)}
          AND NOT EXISTS (SELECT FROM syncline.seen_key WHERE ${run} AND key = ${encodedKey(plan, 'm')})
          AND NOT EXISTS (SELECT FROM syncline.sync_chunk WHERE ${run} AND NOT keys_complete)
       ON CONFLICT DO NOTHING`,
      values,
    );
    return rowCount ?? 0;
  });
}
