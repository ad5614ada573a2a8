/** Rows that the source no longer has: tombstones, kept with their values so that devices learn of the delete. */

import type { EntityPlan } from '../domain/entity.ts';
import { decodeKey, keySql } from '../domain/keys.ts';
import type { EntityRef } from '../domain/run.ts';
import type { Db } from '../pg/pool.ts';
import { forgetKeys } from './dedupe-release.ts';
import { stampSql, tracksFields } from './field-stamps.ts';
import { deletable } from './load-candidates.ts';
import { inLoadTransaction, type LoadSession } from './load-session.ts';
import {
  bindings,
  encodedKey,
  keyList,
  mirrorTable,
  ownRows,
  PROVENANCE,
  sameKey,
  unbounded,
} from './mirror-target.ts';
import type { Store } from './open.ts';
import { clearQuarantine } from './quarantine-rows.ts';

export type Buried = { readonly tombstoned: number; readonly refreshed: number };

type Gone = { readonly plan: EntityPlan; readonly ticket: string; readonly keys: readonly string[] };

/**
 * Tombstones rows that a look-up in the source, made under `ticket`, did not find. Rows written after the ticket are
 * listed to be read again instead (C1).
 * @throws SyncError FENCED
 */
export async function tombstoneKeys(
  store: Store,
  job: Gone & { readonly ref: EntityRef; readonly signal?: AbortSignal },
): Promise<Buried> {
  if (job.keys.length === 0) return { tombstoned: 0, refreshed: 0 };
  const { ref, signal } = job;
  return inLoadTransaction(store, { ref, claim: null, signal }, (session) => buryKeys(session, job));
}

/** The same within a load: keys that were asked for, and are not there. */
export async function buryKeys(session: LoadSession, { plan, ticket, keys }: Gone): Promise<Buried> {
  const sound = await wellFormed(session.client, plan, keys);
  if (sound.length === 0) return { tombstoned: 0, refreshed: 0 };
  const { values, bind } = bindings();
  const snapshot = `${bind(ticket)}::pg_snapshot`;
  const { rowCount: tombstoned } = await session.client.query(
    buryRows(plan, {
      from: keyList(plan, { alias: 's', keys: sound }, bind),
      where: `${deletable(plan, 'm', bind)} AND pg_visible_in_snapshot(m.sync_xid, ${snapshot})`,
    }),
    values,
  );
  const refreshed = await listNewer(session, { plan, ticket, keys: sound });
  const list = bindings();
  await clearQuarantine(session.client, plan, {
    from: keyList(plan, { alias: 's', keys: sound }, list.bind),
    values: list.values,
  });
  await forgetKeys(session, plan, sound);
  return { tombstoned: tombstoned ?? 0, refreshed };
}

/** UPDATE that makes tombstones of the mirror rows `m` that have a row `s`. */
export function buryRows(plan: EntityPlan, rows: { readonly from: string; readonly where: string }): string {
  const stamp = tracksFields(plan)
    ? [`sync_fields = jsonb_build_object('*', ${stampSql('NULL::text')})`]
    : [];
  const reset = [...PROVENANCE.map((name) => `${name} = NULL`), ...stamp].join(', ');
  return `
    UPDATE ${mirrorTable(plan)} AS m
       SET sync_deleted_at = clock_timestamp(), sync_xid = pg_current_xact_id(), ${reset}
      FROM ${rows.from}
     WHERE ${sameKey(plan, 'm', 's')} AND ${rows.where}`;
}

async function listNewer(session: LoadSession, { plan, ticket, keys }: Gone): Promise<number> {
  const { values, bind } = bindings();
  const { rowCount } = await session.client.query(
    `INSERT INTO syncline.refresh (entity, key, reason)
     SELECT ${bind(plan.spec.entity)}, ${encodedKey(plan, 'm')}, 'written after the look-up'
       FROM ${mirrorTable(plan)} AS m
       JOIN ${keyList(plan, { alias: 's', keys }, bind)} ON ${sameKey(plan, 'm', 's')}
      WHERE ${deletable(plan, 'm', bind)} AND NOT pg_visible_in_snapshot(m.sync_xid, ${bind(ticket)}::pg_snapshot)
      ORDER BY 2
     ON CONFLICT (entity, key) DO UPDATE SET enqueued_xid = excluded.enqueued_xid, reason = excluded.reason`,
    values,
  );
  return rowCount ?? 0;
}

/**
 * Keys as the mirror's own types spell them. Others name no row of it: they are left of a key that the entity had once,
 * and `007`, a text then, is not the number 7, which a look-up of it would find and not recognise.
 */
export async function wellFormed(db: Db, plan: EntityPlan, keys: readonly string[]): Promise<string[]> {
  const arity = plan.keyColumns.length;
  const split = keys.filter((key) => partsOf(key, arity) !== null);
  const { values, bind } = bindings();
  const columns = plan.keyColumns.map((_, i) => bind(split.map((key) => partsOf(key, arity)?.[i])));
  const types = plan.keyColumns.map(
    (name) => plan.mirrorColumns.find((column) => column.name === name)?.type ?? 'text',
  );
  const valid = types.map((type, i) => `pg_input_is_valid(part_${i}, ${bind(type)})`).join(' AND ');
  const parts = types.map((_, i) => `part_${i}`).join(', ');
  const spelled = keySql(types.map((type, i) => ({ expression: `part_${i}::${unbounded(type)}`, type })));
  const { rows } = await db.query<{ key: string }>(
    `SELECT key FROM unnest(${bind(split)}::text[], ${columns.map((column) => `${column}::text[]`).join(', ')})
            AS listed (key, ${parts})
      WHERE CASE WHEN ${valid} THEN ${spelled} = key END`,
    values,
  );
  return rows.map((row) => row.key);
}

function partsOf(key: string, arity: number): string[] | null {
  try {
    return decodeKey(key, arity);
  } catch {
    return null;
  }
}

/** Rows of the entity that are there, tombstones left out. */
export async function countLive(db: Db, plan: EntityPlan): Promise<number> {
  const { values, bind } = bindings();
  const { rows } = await db.query<{ live: number }>(
    `SELECT count(*) AS live FROM ${mirrorTable(plan)} AS m WHERE m.sync_deleted_at IS NULL AND ${ownRows(plan, 'm', bind)}`,
    values,
  );
  return Number(rows[0]?.live ?? 0);
}
