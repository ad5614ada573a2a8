/** What both sides of a conflict have, gathered for whoever looks at it. */
import type { SidesInput } from '../domain/approval/conflict-view.ts';
import type { EntitySpec } from '../domain/entity.ts';
import type { Db } from '../pg/pool.ts';
import type { ConflictRow } from './conflicts.ts';
import { readMirrorRow } from './mirror-row.ts';
import { readMutation } from './mutations.ts';
import { namesOfRow } from './row-story.ts';

/** @param spec the entity's: its mirror says when the server's fields changed. */
export async function readSides(db: Db, spec: EntitySpec, row: ConflictRow): Promise<SidesInput> {
  const mutation = await readMutation(db, row.mutation);
  const { key } = await namesOfRow(db, { entity: row.entity, name: row.row });
  const mirrored = await readMirrorRow(db, spec, key);
  return {
    ...{ round: row.round, base: row.base, accepted: row.clash.accepted ?? {} },
    ...{ client: row.client, server: row.server },
    ...{ draft: row.clash.draft, clashing: row.clash.clash?.fields ?? [] },
    deviceHlc: mutation === null ? null : (mutation.body.hlc ?? mutation.receivedHlc),
    serverStamps: mirrored?.version === row.serverVersion ? (mirrored?.stamps ?? null) : null,
  };
}
