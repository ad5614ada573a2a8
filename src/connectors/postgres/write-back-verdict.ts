/** What an error of the database means for a mutation. Texts for it are ours: the server's hold values, in any language. */
import { classifyPgError } from '../../pg/errors.ts';
import { CommitUnheard, OutcomeUnknown, RowBusy } from '../write-back/outcomes.ts';
import type { Verdict } from '../write-contract.ts';

/** What the server says of an error beside its text. */
type Fields = {
  readonly code?: string;
  readonly message?: string;
  readonly column?: string;
  readonly constraint?: string;
  /** The server's function that raised it: the same in every language. */
  readonly routine?: string;
};

export function isLost(error: unknown): boolean {
  return error instanceof CommitUnheard || classifyPgError(error) === 'connection';
}

/** Locks, deadlocks and time-outs: another transaction may succeed. */
export function isContention(error: unknown): boolean {
  return ['contention', 'cancelled'].includes(classifyPgError(error));
}

const DEADLOCK = '40P01';

/** For what waits for a ledger row. */
export function waitedOut(error: unknown): never {
  // Whoever held it is alive, and waited for us.
  if ((error as Fields).code === DEADLOCK) throw new RowBusy(DEADLOCK, error);
  if (isContention(error)) throw new OutcomeUnknown(error);
  throw error;
}

/**
 * The verdict of an error that is the row's fault. `raised`: SQLSTATEs, or classes of them, whose text was written for
 * the writer of the mutation. @throws RowBusy, or the error itself
 */
export function refusal(error: unknown, raised: readonly string[]): Verdict {
  const fields = error as Fields;
  const { code } = fields;
  if (code === undefined || isLost(error)) throw error;
  if (isContention(error)) throw new RowBusy(code, error);
  if (!isRowFault(error)) throw error;
  return { kind: 'rejected', code, message: messageOf(fields, code, raised) };
}

/** SQLSTATEs, and classes of them, that a row brings about; others would be met by every row. */
const ROW_FAULTS = ['09', '21', '22', '23', '27', '2F', '38', '39', '44', '54', 'P0', '428C9'];

export function isRowFault(error: unknown): boolean {
  const { code } = error as Fields;
  if (code === undefined || isLost(error) || isContention(error)) return false;
  return isRaised(error as Fields) || matches(code, ROW_FAULTS);
}

/** RAISE in PL/pgSQL, under whatever SQLSTATE. */
function isRaised({ routine }: Fields): boolean {
  return routine === 'exec_stmt_raise';
}

function messageOf(fields: Fields, code: string, raised: readonly string[]): string {
  // What a function or trigger raises may hold anything: only what is meant for the writer reaches the writer.
  if (matches(code, raised) && (isRaised(fields) || code.startsWith('P0'))) return fields.message ?? '';
  if (isRaised(fields) || code.startsWith('P0'))
    return `An error raised by the database’s own code (${code})`;
  const what = MEANINGS[code] ?? MEANINGS[code.slice(0, 2)] ?? 'The database refuses the change';
  const names = [fields.column, fields.constraint].filter((name) => name !== undefined);
  return `${what}${names.length === 0 ? '' : `: ${names.join(', ')}`} (${code})`;
}

function matches(code: string, codes: readonly string[]): boolean {
  return codes.some((each) => code === each || (each.length === 2 && code.startsWith(each)));
}

const MEANINGS: Readonly<Record<string, string>> = {
  '22': 'A value is not one of its column’s type',
  '22001': 'A text is longer than its column',
  '22003': 'A number is larger than its column holds',
  '22007': 'A value is no date or time',
  '22008': 'A date or time is out of range',
  '22021': 'A text holds characters that the database’s encoding does not have',
  '23': 'A constraint is violated',
  '23502': 'A value is missing',
  '23503': 'A row that it refers to is missing, or others refer to it',
  '23505': 'Another row has the same value',
  '23514': 'A check is violated',
  '23P01': 'It collides with another row',
  '428C9': 'The database itself gives this value',
  '44': 'The row would not belong to the view',
  '54': 'The row is larger than the database allows',
};
