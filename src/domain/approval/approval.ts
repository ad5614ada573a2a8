/**
 * An approval: a conflict that waits for a human, and what happens to it. Everything here is JSON, so that it survives
 * a workflow that continues as new. It holds no field values but those of a decision that is being applied.
 */
import type { Json } from '../merge/json.ts';
import type { Clash } from '../upload/decision.ts';
import type { ApprovalSpec } from '../upload/upload-spec.ts';

/** Who speaks. */
export type Who = {
  readonly name: string;
  /** Roles that were verified on the way here; empty for what comes unsigned. */
  readonly roles: readonly string[];
  /** 'signal', 'update': a bare Temporal client, whose name is only claimed. */
  readonly via: 'signal' | 'update' | 'cli' | 'http';
  /** The device that speaks, verified. */
  readonly device?: string;
  /** The user who speaks, verified. */
  readonly user?: string;
};

/** Whose change it is; null where nobody is known. */
export type Requester = {
  readonly device: string | null;
  readonly deviceUser: string | null;
  /** Who made the change: another one than the device's user where people share a device. */
  readonly author: string | null;
};

export type ConflictFacts = Requester & {
  readonly id: string;
  readonly entity: string;
  readonly key: string;
  /** null: nothing clashes, a business rule wants the approval. */
  readonly clash: Clash | null;
  /** Fields that taking the client's side would change. */
  readonly proposed: readonly string[];
  /** Why a human is asked. Written by a policy or a rule; people read it in Temporal, so it holds no values. */
  readonly reason: string;
};

/** `merged`: neither side but `fields`, by mirror column; every clashing field is among them. */
export type HumanDecision = {
  readonly decision: 'client' | 'server' | 'merged';
  readonly fields?: Readonly<Record<string, Json>>;
  /** Id of the signed message that has the values: those in `fields` are null then, as histories hold none. */
  readonly valuesIn?: string;
  readonly round: number;
  readonly comment?: string;
};

/** A decision that was accepted, with who took it; `by` is null when time did. */
export type Decided = HumanDecision & {
  readonly by: Pick<Who, 'name' | 'via'> | null;
  readonly atMs: number;
  /** What a business rule sees as `approvedBy`. Empty for 'server' and for what time decided. */
  readonly approvedBy: readonly string[];
};

/**
 * `proposed`, `assigned`, `escalated`: it waits. `decided`, `expired`: what a human or the policy chose is being
 * applied. `applied`, `withdrawn`: closed.
 */
export const APPROVAL_STATUSES = [
  'proposed',
  'assigned',
  'escalated',
  'decided',
  'expired',
  'applied',
  'withdrawn',
] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** All instants are milliseconds since 1970. */
export type ApprovalState = {
  readonly conflict: ConflictFacts;
  /** The policy when the conflict was opened; a changed configuration does not reach it. */
  readonly spec: ApprovalSpec;
  readonly status: ApprovalStatus;
  /** Counts up when the row moved under a decision; a decision names the round that it saw. */
  readonly round: number;
  readonly openedAtMs: number;
  readonly roundSinceMs: number;
  readonly assignedTo: string | null;
  readonly escalatedAtMs: number | null;
  readonly reminders: number;
  readonly comments: number;
  readonly remindAtMs: number | null;
  readonly escalateAtMs: number | null;
  readonly expireAtMs: number | null;
  readonly decided: Decided | null;
};

export type ApprovalEvent =
  | { readonly kind: 'assign'; readonly to: string; readonly comment?: string; readonly who: Who }
  | { readonly kind: 'comment'; readonly text: string; readonly who: Who }
  | { readonly kind: 'decide'; readonly decision: HumanDecision; readonly who: Who }
  | { readonly kind: 'withdraw'; readonly reason?: string; readonly who: Who }
  /** Time has passed: whatever is due by now happens. */
  | { readonly kind: 'deadline' }
  /** The decision of this round is written. */
  | { readonly kind: 'applied'; readonly round: number }
  /** The decision of this round could not be written. */
  | {
      readonly kind: 'reopen';
      readonly round: number;
      /** 'refused': the row did not move, but what was decided cannot be written. */
      readonly because: 'rowMoved' | 'refused';
      readonly clash: Clash | null;
      readonly proposed: readonly string[];
      readonly message?: string;
    };
export type ApprovalEventKind = ApprovalEvent['kind'];

export type Recipient =
  | { readonly kind: 'resolvers'; readonly resolvers: ApprovalSpec['resolvers'] }
  | { readonly kind: 'person'; readonly name: string }
  | { readonly kind: 'role'; readonly role: string }
  | { readonly kind: 'requester' };

export type Occurrence =
  | 'proposed'
  | 'assigned'
  | 'commented'
  | 'reminded'
  | 'escalated'
  | 'decided'
  | 'expired'
  | 'reopened'
  | 'applied'
  | 'withdrawn';

/** What is to be done about an event, in this order. */
export type ApprovalEffect =
  /** A line of the conflict's history. */
  | {
      readonly kind: 'record';
      readonly what: Occurrence;
      readonly round: number;
      readonly by: Pick<Who, 'name' | 'via'> | null;
      readonly text: string | null;
    }
  | {
      readonly kind: 'notify';
      readonly about: Occurrence;
      readonly round: number;
      readonly to: readonly Recipient[];
    }
  /** Write it, under ledger key `conflict/<id>/<round>`; the answer is the event `applied` or `reopen`. */
  | { readonly kind: 'apply'; readonly decided: Decided }
  /** The hold ends, and so does the conflict's task. */
  | { readonly kind: 'close'; readonly outcome: 'applied' | 'withdrawn' };

export type RefusalCode =
  | 'malformed'
  | 'notAllowed'
  | 'wrongRound'
  | 'alreadyDecided'
  | 'notDecided'
  | 'closed';

/** Why something was not done, for who asked. */
export type Refusal = { readonly code: RefusalCode; readonly message: string };

/** A refusal leaves the state as it was, without effects. */
export type Reduced = {
  readonly state: ApprovalState;
  readonly effects: readonly ApprovalEffect[];
  readonly refusal: Refusal | null;
};

const PHASES = {
  proposed: 'waiting',
  assigned: 'waiting',
  escalated: 'waiting',
  decided: 'applying',
  expired: 'applying',
  applied: 'closed',
  withdrawn: 'closed',
} as const satisfies Record<ApprovalStatus, string>;
export type ApprovalPhase = (typeof PHASES)[ApprovalStatus];

export function phaseOf(state: ApprovalState): ApprovalPhase {
  return PHASES[state.status];
}

export function refusal(code: RefusalCode, message: string): Refusal {
  return { code, message };
}
