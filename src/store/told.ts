/** C9: outcomes that differ from what a device was told reach it by the rows that it pulls. */
import type { EntityPlan } from '../domain/entity.ts';
import type { Db } from '../pg/pool.ts';
import type { LoadSession } from './load-session.ts';
import type { StagedMutation } from './mutations.ts';
import { readRows } from './upload-rows.ts';
import { touchRow } from './upload-writes.ts';
import type { UploadRef } from './uploads.ts';

/**
 * Before a device is answered while some of its changes are undecided: from now on it hears of those by their rows, also
 * where nothing comes of them. What was decided in the meantime has its verdict, so verdicts are read after this.
 * @returns how many are undecided.
 */
export async function tellUndecided(db: Db, { device, key }: UploadRef): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE syncline.mutation SET told = true WHERE device = $1 AND upload_key = $2 AND state <> 'done'`,
    [device, key],
  );
  return rowCount ?? 0;
}

/**
 * In the transaction that ends a mutation of which nothing is written. A row that its device made, and nobody else has,
 * leaves its device's sight.
 * @param at.key of the row, where it is not the mutation's.
 * @returns the version by which the device hears of it; null: there is no row, or the device was told nothing yet.
 */
export async function tellByRow(
  session: LoadSession,
  plan: EntityPlan,
  { mutation, key }: { readonly mutation: StagedMutation; readonly key: string | null },
): Promise<string | null> {
  if (!mutation.told) return null;
  const at = key ?? mutation.key ?? mutation.row;
  const known = (await readRows(session.client, plan, { keys: [at], lock: 'row' })).get(at);
  const isThere = known !== undefined && known.state !== 'unknown';
  const version = isThere ? await touchRow(session, plan, at) : null;
  const isOwn = mutation.body.operation === 'insert' && mutation.key === null;
  if (isOwn && (version === null || at !== mutation.row)) await noteExit(session, mutation);
  return version;
}

async function noteExit(
  { client }: LoadSession,
  { entity, row, device }: Pick<StagedMutation, 'entity' | 'row' | 'device'>,
): Promise<void> {
  await client.query('INSERT INTO syncline.feed_exit (entity, row_id, device) VALUES ($1, $2, $3)', [
    entity,
    row,
    device,
  ]);
}
