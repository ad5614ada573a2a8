import type pg from 'pg';

/** A superuser's connection to a database that `bootstrap` prepared. Errors: SQLSTATE OR000, `ORA-01918: …`. */
export type Database = Pick<pg.ClientBase, 'query'>;

export type Account = {
  readonly name: string;
  readonly password: string;
  readonly locked: boolean;
  /** CREATE SESSION, by whatever role. */
  readonly mayLogOn: boolean;
};

/** What a developer's user has. */
const usualGrants = ['CONNECT', 'RESOURCE', 'CREATE VIEW', 'CREATE SYNONYM', 'UNLIMITED TABLESPACE'] as const;

/**
 * `name` exactly as Oracle has it: upper case unless it was quoted. `grants`: system privileges and roles.
 * @throws ORA-01920 when there is one of that name
 */
export async function createUser(
  db: Database,
  user: { name: string; password: string; grants?: readonly string[] },
): Promise<void> {
  await db.query('SELECT oracle.create_user($1, $2, $3)', [
    user.name,
    user.password,
    user.grants ?? usualGrants,
  ]);
}

/** @throws ORA-01918 */
export async function alterUser(
  db: Database,
  user: { name: string; password?: string; locked?: boolean },
): Promise<void> {
  await db.query('SELECT oracle.alter_user($1, $2, $3)', [
    user.name,
    user.password ?? null,
    user.locked ?? null,
  ]);
}

/** @throws ORA-01918, ORA-01940 while it is logged on, ORA-01922 when it owns something and may not be emptied */
export async function dropUser(
  db: Database,
  user: { name: string; owned: 'drop' | 'refuse' },
): Promise<void> {
  await db.query('SELECT oracle.drop_user($1, $2)', [user.name, user.owned === 'drop']);
}

export async function accounts(db: Database): Promise<Account[]> {
  const { rows } = await db.query(`
    SELECT name, password, locked, oracle.has_system_privilege(name, 'CREATE SESSION') AS "mayLogOn"
    FROM oracle.account ORDER BY name`);
  return rows;
}

/** Privileges and roles by name. @throws ORA-00990, ORA-01917, ORA-01919 */
export async function grantSystem(
  db: Database,
  grant: { privileges: readonly string[]; to: readonly string[] },
): Promise<void> {
  await db.query('SELECT oracle.grant_system($1, $2, false)', [grant.privileges, grant.to]);
}

export type Policy = {
  readonly table: { readonly schema: string; readonly name: string };
  readonly name: string;
  /** Whose rows it limits; `PUBLIC`: everybody's. Users with EXEMPT ACCESS POLICY are left out. */
  readonly user: string;
  /** PostgreSQL's SQL over the columns of the table: `"DEPARTMENT_ID" = 10`. */
  readonly predicate: string;
  /** Default: SELECT. */
  readonly statements?: readonly ('SELECT' | 'INSERT' | 'UPDATE' | 'DELETE')[];
};

/** A VPD policy; ALL_POLICIES shows it. @throws ORA-00942, ORA-28101 when there is one of that name */
export async function addPolicy(db: Database, policy: Policy): Promise<void> {
  await db.query('SELECT oracle.add_policy($1, $2, $3, $4, $5, $6)', [
    policy.table.schema,
    policy.table.name,
    policy.name,
    policy.user,
    policy.predicate,
    policy.statements ?? ['SELECT'],
  ]);
}

/** @throws ORA-28102 */
export async function dropPolicy(db: Database, policy: Pick<Policy, 'table' | 'name'>): Promise<void> {
  await db.query('SELECT oracle.drop_policy($1, $2, $3)', [
    policy.table.schema,
    policy.table.name,
    policy.name,
  ]);
}
