/** A quarantined row's values, which come by source column, for somebody who may not see all mirror columns. */
import type { EntityScope } from '../../domain/access/scope.ts';
import type { SyncConfig } from '../../domain/config.ts';
import { entitiesOf } from '../../service/names.ts';
import type { QuarantinedRow } from '../../store/quarantine.ts';

export function shownPayload(
  config: SyncConfig,
  { entity, payload }: Pick<QuarantinedRow, 'entity' | 'payload'>,
  { hidden }: Pick<EntityScope, 'hidden'>,
): Record<string, string | null> {
  if (hidden.length === 0) return { ...payload };
  const spec = entitiesOf(config).find((one) => one.entity === entity);
  const columns = (spec?.columns ?? []).filter(({ name }) => hidden.includes(name));
  // What a column is computed of, nobody knows: then no value is shown.
  if (columns.some(({ role }) => role === 'compute')) return {};
  const sources = columns.flatMap((column) => (column.role === 'from' ? [column.from] : []));
  const withheld = new Set([...hidden, ...sources].map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !withheld.has(name.toLowerCase())));
}
