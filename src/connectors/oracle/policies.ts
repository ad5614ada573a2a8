/** C5: row policies (VPD) that hide rows from our login. Hidden rows look deleted, so nothing is tombstoned then. */
import type { EntitySpec } from '../../domain/entity.ts';
import { type TableFacts, tryRows } from './dictionary.ts';
import type { Session } from './session.ts';

export type Policy = { readonly owner: string; readonly name: string; readonly policy: string };

/** Policies on SELECT that are in force for our login: none where it is exempt. */
export async function readPolicies(session: Session): Promise<Policy[]> {
  const privileges = await tryRows<{ PRIVILEGE: string }>(session, 'SELECT privilege FROM session_privs');
  if (privileges?.some(({ PRIVILEGE }) => PRIVILEGE === 'EXEMPT ACCESS POLICY')) return [];
  const found =
    (await policiesOf(session, 'dba_policies')) ?? (await policiesOf(session, 'all_policies')) ?? [];
  return found.map((row) => ({ owner: row.OBJECT_OWNER, name: row.OBJECT_NAME, policy: row.POLICY_NAME }));
}

type PolicyRow = { OBJECT_OWNER: string; OBJECT_NAME: string; POLICY_NAME: string };

function policiesOf(session: Session, view: string): Promise<PolicyRow[] | null> {
  return tryRows<PolicyRow>(
    session,
    `SELECT object_owner, object_name, policy_name FROM ${view} WHERE enable = 'YES' AND sel = 'YES'`,
  );
}

/**
 * Could a policy hide rows of the entity? A table is known by name. What a view or a query reads is known from its
 * execution plan; without one any policy could be meant.
 * @param objects `OWNER.NAME` of what is read; null: unknown.
 */
export function mayHideRows(
  policies: readonly Policy[],
  at: {
    readonly spec: Pick<EntitySpec, 'read'>;
    readonly table: TableFacts | null;
    readonly objects: ReadonlySet<string> | null;
  },
): boolean {
  const { table, objects } = at;
  if (table !== null) return policies.some(({ owner, name }) => owner === table.owner && name === table.name);
  if (objects === null) return policies.length > 0;
  return policies.some(({ owner, name }) => objects.has(`${owner}.${name}`) || isNamedIn(at.spec, name));
}

/** A view's own policy shows in no plan, but its name stands in the query. */
function isNamedIn({ read }: Pick<EntitySpec, 'read'>, name: string): boolean {
  const text = read.kind === 'sql' ? read.sql : read.table;
  return text
    .toUpperCase()
    .split(/[^\w$#]+/)
    .includes(name.toUpperCase());
}
