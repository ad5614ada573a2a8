/** What transactions are made of in PostgreSQL. */

import type { OraError } from '../ora-error.ts';
import type { Command } from './pipeline.ts';

/** A query open in PostgreSQL, as far as the end of transactions touches it. */
export type HeldCursor = {
  readonly locksRows: boolean;
  /** PostgreSQL keeps its rows beyond the transaction. */
  held: boolean;
  /** Why no more rows can be had. */
  broken: OraError | null;
};

export type TransactionMode = 'read committed' | 'read only' | 'serializable';

/** What one statement does to the transaction: unless it 'reads', PostgreSQL is asked whether it wrote or locked. */
export type Effect = 'reads' | 'mayWrite' | 'locks';

const STATEMENT = 'oracle_statement';

/** Nothing cancels it: a statement that has none could not be undone alone. */
export const guard: Command = { text: `SAVEPOINT ${STATEMENT}`, cancel: 'never' };
export const release: Command = { text: `RELEASE SAVEPOINT ${STATEMENT}` };
export const backToGuard: Command = { text: `ROLLBACK TO SAVEPOINT ${STATEMENT}` };
export const wroteCommand: Command = { text: 'SELECT pg_current_xact_id_if_assigned() IS NOT NULL' };
export const lockedCommand: Command = { text: 'SELECT pg_current_xact_id() IS NOT NULL' };

const beginTexts: Readonly<Record<TransactionMode, string>> = {
  'read committed': 'BEGIN ISOLATION LEVEL READ COMMITTED',
  'read only': 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY',
  serializable: 'BEGIN ISOLATION LEVEL REPEATABLE READ',
};

export function begin(mode: TransactionMode): Command {
  return { text: beginTexts[mode] };
}

/** Apart from the name that guards statements. */
export function savepointName(name: string): string {
  return `"s:${name.replaceAll('"', '""')}"`;
}
