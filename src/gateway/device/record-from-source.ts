/** A record as its source has it: a worker looks it up and mirrors it, and the mirror is read. */
import type { Principal } from '../../domain/access/principal.ts';
import type { SyncConfig } from '../../domain/config.ts';
import { jsonMembers } from '../../domain/json-members.ts';
import { readFromSource } from '../../record-client.ts';
import { readRecordKey } from '../../store/record-page.ts';
import { askForRecord, forgetRecordRead } from '../../store/record-reads.ts';
import { withScope } from '../../store/scope-session.ts';
import type { GatewayDeps } from '../deps.ts';
import { type CurrentRecord, currentRecord } from './current-record.ts';
import type { Reading } from './feed-reading.ts';

type Wanted = { readonly reading: Reading; readonly id: string; readonly by: Principal };

/** @throws SOURCE_UNAVAILABLE and its like, TEMPORAL_UNAVAILABLE */
export async function refreshFromSource(
  deps: GatewayDeps,
  { reading, id, by }: Wanted,
): Promise<{ found: boolean }> {
  const { entity } = reading;
  const { pool } = deps.store;
  // Whoever asks need not see the row to have it read: it may have come into their sight in the source.
  const readable = [{ entity: entity.spec.entity, scope: { partitions: {} } }];
  const known = await withScope(deps.store, { readable }, (client) => readRecordKey(client, entity, id));
  const read = await askForRecord(pool, { entity: entity.spec.entity, key: known ?? id });
  try {
    return await readFromSource(deps.client, {
      read,
      taskQueue: queueOf(deps.config, entity.spec.pipeline),
      who: by.device ?? by.user,
      waitMs: deps.settings.verdictWaitMs,
    });
  } finally {
    await forgetRecordRead(pool, read);
  }
}

/** The JSON text of both; null: neither has it. */
export async function bothSides(deps: GatewayDeps, wanted: Wanted): Promise<string | null> {
  const before = await currentRecord(deps, wanted.reading, wanted.id);
  const { found } = await refreshFromSource(deps, wanted);
  const after = await currentRecord(deps, wanted.reading, wanted.id);
  const mirror = before.isThere ? before : null;
  const source = found && after.isThere ? after : null;
  if (mirror === null && source === null) return null;
  const differing = JSON.stringify(differingFields(mirror, source));
  return `{"mirror":${mirror?.text ?? null},"source":${source?.text ?? null},"differing":${differing}}`;
}

/** By the texts of their values. The version says when it changed, not what. */
function differingFields(mirror: CurrentRecord | null, source: CurrentRecord | null): string[] {
  const left = new Map(mirror === null ? [] : jsonMembers(mirror.text));
  const right = new Map(source === null ? [] : jsonMembers(source.text));
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => name !== 'rev' && left.get(name) !== right.get(name));
}

function queueOf({ pipelines, temporal }: SyncConfig, pipeline: string): string {
  return pipelines[pipeline]?.taskQueue ?? temporal.taskQueue;
}
