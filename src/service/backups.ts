/** Bringing back what business rules kept: as a change that is decided like any other. */
import { randomUUID } from 'node:crypto';
import { EVERYTHING } from '../domain/access/scope.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import type { WireMutation } from '../domain/upload/wire.ts';
import { type KeptRow, noteRestored, readBackup } from '../store/backups.ts';
import { type MirrorRow, readMirrorRow } from '../store/mirror-row.ts';
import { withScope } from '../store/scope-session.ts';
import type { MutationVerdict } from '../store/uploads.ts';
import type { ServiceContext } from './context.ts';
import { entityOf } from './names.ts';
import { sendUpload } from './send-upload.ts';

export type Restoring = {
  readonly id: string;
  readonly user: string;
  /** What the user may do, for business rules. */
  readonly permissions: readonly string[];
  /** Whose change it is. */
  readonly device: string;
};

/** @returns the change's verdict. @throws SyncError CONFIG_UNKNOWN, TEMPORAL_UNAVAILABLE */
export async function restoreBackup(
  context: ServiceContext,
  { id, user, permissions, device }: Restoring,
): Promise<MutationVerdict[]> {
  const { pool } = context.store;
  const backup = await readBackup(pool, id);
  if (backup === null) throw notThere(id);
  const spec = writtenEntity(context.config, backup.entity);
  const readable = [{ entity: spec.entity, scope: EVERYTHING }];
  const now = await withScope(context.store, { readable }, (db) => readMirrorRow(db, spec, backup.key));
  const mutation = restoring(backup, spec, now);
  const key = mutation.mutation as string;
  const verdicts = await sendUpload(context, { device, key, user, permissions, mutations: [mutation] });
  const status = verdicts[0]?.verdict?.status;
  if (status === 'applied' || status === 'merged') await noteRestored(pool, { id, by: user });
  return verdicts;
}

function notThere(id: string): SyncError {
  return new SyncError('CONFIG_UNKNOWN', {
    message: `There is no backup ${id}`,
    remedy: '`syncline backups list` shows all there are.',
  });
}

function writtenEntity(config: ServiceContext['config'], name: string): EntitySpec {
  const spec = entityOf(config, name);
  if (spec.upload !== null) return spec;
  throw new SyncError('CONFIG_UNKNOWN', {
    message: `${name} takes no changes any more: its configuration has no \`upload\``,
    remedy: 'Give the entity `upload` again, or write the values in the source.',
  });
}

/**
 * From the row as it is now, so that nothing clashes but what changes from here on. A row that is gone is made again,
 * with its key.
 */
function restoring(backup: KeptRow, spec: EntitySpec, now: MirrorRow | null): WireMutation {
  const isThere = now !== null && now.deletedAt === null;
  const writable = new Set([
    ...(spec.upload?.writable ?? []),
    ...spec.localColumns.map(({ name }) => name),
    ...(isThere ? [] : (now?.keyColumns ?? [])),
  ]);
  const values = Object.fromEntries(Object.entries(backup.values).filter(([name]) => writable.has(name)));
  const base = isThere
    ? Object.fromEntries(Object.keys(values).map((name) => [name, now.values[name] ?? null]))
    : null;
  return {
    mutation: `restore/${backup.id}/${randomUUID()}`,
    entity: backup.entity,
    row: backup.row,
    operation: isThere ? 'update' : 'insert',
    values,
    ...(base !== null && { base: { values: base } }),
  };
}
