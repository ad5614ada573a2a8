/** A conflict that waits for a human, what the human decides, and what that comes to. */

import type { SettleInput } from './decide-input.ts';
import type { Clash, Decision, FieldTexts, RowNow, WriteOperation } from './decision.ts';
import type { Hlc } from './hlc.ts';

/** What was shown to the human. */
export type OpenConflict = {
  readonly operation: WriteOperation;
  readonly clash: Clash | null;
  readonly proposal: FieldTexts;
  /** The row when the conflict was opened, or opened again. */
  readonly snapshot: RowNow;
};

export type HumanDecision =
  | { readonly decision: 'client' }
  | { readonly decision: 'server' }
  /** A value for every clashing field; others of the proposal, or that a device may write, may be given too. */
  | { readonly decision: 'merged'; readonly fields: FieldTexts };

/** The change's own clocks play no part: what a human decides is as late as `decidedAt`. */
export type ResolutionInput = SettleInput & {
  readonly conflict: OpenConflict;
  readonly decision: HumanDecision;
  readonly decidedAt: Hlc;
  /** The role that a rule wanted when the conflict was opened: whoever may decide it stands for that role. */
  readonly askedRole: string | null;
};

export type Resolution =
  | Extract<Decision, { kind: 'write' | 'serverWins' | 'same' }>
  /** The decision is refused, and the conflict stays open as it is. */
  | Extract<Decision, { kind: 'reject' }>
  /** The row moved: the conflict opens again, as its next round. `moved`: fields that are not as the human saw them. */
  | (Pick<Decision, 'notes'> & {
      readonly kind: 'reopen';
      readonly moved: readonly string[];
      readonly conflict: OpenConflict;
      readonly draft: FieldTexts | null;
    });
