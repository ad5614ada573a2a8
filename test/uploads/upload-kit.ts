/** Uploads in process: the real activities in the order in which the workflow calls them, on real databases. */
import { applyDecision } from '../../src/activities/apply-decision.ts';
import { applyUpload } from '../../src/activities/apply-upload.ts';
import { applyReleased, closeConflict, finishUpload } from '../../src/activities/conflicts.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { planUpload } from '../../src/activities/plan-upload.ts';
import type { DecisionResult } from '../../src/activities/upload-contract.ts';
import type { HumanDecision } from '../../src/domain/approval/approval.ts';
import { encodeHlc } from '../../src/domain/upload/hlc.ts';
import type { StoredVerdict } from '../../src/domain/upload/stored-verdict.ts';
import { type NewUpload, readVerdicts, stageUpload } from '../../src/store/uploads.ts';
import { contextOf } from '../runs/run-kit.ts';

let uploads = 0;

export type Sent = Partial<Pick<NewUpload, 'device' | 'key' | 'user' | 'permissions' | 'grants'>>;

/** Stages and applies mutations. @returns their verdicts, in their order. */
export async function upload(
  deps: ActivityDeps,
  mutations: readonly unknown[],
  sent: Sent = {},
): Promise<StoredVerdict[]> {
  const ref = { device: 'd1', key: `upload-${++uploads}`, ...sent };
  await stage(deps, mutations, ref);
  await process(deps, ref);
  return verdictsOf(deps, ref);
}

export async function stage(
  { store }: Pick<ActivityDeps, 'store'>,
  mutations: readonly unknown[],
  ref: Sent & { device: string; key: string },
): Promise<'staged' | 'known'> {
  return stageUpload(store, {
    user: null,
    permissions: [],
    receivedHlc: hlcAt(Date.now()),
    workflowId: `upload/${ref.device}/${ref.key}`,
    ...ref,
    mutations,
  });
}

export async function process(deps: ActivityDeps, ref: { device: string; key: string }): Promise<void> {
  const { parts } = await planUpload(deps, ref, contextOf());
  for (let open = parts; open.length > 0; ) {
    const left: (typeof parts)[number][] = [];
    for (const part of open) {
      const input = { ...ref, pipeline: part.pipeline, timeBoxMs: 60_000 };
      if (!(await applyUpload(deps, input, contextOf())).done) left.push(part);
    }
    open = left;
  }
  await finishUpload(deps, ref);
}

export async function verdictsOf(
  { store }: Pick<ActivityDeps, 'store'>,
  ref: { device: string; key: string },
): Promise<StoredVerdict[]> {
  const rows = await readVerdicts(store.pool, ref);
  return rows.map(({ verdict }) => verdict ?? { status: 'rejected', code: 'NONE' });
}

/** What the workflow of a conflict does with a decision. */
export async function decide(
  deps: ActivityDeps,
  conflictId: string,
  { approvedBy = ['anyone'], ...decision }: HumanDecision & { readonly approvedBy?: readonly string[] },
): Promise<DecisionResult> {
  const decided = {
    ...decision,
    by: { name: 'anna', via: 'cli' as const },
    atMs: Date.now(),
    approvedBy,
  };
  const result = await applyDecision(deps, { conflictId, decided }, contextOf());
  if (result.kind === 'applied') {
    const { released } = await closeConflict(
      deps,
      { conflictId, outcome: 'applied', by: 'anna' },
      contextOf(),
    );
    for (let done = released === 0; !done; ) {
      ({ done } = await applyReleased(deps, { conflictId, timeBoxMs: 60_000 }, contextOf()));
    }
  }
  return result;
}

export function hlcAt(ms: number, node = 'd1'): string {
  return encodeHlc({ ms, counter: 0, node });
}
