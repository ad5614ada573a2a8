/** What an error of the database means for a mutation. */
import { OutcomeUnknown, RowBusy } from '../write-back/outcomes.ts';
import type { Verdict } from '../write-contract.ts';
import { classifyOracleError, describeOracleError, oracleCode, raisedText } from './error-table.ts';
import { isLost } from './write-back-session.ts';

/** For what waits for a ledger row. */
export function waitedOut(error: unknown): never {
  if (!isLost(error) && ['timeout', 'transient'].includes(classifyOracleError(error)))
    throw new OutcomeUnknown(error);
  throw error;
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
