/** How a mutation ends without having been written, and what an error of the database means for it. */
import type { Verdict } from '../write-contract.ts';
import { classifyOracleError, describeOracleError, oracleCode, raisedText } from './error-table.ts';
import { isLost } from './write-back-session.ts';

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

/** The row or its table refuses the mutation. */
export class Refused extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(verdict.kind);
    this.name = 'Refused';
    this.verdict = verdict;
  }
}

/** For what waits for a ledger row. */
export function waitedOut(error: unknown): never {
  if (!isLost(error) && ['timeout', 'transient'].includes(classifyOracleError(error)))
    throw new OutcomeUnknown(error);
  throw error;
}

export function refused(code: string, message: string): Refused {
  return new Refused({ kind: 'rejected', code, message });
}

/** The verdict of an error that is the row's fault. @throws RowBusy, or the error itself */
export function refusal(error: unknown): Verdict {
  const code = oracleCode(error);
  if (code === null || isLost(error)) throw error;
  switch (classifyOracleError(error)) {
    case 'constraint':
    case 'data':
      return { kind: 'rejected', code, message: describeOracleError(error) };
    case 'raised':
      return { kind: 'rejected', code, message: raisedText(error) ?? '' };
    case 'transient':
    case 'timeout':
      throw new RowBusy(code, error);
    default:
      throw error;
  }
}
