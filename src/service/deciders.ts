/** Who may decide a conflict: from its row, its history and the configuration. */
import type { DecidableConflict } from '../domain/approval/may-decide.ts';
import type { SyncConfig } from '../domain/config.ts';
import type { Resolvers } from '../domain/upload/upload-spec.ts';
import type { ConflictEvent, ConflictRow } from '../store/conflicts.ts';

export type Deciders = { readonly resolvers: Resolvers; readonly decidable: DecidableConflict };

export function decidersOf(
  row: Pick<ConflictRow, 'entity' | 'clash' | 'device' | 'user'>,
  events: readonly Pick<ConflictEvent, 'event'>[],
  config: SyncConfig,
): Deciders {
  const approval = approvalOf(row, config);
  const isEscalated = events.some(({ event }) => event === 'escalated');
  return {
    // A role that a business rule wants takes the place of the entity's.
    resolvers: row.clash.role === null ? (approval?.resolvers ?? 'anyone') : { role: row.clash.role },
    decidable: {
      device: row.device,
      deviceUser: row.user,
      author: row.user,
      escalatedTo: isEscalated ? (approval?.escalateTo ?? null) : null,
    },
  };
}

function approvalOf({ entity }: Pick<ConflictRow, 'entity'>, { pipelines }: SyncConfig) {
  const specs = Object.values(pipelines).map(({ entities }) => entities[entity]?.upload?.approval);
  return specs.find((spec) => spec !== undefined);
}
