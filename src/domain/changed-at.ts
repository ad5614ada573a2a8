import type { EntityPlan, SourceColumn } from './entity.ts';
import { SyncError } from './errors.ts';

/**
 * The columns that say when a row changed. `isTime`: the source's types that can be compared with a mark; `mustBe` names
 * them, for people.
 * @throws SyncError CONFIG_INVALID for a column that holds no time; SCHEMA_CHANGED for one that is not read.
 */
export function changedAtColumns(
  plan: EntityPlan,
  types: { readonly isTime: (column: SourceColumn) => boolean; readonly mustBe: string },
): SourceColumn[] {
  const { entity, changedAt } = plan.spec;
  if (changedAt === null) {
    throw new SyncError('CONFIG_INVALID', {
      message: `Entity ${entity} has no \`changedAt\`, so its changes cannot be read`,
    });
  }
  return changedAt.columns.map((name) => {
    const column = plan.readColumns.find((candidate) => candidate.name === name);
    if (column === undefined) {
      throw new SyncError('SCHEMA_CHANGED', {
        message: `Entity ${entity}: changedAt column ${name} is not read`,
      });
    }
    if (types.isTime(column)) return column;
    throw new SyncError('CONFIG_INVALID', {
      message: `Entity ${entity}: changedAt column ${name} has type ${column.sourceType}; it must be ${types.mustBe}`,
    });
  });
}
