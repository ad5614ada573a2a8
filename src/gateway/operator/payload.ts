/** A quarantined row's values, which come by source column, for somebody who may not see all mirror columns. */
import type { EntityScope } from '../../domain/access/scope.ts';
import type { SyncConfig } from '../../domain/config.ts';
import type { EntitySpec } from '../../domain/entity.ts';
import { entitiesOf } from '../../service/names.ts';
import type { QuarantinedRow } from '../../store/quarantine.ts';

export function shownPayload(
  config: SyncConfig,
  { entity, payload }: Pick<QuarantinedRow, 'entity' | 'payload'>,
  { hidden }: Pick<EntityScope, 'hidden'>,
): Record<string, string | null> {
  if (hidden.length === 0) return { ...payload };
  const spec = entitiesOf(config).find((one) => one.entity === entity);
  const kept = new Set([...hidden, ...sourceColumns(spec, hidden)].map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !kept.has(name.toLowerCase())));
}

/** Of a hidden column that is computed, nobody knows what it is made of. */
function sourceColumns(spec: EntitySpec | undefined, hidden: readonly string[]): string[] {
  const columns = (spec?.columns ?? []).filter(({ name }) => hidden.includes(name));
  return columns.flatMap((column) => (column.role === 'from' ? [column.from] : []));
}
