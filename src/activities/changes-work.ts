/** What the steps of an increment share: the claim they work under, and the load job that follows from it. */
import type { Source } from '../connectors/contract.ts';
import type { EntityRef } from '../domain/run.ts';
import type { Claim } from '../store/chunks.ts';
import type { LoadJob } from '../store/load-job.ts';
import type { ActivityDeps } from './deps.ts';
import type { EntityAtWork } from './entity-at-work.ts';
import type { KeepAlive } from './keep-alive.ts';

export type ChangesWork = {
  readonly deps: ActivityDeps;
  readonly ref: EntityRef;
  readonly entity: EntityAtWork;
  readonly source: Source;
  readonly claim: Claim;
  readonly alive: KeepAlive;
};

/** A run that is bounded by `since` goes by times, which reach further back than the log does. */
export function followsLog({ plan, since }: EntityAtWork): boolean {
  return plan.spec.capture && since === null;
}

export function jobOf(work: ChangesWork, ticket: string): LoadJob {
  const { ref, entity, claim } = work;
  return {
    ref,
    plan: entity.plan,
    ticket,
    claim: { chunkId: claim.chunkId, attempt: claim.attempt },
    resumeAfter: null,
    finished: false,
    range: null,
    keyOrder: entity.keyOrder,
    // What the log tells of is not late, whatever time its row bears.
    lateBelow: followsLog(entity) ? null : entity.lateBelow,
    rawKeys: null,
  };
}
