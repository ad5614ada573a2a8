/** Who may execute which DDL, as far as PostgreSQL's own rights do not say it. */

import { OraError } from '../ora-error.ts';
import type { TableName } from '../sql/ast.ts';
import type { Ddl } from '../sql/ddl-plan.ts';
import type { Core } from './core.ts';
import { ADMINISTRATOR } from './settings.ts';

/** What kinds of DDL create. */
const created: Readonly<Record<string, string>> = {
  createTable: 'TABLE',
  createView: 'VIEW',
  createSequence: 'SEQUENCE',
  createTrigger: 'TRIGGER',
  createSynonym: 'SYNONYM',
};

/**
 * `role`: whose role does it, an owner's for those who may do it to anybody's objects; null: the session's.
 * @throws OraError 1031
 */
export async function rightsFor(core: Core, ddl: Ddl): Promise<{ readonly role: string | null }> {
  const { user, schema } = core;
  const target = targetOf(ddl);
  const owner = target === null ? user : (target.schema ?? schema);
  const object = created[ddl.kind];
  if (owner === user) {
    if (object !== undefined) await checkMay(core, `CREATE ${object}`);
    return { role: null };
  }
  if (ddl.kind === 'grantObject' || ddl.kind === 'revokeObject') {
    // Without it the grant option on the object may do.
    return { role: (await may(core, 'GRANT ANY OBJECT PRIVILEGE')) ? owner : null };
  }
  const privilege = foreignPrivilege(ddl, object);
  if (privilege === null) return { role: null };
  await checkMay(core, privilege);
  return { role: owner };
}

/** What it takes for objects of others. null: one's own rights on the object. */
function foreignPrivilege(ddl: Ddl, object: string | undefined): string | null {
  switch (ddl.kind) {
    case 'grantSystem':
    case 'revokeSystem':
      return null;
    case 'createIndex':
      return 'CREATE ANY INDEX';
    case 'alterTable':
      return 'ALTER ANY TABLE';
    case 'alterTrigger':
      return 'ALTER ANY TRIGGER';
    case 'alterSequence':
      return 'ALTER ANY SEQUENCE';
    case 'dropObject':
      return `DROP ANY ${ddl.object}`;
    case 'truncate':
      return 'DROP ANY TABLE';
    case 'comment':
      return 'COMMENT ANY TABLE';
    default:
      return object === undefined ? null : `CREATE ANY ${object}`;
  }
}

function targetOf(ddl: Ddl): TableName | null {
  if (ddl.kind === 'createIndex' || ddl.kind === 'comment' || ddl.kind === 'truncate') return ddl.table;
  if ('table' in ddl) return ddl.table;
  if ('name' in ddl) return ddl.name;
  if ('object' in ddl && typeof ddl.object === 'object') return ddl.object;
  return null;
}

/** @throws OraError 1031 */
export async function checkMay(core: Core, privilege: string): Promise<void> {
  if (!(await may(core, privilege))) throw new OraError(1031, 'insufficient privileges');
}

async function may({ user, services }: Core, privilege: string): Promise<boolean> {
  if (user === ADMINISTRATOR) return true;
  const { rows } = await services.control.query<{ may: boolean }>(
    'SELECT oracle.has_system_privilege($1, $2) AS may',
    [user, privilege],
  );
  return rows[0]?.may === true;
}
