/** PostgreSQL's errors as Oracle's. */

import pg from 'pg';
import { OraError } from '../ora-error.ts';
import { type ErrorContext, errorRules, type Meaning } from './error-rules.ts';
import { PipelineError } from './pipeline.ts';

/** SQLSTATE of what schema `oracle` raises: the message is Oracle's already. */
const RAISED = 'OR000';
const recursive = 604;

/** Whatever a statement failed with. Never ORA-00600: drivers drop the connection on it. */
export function oracleError(error: unknown, context: ErrorContext): OraError {
  if (error instanceof OraError) return error;
  const cause = error instanceof PipelineError ? error.cause : error;
  if (cause instanceof pg.DatabaseError) return fromPostgres(cause, context);
  const message = cause instanceof Error ? cause.message : String(cause);
  return /terminated|ECONN|EPIPE|not queryable|closed/.test(message)
    ? new OraError(3113, 'end-of-file on communication channel', { cause })
    : new OraError(recursive, `error occurred at recursive SQL level 1\n${message}`, { cause });
}

function fromPostgres(error: pg.DatabaseError, context: ErrorContext): OraError {
  if (error.code === RAISED) return raised(error);
  const meaning = errorRules[error.code ?? '']?.(error, context) ?? unknownMeaning(error);
  return new OraError(meaning.number, meaning.text, { offset: offsetOf(meaning, context), cause: error });
}

/** `ORA-20001: text`; several lines stay as they are. */
function raised(error: pg.DatabaseError): OraError {
  const [, number, text] = /^ORA-(\d+): (.*)$/s.exec(error.message) ?? [];
  return number === undefined
    ? new OraError(recursive, `error occurred at recursive SQL level 1\n${error.message}`, { cause: error })
    : new OraError(Number(number), text ?? '', { cause: error });
}

function unknownMeaning(error: pg.DatabaseError): Meaning {
  const detail = error.detail === undefined ? '' : ` (${error.detail})`;
  return {
    number: recursive,
    text: `error occurred at recursive SQL level 1\nPostgreSQL ${error.code}: ${error.message}${detail}`,
  };
}

/** PostgreSQL's position is in another text: the name that the error is about is looked for in Oracle's. */
function offsetOf({ name }: Meaning, { text }: ErrorContext): number {
  if (name === undefined || name === '') return 0;
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const found = new RegExp(`(?<![\\w$#])${escaped}(?![\\w$#])`, 'i').exec(text);
  return found?.index ?? 0;
}
