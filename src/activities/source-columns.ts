/** Which part of a change is the source's, and in its words. */
import type { Texts } from '../connectors/write-contract.ts';
import type { EntityPlan } from '../domain/entity.ts';
import type { Decision, FieldTexts } from '../domain/upload/decision.ts';
import type { UploadEntity } from './upload-entity.ts';
import type { UploadWork } from './upload-work.ts';

type Write = Extract<Decision, { kind: 'write' }>;

/** true: some of it is not ours alone to write. A row comes and goes at the source. */
export function writesSource({ entity }: UploadWork, { operation, values }: Write): boolean {
  if (entity.upload.writeBack.to !== 'source') return false;
  return operation !== 'update' || Object.keys(sourceValues(entity, values)).length > 0;
}

/** By source column. Local and computed columns are left out. */
export function sourceValues({ plan }: Pick<UploadEntity, 'plan'>, values: FieldTexts): Texts {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, text]) => {
      const from = sourceColumn(plan, name);
      return from === null ? [] : [[from, text]];
    }),
  );
}

/** By mirror column. */
export function localValues({ plan }: Pick<UploadEntity, 'plan'>, values: FieldTexts): FieldTexts {
  const local = new Set(plan.spec.localColumns.map(({ name }) => name));
  return Object.fromEntries(Object.entries(values).filter(([name]) => local.has(name)));
}

function sourceColumn(plan: EntityPlan, name: string): string | null {
  const column = plan.mirrorColumns.find((each) => each.name === name);
  return column?.role === 'from' ? column.from : null;
}

/**
 * The row as it was decided about, which the source compares under its lock. Of a table all that the mirror has
 * exactly; of a query only what may be written, since the rest may be another table's.
 */
export function guardOf({ plan, upload }: UploadEntity, values: FieldTexts): Texts {
  const writable = new Set(upload.writable);
  const exact = plan.mirrorColumns.filter(({ name, role, from, type, keyPosition }) => {
    if (role !== 'from' || keyPosition !== null) return false;
    if (plan.spec.read.kind === 'sql' && !writable.has(name)) return false;
    return plan.readColumns.find((column) => column.name === from)?.mirrorType === type;
  });
  return Object.fromEntries(exact.map(({ name, from }) => [from as string, values[name] ?? null]));
}
