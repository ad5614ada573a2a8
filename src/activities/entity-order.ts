/** Entities in the order in which their rows may be inserted, wherever their changes are written. */
import type { EntitySpec } from '../domain/entity.ts';
import { type ForeignKey, parentsFirst } from '../domain/foreign-key-order.ts';
import { keysAmongMirrors } from '../store/foreign-keys.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';

/**
 * Parents before children: as the source's foreign keys say, and, for changes that stay in mirrors, as those of the
 * mirrors and the configuration's `references` do. @param specs of one source, as far as they are written there.
 */
export async function entityOrder(
  deps: ActivityDeps,
  specs: readonly EntitySpec[],
  { signal }: ActivityContext,
): Promise<readonly string[]> {
  const written = specs.flatMap(({ entity, key, upload, source }) =>
    upload?.writeBack.to === 'source' ? [{ entity, key, table: upload.writeBack.table, source }] : [],
  );
  const target = deps.targets[written[0]?.source ?? ''];
  const atSource =
    target === undefined || written.length < 2
      ? written.map(({ entity }) => entity)
      : await target.entityOrder(written, signal);
  const local = specs.filter(({ upload }) => upload?.writeBack.to === 'mirror').map(({ entity }) => entity);
  if (local.length === 0) return atSource;
  const isLocal = new Set(local);
  const keys = [...(await keysAmongMirrors(deps.store.pool, specs)), ...declared(specs)];
  // The source's order stands: what its tables ask for, its mirrors do too.
  const chain = atSource.slice(1).map((child, i) => ({ child, parent: atSource[i] as string }));
  return parentsFirst([...atSource, ...local], [...chain, ...keys.filter(({ child }) => isLocal.has(child))]);
}

function declared(specs: readonly EntitySpec[]): ForeignKey[] {
  return specs.flatMap(({ entity, upload }) =>
    Object.values(upload?.references ?? {}).map((parent) => ({ child: entity, parent })),
  );
}
