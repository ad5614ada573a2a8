/** How a mutation ends without having been written, and how a transaction ends without having been heard of. */
import type { Verdict } from '../write-contract.ts';

/** Somebody else's lock is in the way: the same mutation may succeed in another transaction. */
export class RowBusy extends Error {
  readonly code: string;

  constructor(code: string, cause: unknown) {
    super(`The row is locked (${code})`, { cause });
    this.name = 'RowBusy';
    this.code = code;
  }
}

/**
 * A transaction that writes the same ledger row does not end: what becomes of the mutation is not known (C12).
 */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super('An open transaction still holds the mutation’s ledger row', { cause });
    this.name = 'OutcomeUnknown';
  }
}

/** COMMIT was sent, and no answer came that could be trusted. */
export class CommitUnheard extends Error {
  constructor(cause: unknown) {
    super('COMMIT was not answered', { cause });
    this.name = 'CommitUnheard';
  }
}

/** COMMIT found a deferred constraint violated, and rolled everything back. */
export class DeferredViolation extends Error {
  constructor(cause: unknown) {
    super('COMMIT was refused', { cause });
    this.name = 'DeferredViolation';
  }
}

/** The row or its table refuses the mutation. */
export class Refused extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(verdict.kind === 'rejected' ? verdict.message : verdict.kind);
    this.name = 'Refused';
    this.verdict = verdict;
  }
}

export function refused(code: string, message: string): Refused {
  return new Refused({ kind: 'rejected', code, message });
}
