/** What a device is told of its change. */
import type { Decision, RejectCode } from './decision.ts';
import type { Policy } from './upload-spec.ts';

export type VerdictStatus = 'applied' | 'merged' | 'conflict' | 'pending_approval' | 'rejected';

export type UploadVerdict = {
  readonly status: VerdictStatus;
  /** Fields of its change that the device does not have as the server does now, or that wait. */
  readonly fields: readonly string[];
  /** Why it is rejected. */
  readonly problem: { readonly code: RejectCode; readonly message: string } | null;
  /** The conflict that holds the row, where another one than this change's own does. */
  readonly heldBy: string | null;
  /** The policy that it named and may not choose. */
  readonly policyIgnored: Policy | null;
  /** What decided fields that had clashed: policies, `rule:<name>`, `approval`. */
  readonly decidedBy: readonly string[];
  /** What rules have to say to it. */
  readonly notices: readonly string[];
};

/** The decisions that end a change, and those of decideChange that let it wait. */
export function verdictOf(decision: Decision): UploadVerdict {
  const effects = 'effects' in decision ? decision.effects : [];
  return {
    status: statusOf(decision),
    fields: fieldsOf(decision),
    problem: decision.kind === 'reject' ? { code: decision.code, message: decision.message } : null,
    heldBy: decision.kind === 'wait' ? decision.heldBy : null,
    policyIgnored: decision.notes.policyIgnored,
    decidedBy: decidersOf(decision),
    notices: effects.flatMap(({ notice }) => (notice === undefined ? [] : [notice])),
  };
}

function statusOf(decision: Decision): VerdictStatus {
  switch (decision.kind) {
    case 'same':
      return 'applied';
    case 'write':
      return decision.merged ? 'merged' : 'applied';
    case 'serverWins':
      return decision.outcomes.every(({ took }) => took === 'server') ? 'conflict' : 'merged';
    case 'approve':
    case 'wait':
      return 'pending_approval';
    case 'reject':
      return 'rejected';
  }
}

function fieldsOf(decision: Decision): readonly string[] {
  switch (decision.kind) {
    case 'write':
    case 'serverWins':
      return decision.outcomes.flatMap(({ fields, took }) => (took === 'client' ? [] : fields));
    case 'approve':
      return decision.clash?.fields ?? Object.keys(decision.proposal);
    default:
      return [];
  }
}

function decidersOf(decision: Decision): readonly string[] {
  const outcomes = 'outcomes' in decision ? decision.outcomes : [];
  return [...new Set(outcomes.map(({ by }) => by))].filter((by) => by !== 'noClash');
}
