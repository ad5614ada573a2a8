/** Which values somebody has by the rows of a synced table: partitions of kind 'membership' (C13). */
import type { Membership } from '../domain/access/scope-of.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import { quoteIdent, quoteTable } from '../pg/identifiers.ts';
import type { Store } from './open.ts';
import { withScope } from './scope-session.ts';

const UNDEFINED_TABLE = '42P01';

/**
 * Values as PostgreSQL prints them, of rows that are not deleted.
 * @throws SyncError ENTITY_NOT_READY: nobody has synced the table yet, so who sees what is not known.
 */
export async function readMembership(
  store: Pick<Store, 'pool'>,
  spec: Pick<EntitySpec, 'entity' | 'mirror' | 'source'>,
  { user, membership }: { readonly user: string; readonly membership: Membership },
): Promise<string[]> {
  const [person, value] = [membership.userColumn, membership.valueColumn].map(quoteIdent) as [string, string];
  const own = spec.mirror.shared ? ' AND m.sync_source = $2' : '';
  const readable = [{ entity: spec.entity, scope: { partitions: {} } }];
  try {
    const { rows } = await withScope(store, { readable }, (client) =>
      client.query<{ value: string }>(
        `SELECT DISTINCT m.${value}::text AS value FROM ${quoteTable(spec.mirror)} AS m
          WHERE m.${person}::text = $1 AND m.sync_deleted_at IS NULL AND m.${value} IS NOT NULL${own}`,
        spec.mirror.shared ? [user, spec.source] : [user],
      ),
    );
    return rows.map((row) => row.value);
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== UNDEFINED_TABLE) throw error;
    throw new SyncError('ENTITY_NOT_READY', {
      message: `${spec.entity}, which says who sees what, has not been synced yet`,
      cause: error,
    });
  }
}
