/** Procedures and functions of users: bodies in PL/pgSQL under names of Oracle's. */

import { OraError } from '../ora-error.ts';
import type { Database } from '../schema/users.ts';
import type { OracleTypeName } from '../types.ts';
import { parameterType } from './procedure-types.ts';
import { searchPath } from './settings.ts';

export type ProcedureParameter = {
  /** As the body writes it; calls name it in any case. */
  readonly name: string;
  /** Default: in. */
  readonly mode?: 'in' | 'out' | 'in out';
  readonly type: OracleTypeName;
  /** PostgreSQL's SQL: the parameter may be left out. Those behind it need one, too. */
  readonly default?: string;
};

export type Procedure = {
  /** `HR.EMP_API.RAISE_SALARY`, or `HR.RAISE_SALARY` without a package: upper case unless it is quoted in Oracle. */
  readonly name: string;
  readonly parameters?: readonly ProcedureParameter[];
  /** Of a function. */
  readonly returns?: OracleTypeName;
  /**
   * PL/pgSQL, from DECLARE or BEGIN to END. Tables and columns in double quotes, as they are in Oracle. What Oracle would
   * raise: `PERFORM oracle.raise_application_error(-20001, 'text')`. It has the rights of its owner.
   */
  readonly body: string;
};

/** Replaces one of the same name and parameters. Whoever else is to call it needs GRANT EXECUTE. */
export async function installProcedure(db: Database, procedure: Procedure): Promise<void> {
  const [owner = '', ...path] = procedure.name.split('.');
  const name = path.join('.');
  if (name === '' || path.length > 2) throw new OraError(4043, `object ${procedure.name} does not exist`);
  const parameters = (procedure.parameters ?? []).map(parameterText);
  const hasOut = (procedure.parameters ?? []).some(({ mode }) => mode === 'out' || mode === 'in out');
  const returns =
    procedure.returns !== undefined
      ? `RETURNS ${parameterType(procedure.returns)}`
      : hasOut
        ? ''
        : 'RETURNS void';
  await db.query('BEGIN');
  try {
    await db.query(`SET LOCAL ROLE ${quoted(owner)}`);
    await db.query(`CREATE OR REPLACE FUNCTION ${quoted(owner)}.${quoted(name)}(${parameters.join(', ')}) ${returns}
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${searchPath(owner)} AS ${dollarQuoted(procedure.body)}`);
    await db.query('COMMIT');
  } catch (error) {
    await db.query('ROLLBACK');
    throw error;
  }
}

function parameterText({ name, mode = 'in', type, default: value }: ProcedureParameter): string {
  const word = { in: 'IN', out: 'OUT', 'in out': 'INOUT' }[mode];
  return `${word} ${quoted(name)} ${parameterType(type)}${value === undefined ? '' : ` DEFAULT ${value}`}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function dollarQuoted(body: string): string {
  let tag = 'body';
  while (body.includes(`$${tag}$`)) tag += '_';
  return `$${tag}$${body}$${tag}$`;
}
