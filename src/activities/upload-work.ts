/** What the steps of an upload share. */
import type { WriteTarget } from '../connectors/write-contract.ts';
import { SyncError } from '../domain/errors.ts';
import type { EntityRef } from '../domain/run.ts';
import type { LoadJob } from '../store/load-job.ts';
import type { StagedMutation } from '../store/mutations.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import type { Prepared } from './prepare-change.ts';
import type { UploadEntity } from './upload-entity.ts';

/** Rows of an entity that are looked up in its source by key. */
export type LookUpWork = {
  readonly deps: ActivityDeps;
  readonly context: ActivityContext;
  readonly entity: Pick<UploadEntity, 'pipeline' | 'plan' | 'seesAllRows'>;
  /** Of the upload, the conflict or the read: names sessions, and what rules see. */
  readonly id: string;
};

export type UploadWork = LookUpWork & {
  readonly entity: UploadEntity;
  /** This process's node, for clocks. */
  readonly node: string;
};

/** A mutation that can be decided, with the key of its row; null: the source gives it one. */
export type Item = {
  readonly mutation: StagedMutation;
  readonly prepared: Extract<Prepared, { kind: 'change' }>;
  readonly key: string | null;
  /** Of a mutation that a human decided. */
  readonly decided?: { readonly conflictId: string; readonly round: number };
};

/** One of several changes that may be of several entities. */
export type Member = { readonly work: UploadWork; readonly item: Item };

export type StagedMember = { readonly work: UploadWork; readonly mutation: StagedMutation };

/** Of one entity each: members of one keep their order. */
export function byEntity<T extends { readonly work: UploadWork }>(
  members: readonly T[],
): { readonly work: UploadWork; readonly members: readonly T[] }[] {
  const works = [...new Set(members.map(({ work }) => work))];
  return works.map((work) => ({ work, members: members.filter((member) => member.work === work) }));
}

export function refOf({ entity, id }: LookUpWork): EntityRef {
  const { pipeline } = entity.pipeline;
  return { runId: id, pipeline, fence: 0, configHash: '', entity: entity.plan.spec.entity };
}

/** Rows that were looked up by key, without a run. */
export function lookUpJob(
  work: LookUpWork,
  { ticket, found, gone }: { ticket: string; found: readonly string[]; gone: readonly string[] },
): LoadJob {
  const { plan, seesAllRows } = work.entity;
  return {
    ref: refOf(work),
    plan,
    ticket,
    claim: null,
    resumeAfter: null,
    finished: false,
    range: null,
    keyOrder: 'bytes',
    lateBelow: null,
    askedKeys: seesAllRows ? gone : [],
    rawKeys: found,
  };
}

export function targetOf({ deps, entity, id }: UploadWork): WriteTarget {
  const target = deps.targets[entity.pipeline.source];
  if (target !== undefined) return target.named(id);
  throw new SyncError('CONFIG_UNKNOWN', {
    message: `This worker cannot write to source "${entity.pipeline.source}"`,
  });
}
