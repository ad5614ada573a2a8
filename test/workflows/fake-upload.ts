/** Activities of uploads and conflicts without databases: they keep in memory what was decided and recorded. */
import type { UploadActivities } from '../../src/activities/upload-contract.ts';
import type { ApprovalState } from '../../src/domain/approval/approval.ts';
import { openApproval, reduceApproval } from '../../src/domain/approval/reduce-approval.ts';
import type { ApprovalSpec } from '../../src/domain/upload/upload-spec.ts';
import { conflictWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import { workUntilCancelled } from './fake-run.ts';

type Step = Parameters<UploadActivities['recordConflict']>[0];

export type FakeUpload = {
  readonly activities: UploadActivities;
  /** By conflict, in the order in which they came. */
  readonly steps: Map<string, Step[]>;
  readonly calls: (keyof UploadActivities)[];
  readonly started: Set<string>;
};

export type FakeUploadOptions = {
  /** Ids of the conflicts that an upload opens. */
  readonly conflicts?: readonly string[];
  readonly approval?: Partial<ApprovalSpec>;
  readonly taskQueue: string;
  /** The row moves under the decision of this round. */
  readonly movesInRound?: number;
  /** Calls of applyUpload until everything is decided, and of applyReleased. */
  readonly slices?: number;
  /** Is there somebody to be told? */
  readonly tell?: true;
  /** This activity goes on until it is cancelled, and never ends well. */
  readonly stuck?: 'applyUpload' | 'applyDecision' | 'applyReleased';
  /** What an execution that was lost left in the store. */
  readonly before?: { readonly approval: { state: ApprovalState; step: number }; readonly closed: boolean };
};

const WAITS: ApprovalSpec = {
  resolvers: 'anyone',
  ...{
    remindAfterMs: null,
    escalateAfterMs: null,
    escalateTo: null,
    expireAfterMs: null,
    onExpire: 'server',
  },
};

export function fakeUpload(options: FakeUploadOptions): FakeUpload {
  const {
    conflicts = [],
    approval = {},
    taskQueue,
    movesInRound = 0,
    slices = 1,
    tell,
    stuck,
    before,
  } = options;
  const steps = new Map<string, Step[]>();
  const calls: (keyof UploadActivities)[] = [];
  const started = new Set<string>();
  const left = { applyUpload: slices, applyReleased: slices };
  const slice = (name: keyof typeof left) => {
    left[name] -= 1;
    return { done: left[name] <= 0, waiting: left[name] === 1, decided: 1 };
  };
  const base: UploadActivities = {
    planUpload: async () => ({ parts: [{ pipeline: 'p', taskQueue }] }),
    applyUpload: async () => slice('applyUpload'),
    openedConflicts: async ({ limit }) => ({
      conflicts: conflicts
        .filter((id) => !started.has(id))
        .slice(0, limit)
        .map((id) => ({ id, workflowId: conflictWorkflowId(id), title: `staff ${id}: salary`, taskQueue })),
    }),
    noteConflictsStarted: async ({ ids }) => {
      for (const id of ids) started.add(id);
    },
    finishUpload: async ({ device, key }) => ({
      ...{ device, key },
      verdicts: { applied: 1, pending_approval: conflicts.length },
    }),
    readConflict: async ({ conflictId }) => ({
      conflict: factsOf(conflictId),
      ...{ spec: { ...WAITS, ...approval }, role: null, openedAtMs: Date.now() },
      ...(before ?? { approval: null, closed: false }),
    }),
    takeSignedMessage: async ({ id }) => ({
      message:
        id === 'known' ? { input: { text: 'signed' }, who: { name: 'bob', roles: [], via: 'cli' } } : null,
    }),
    recordConflict: async (step) => {
      steps.set(step.conflictId, [...(steps.get(step.conflictId) ?? []), step]);
      return { tell: tell ?? false };
    },
    tellConflict: async () => undefined,
    applyDecision: async ({ decided }) =>
      decided.round === movesInRound
        ? { kind: 'reopen', because: 'rowMoved', clash: factsOf('').clash, proposed: ['salary'] }
        : { kind: 'applied' },
    closeConflict: async () => ({ released: slices > 1 ? 1 : 0 }),
    applyReleased: async () => slice('applyReleased'),
    sweepStale: async () => ({ runs: 0 }),
    sweepUploads: async () => ({ uploads: 0, conflicts: 0, released: 0 }),
    tellAgain: async () => ({ tried: 0 }),
  };
  const noted = Object.entries(base).map(([name, run]) => [
    name,
    async (input: never) => {
      calls.push(name as keyof UploadActivities);
      if (name === stuck) return workUntilCancelled();
      return (run as (input: never) => Promise<unknown>)(input);
    },
  ]);
  return { activities: Object.fromEntries(noted) as UploadActivities, steps, calls, started };
}

/** As a decision left it that was taken and not written. */
export function decidedState(id: string): ApprovalState {
  const conflict = factsOf(id);
  const { state } = openApproval({ conflict, spec: WAITS, role: null }, 1_767_225_600_000);
  const who = { name: 'bob', roles: [], via: 'cli' } as const;
  const decide = { kind: 'decide', decision: { decision: 'client', round: 1 }, who } as const;
  return reduceApproval(state, decide, 1_767_225_700_000).state;
}

function factsOf(id: string): ApprovalState['conflict'] {
  return {
    ...{ id, entity: 'staff', key: '7', proposed: ['salary'], reason: 'Both sides changed it' },
    clash: { kind: 'fields', fields: ['salary'] },
    ...{ device: 'd1', deviceUser: 'anna', author: 'anna' },
  };
}
