/** C18: where changes stay in the mirror, rows may be made there that the source does not have. */
import type { EntityPlan } from '../domain/entity.ts';
import type { LoadSession } from './load-session.ts';
import { bindings, boundKey, keyNames, mirrorTable } from './mirror-target.ts';

export function keepsOwnRows(plan: EntityPlan): boolean {
  return plan.spec.upload?.writeBack.to === 'mirror';
}

export async function isMadeHere(session: LoadSession, plan: EntityPlan, key: string): Promise<boolean> {
  const { values, bind } = bindings();
  const { rowCount } = await session.client.query(
    `SELECT FROM ${mirrorTable(plan)} AS m WHERE m.sync_made_here
        AND (${keyNames(plan, 'm').join(', ')}) = (${boundKey(plan, key, bind).join(', ')})`,
    values,
  );
  return rowCount === 1;
}
