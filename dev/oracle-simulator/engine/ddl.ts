/** DDL: commits before and after, and keeps what was declared. */

import { OraError } from '../ora-error.ts';
import { declareColumns, declareView, type ObjectName } from '../schema/declared.ts';
import { alterUser, createUser, type Database, dropUser } from '../schema/users.ts';
import type { TableName } from '../sql/ast.ts';
import type { AlterTable, CreateTable, Ddl } from '../sql/ddl-plan.ts';
import type { DdlPlan } from '../sql/plan.ts';
import { render } from '../sql/render.ts';
import { asOracle, type Core, renderContext } from './core.ts';
import { checkMay, rightsFor } from './ddl-rights.ts';
import { commit } from './transaction-statement.ts';

/** Oracle does not wait for a lock; PostgreSQL's readers hold some for a moment. */
const LOCK_TIMEOUT_MS = 3_000;

export async function runDdl(core: Core, plan: DdlPlan, text: string): Promise<void> {
  await commit(core);
  const { ddl } = plan;
  if (isOfUsers(ddl)) {
    await asOracle({ text }, () => runUserDdl(core, ddl));
    await core.services.usersChanged();
    return;
  }
  const rights = await rightsFor(core, ddl);
  try {
    await asOracle({ text, table: nameOf(core, ddl) }, () => execute(core, plan, rights.role));
  } catch (error) {
    throw error instanceof OraError ? named(error, ddl) : error;
  } finally {
    core.services.schemaChanged();
  }
  if (ddl.kind === 'grantSystem' || ddl.kind === 'revokeSystem') await core.services.usersChanged();
}

type UserDdl = Extract<Ddl, { kind: 'createUser' | 'alterUser' | 'dropUser' }>;

function isOfUsers(ddl: Ddl): ddl is UserDdl {
  return ddl.kind === 'createUser' || ddl.kind === 'alterUser' || ddl.kind === 'dropUser';
}

async function runUserDdl(core: Core, ddl: UserDdl): Promise<void> {
  const { control } = core.services;
  const isOwnPassword = ddl.kind === 'alterUser' && ddl.user === core.user && ddl.account === null;
  if (!isOwnPassword) {
    const privilege = { createUser: 'CREATE USER', alterUser: 'ALTER USER', dropUser: 'DROP USER' }[ddl.kind];
    await checkMay(core, privilege);
  }
  if (ddl.kind === 'createUser') {
    await createUser(control, { name: ddl.user, password: ddl.password, grants: [] });
  } else if (ddl.kind === 'dropUser') {
    await dropUser(control, { name: ddl.user, owned: ddl.cascade ? 'drop' : 'refuse' });
  } else {
    const password = ddl.password === null ? {} : { password: ddl.password };
    const locked = ddl.account === null ? {} : { locked: ddl.account === 'LOCK' };
    await alterUser(control, { name: ddl.user, ...password, ...locked });
  }
}

async function execute(core: Core, plan: DdlPlan, role: string | null): Promise<void> {
  const { backend } = core;
  const { sql } = render(plan, renderContext(core, []));
  const asRole = role === null ? '' : `SET LOCAL ROLE "${role.replaceAll('"', '""')}";`;
  await backend.script('BEGIN');
  try {
    await backend.script(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; ${asRole} ${sql}`);
    await backend.script('SET LOCAL ROLE NONE');
    await declare(core, plan.ddl);
    await backend.script('COMMIT');
  } catch (error) {
    await backend.database.query('ROLLBACK');
    throw error;
  }
}

/** In the same transaction, as the superuser. */
async function declare(core: Core, ddl: Ddl): Promise<void> {
  // What DDL of this transaction made is in no cache yet.
  core.services.schemaChanged();
  await noteTime(core, ddl);
  switch (ddl.kind) {
    case 'createTable':
      await declareTable(core, ddl);
      return;
    case 'alterTable':
      await declareChanges(core, ddl);
      return;
    case 'rename':
      await followRename(core, ddl.from, { table: ddl.to });
      return;
    case 'createView':
      await declareView(core.backend.database, objectName(core, ddl.name), core.services.columnCache);
  }
}

/** CREATED and LAST_DDL_TIME of what the statement names. */
async function noteTime(core: Core, ddl: Ddl): Promise<void> {
  const target = ddl.kind === 'createTrigger' ? objectName(core, ddl.name) : nameOf(core, ddl);
  if (target === undefined || ddl.kind === 'dropObject') return;
  const made = ['createTable', 'createTrigger', 'createView', 'createSequence'].includes(ddl.kind);
  const { schema, name } = target;
  await core.backend.database.query('SELECT oracle.note_ddl($1, $2, $3)', [schema, name, made]);
}

async function declareTable(core: Core, ddl: CreateTable): Promise<void> {
  const table = objectName(core, ddl.table);
  if (ddl.query === null) {
    await declareColumns(core.backend.database, table, ddl.declared);
    return;
  }
  const query = { kind: 'query', query: ddl.query, locksRows: false, wait: { kind: 'forever' } } as const;
  const { sql } = render(
    { ...query, lockedTable: null, flashback: null, asksScn: false, columnNames: null },
    renderContext(core, []),
  );
  const { fields } = await core.backend.database.query(`SELECT * FROM (${sql}) AS selected LIMIT 0`);
  const columns = await core.services.columns(fields);
  const names = await columnNames(core.backend.database, table);
  const declared = columns.map(({ type }, index) => ({ name: names[index] ?? '', type }));
  await declareColumns(core.backend.database, table, declared);
}

async function columnNames(db: Database, { schema, name }: ObjectName): Promise<readonly string[]> {
  const { rows } = await db.query<{ attname: string }>(
    `SELECT attname FROM pg_attribute WHERE attrelid = format('%I.%I', $1::text, $2::text)::regclass
      AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [schema, name],
  );
  return rows.map(({ attname }) => attname);
}

async function declareChanges(core: Core, ddl: AlterTable): Promise<void> {
  await declareColumns(core.backend.database, objectName(core, ddl.table), ddl.declared);
  for (const action of ddl.actions) {
    if (action.kind === 'renameColumn') await followRename(core, ddl.table, { column: action });
    if (action.kind === 'renameTable') await followRename(core, ddl.table, { table: action.to });
  }
}

async function followRename(
  core: Core,
  from: TableName,
  to: { readonly table?: string; readonly column?: { readonly from: string; readonly to: string } },
): Promise<void> {
  const { schema, name } = objectName(core, from);
  await core.backend.database.query('SELECT oracle.follow_rename($1, $2, $3, $4, $5)', [
    schema,
    name,
    to.table ?? null,
    to.column?.from ?? null,
    to.column?.to ?? null,
  ]);
}

export function objectName({ schema }: Core, table: TableName): ObjectName {
  return { schema: table.schema ?? schema, name: table.name };
}

function nameOf(core: Core, ddl: Ddl): ObjectName | undefined {
  if ('table' in ddl) return objectName(core, ddl.table);
  if ('name' in ddl) return objectName(core, ddl.name);
  return undefined;
}

const missingObjects: Readonly<Record<string, readonly [number, string]>> = {
  INDEX: [1418, 'specified index does not exist'],
  SEQUENCE: [2289, 'sequence does not exist'],
  TRIGGER: [4080, 'trigger does not exist'],
};

/** Some objects that are not there have an error of their own. */
function named(error: OraError, ddl: Ddl): OraError {
  const object = ddl.kind === 'dropObject' ? ddl.object : ddl.kind === 'alterSequence' ? 'SEQUENCE' : '';
  const meaning = missingObjects[object];
  const isMissing = error.number === 942 || error.number === 6550 || error.number === 904;
  if (meaning === undefined || !isMissing) return error;
  return new OraError(meaning[0], meaning[1], { cause: error });
}
