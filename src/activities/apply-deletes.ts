/**
 * C5: what a full run does with keys that the source did not show. One guard for the entity, then each candidate is
 * looked up in the source by key, and only what is not there becomes a tombstone.
 */
import type { Source } from '../connectors/contract.ts';
import { ERRORS } from '../domain/errors.ts';
import type { EntityRef, FailureNote, SyncPipelineInput } from '../domain/run.ts';
import { pieceKeys } from '../domain/shape.ts';
import { type CandidateState, candidateState, dropCandidates, listCandidates } from '../store/candidates.ts';
import { noteEntity } from '../store/entity-notes.ts';
import { takeTicket } from '../store/ticket.ts';
import { countLive, tombstoneKeys } from '../store/tombstones.ts';
import { collectUnseen } from '../store/unseen-keys.ts';
import { PIECE_BYTES } from './copy-stream.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { type EntityAtWork, entityAtWork } from './entity-at-work.ts';
import { type KeepAlive, keepAlive } from './keep-alive.ts';
import { withSource } from './source-access.ts';

const KEYS_A_LOOK_UP = 1_000;
const COUNT_LIMIT_MS = 30 * 60_000;

export async function applyDeletes(
  deps: ActivityDeps,
  input: { ref: EntityRef; run: SyncPipelineInput },
  context: ActivityContext,
): Promise<{ tombstoned: number; skippedBecause?: FailureNote }> {
  const { ref, run } = input;
  const entity = await entityAtWork(deps, ref, context);
  const reason = whyNot(entity, await candidateState(deps.store.pool, ref));
  if (reason !== null) return { tombstoned: 0, skippedBecause: reason };

  const alive = keepAlive(deps, { ref, claim: null }, context);
  try {
    if (entity.keyOrder === 'unproved') {
      const { signal, moved: onPage } = alive;
      await collectUnseen(deps.store, { ref, plan: entity.plan, signal, onPage });
    }
    const { candidates } = await candidateState(deps.store.pool, ref);
    if (candidates === 0) return { tombstoned: 0 };
    const guarded = run.allowMassDelete ? null : await massDelete(deps, { entity, candidates, alive });
    if (guarded !== null) {
      // The rows of the source are all in; only the deletes wait for a person. The run ends PARTIAL.
      await noteEntity(deps.store.pool, ref, { error: guarded });
      return { tombstoned: 0, skippedBecause: guarded };
    }
    const tombstoned = await withSource(deps, { ref, signal: alive.signal, moved: alive.moved }, (source) =>
      lookUpAndBury({ deps, ref, entity, source, alive }),
    );
    return { tombstoned };
  } finally {
    alive.stop();
  }
}

async function massDelete(
  deps: ActivityDeps,
  at: { entity: EntityAtWork; candidates: number; alive: KeepAlive },
): Promise<FailureNote | null> {
  const { entity, candidates, alive } = at;
  const { spec } = entity.plan;
  // Counting a large mirror takes a while, in a session that is watched for silence like any other.
  alive.allow(COUNT_LIMIT_MS);
  const live = await countLive(deps.store.pool, entity.plan);
  alive.moved();
  if (candidates * 100 <= live * spec.massDeleteGuardPercent) return null;
  return {
    code: 'MASS_DELETE',
    message: `The source no longer shows ${candidates} of ${live} rows of ${spec.entity}; the guard is ${spec.massDeleteGuardPercent} %`,
    remedy: ERRORS.MASS_DELETE.remedy,
  };
}

/** Reasons to leave every row alone in this run. They are told, not raised: rows of the source are all in. */
function whyNot(entity: EntityAtWork, state: CandidateState): FailureNote | null {
  if (entity.since !== null || entity.maxRows !== null) {
    return { code: 'BOUNDED_RUN', message: 'A run bounded by since or maxRows tombstones nothing.' };
  }
  if (!entity.seesAllRows) {
    return {
      code: 'ROWS_HIDDEN',
      message: 'Rows may be hidden from this login at the source, so nothing is tombstoned.',
    };
  }
  if (state.failedChunks > 0) {
    return { code: 'CHUNK_FAILED', message: 'A chunk failed, so missing keys prove nothing.' };
  }
  if (state.unreadableKeys && entity.keyOrder === 'unproved') {
    return {
      code: 'KEYS_UNREADABLE',
      message: 'A row’s key could not be read, so missing keys prove nothing.',
    };
  }
  if (entity.readChanged) {
    return {
      code: 'READ_CHANGED',
      message:
        '`read` changed since the last full run: rows outside it are left as they are until the next one.',
    };
  }
  return null;
}

async function lookUpAndBury(work: {
  deps: ActivityDeps;
  ref: EntityRef;
  entity: EntityAtWork;
  source: Source;
  alive: KeepAlive;
}): Promise<number> {
  const { deps, ref, entity, source, alive } = work;
  const { plan } = entity;
  let tombstoned = 0;
  for (;;) {
    const keys = await listCandidates(deps.store.pool, ref, { limit: KEYS_A_LOOK_UP });
    if (keys.length === 0) return tombstoned;
    const ticket = await takeTicket(deps.store.pool);
    const there = new Set<string>();
    const options = {
      format: 'rows',
      pieceBytes: PIECE_BYTES.rows,
      signal: alive.signal,
      onProgress: alive.moved,
    } as const;
    for await (const piece of source.lookUpKeys(plan, keys, options)) {
      for (const key of pieceKeys(plan, piece)) there.add(key);
    }
    const gone = keys.filter((key) => !there.has(key));
    const buried = await tombstoneKeys(deps.store, { ref, plan, ticket, keys: gone });
    tombstoned += buried.tombstoned;
    await noteEntity(deps.store.pool, ref, { tombstoned: buried.tombstoned });
    await dropCandidates(deps.store.pool, ref, keys);
    alive.moved();
  }
}
