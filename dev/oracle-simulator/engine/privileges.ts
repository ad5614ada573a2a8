/** What Oracle says of an object that a user may not use: to whom nothing was granted on it, it does not exist. */

import pg from 'pg';
import { OraError } from '../ora-error.ts';
import type { Core } from './core.ts';
import { PipelineError } from './pipeline.ts';

export async function explainDenial({ services, user }: Core, error: OraError): Promise<OraError> {
  if (error.number !== 1031) return error;
  const cause = error.cause instanceof PipelineError ? error.cause.cause : error.cause;
  if (!(cause instanceof pg.DatabaseError) || cause.code !== '42501') return error;
  const packaged = /^permission denied for function (DBMS_\w+)\.(\w+)$/.exec(cause.message);
  if (packaged !== null) {
    const identifier = `"${packaged[1]}"."${packaged[2]}"`;
    return new OraError(904, `${identifier}: invalid identifier`, { offset: error.offset, cause });
  }
  const name = /^permission denied for (?:table|view|sequence) (.+)$/.exec(cause.message)?.[1];
  if (name === undefined) return error;
  const { rows } = await services.control.query<{ has_some: boolean | null }>(
    `SELECT bool_or(CASE relkind WHEN 'S' THEN has_sequence_privilege($1, oid, 'USAGE, SELECT, UPDATE')
        ELSE has_any_column_privilege($1, oid, 'SELECT, INSERT, UPDATE, REFERENCES')
          OR has_table_privilege($1, oid, 'DELETE') END) AS has_some
      FROM pg_class WHERE relname = $2 AND relkind IN ('r', 'p', 'v', 'm', 'S')`,
    [user, name],
  );
  if (rows[0]?.has_some === true) return error;
  return new OraError(942, 'table or view does not exist', { offset: error.offset, cause });
}
