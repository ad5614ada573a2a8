/** What stands at the source, brought into the mirror and settled: the row as it is now, its provenance, the verdict. */

import type { FieldTexts, RowNow } from '../domain/upload/decision.ts';
import { sameValue } from '../domain/upload/same-value.ts';
import { AlreadySettled } from '../store/decisions.ts';
import type { LoadSession } from '../store/load-session.ts';
import type { Attempted } from '../store/mutations.ts';
import { readRows } from '../store/upload-rows.ts';
import { type MirrorWrite, writeMirror } from '../store/upload-writes.ts';
import { settleAfterApply } from './after-apply.ts';
import { unlessSettled } from './apply-in-mirror.ts';
import { columnTypes } from './prepare-change.ts';
import { provenance, recordWritten } from './record-decision.ts';
import { refreshRows } from './refresh-rows.ts';
import { localValues, sourceValues } from './source-columns.ts';
import type { Item, UploadWork } from './upload-work.ts';

/** `key`: the row's, which the source may have given it. */
export type Written = { readonly item: Item; readonly key: string; readonly attempted: Attempted };

/** All in one transaction; when another worker settled one of them meanwhile, each in its own. */
export async function completeWrites(work: UploadWork, written: readonly Written[]): Promise<void> {
  if (written.length === 0) return;
  try {
    await complete(work, written);
  } catch (error) {
    if (written.length === 1) return unlessSettled(error);
    if (!(error instanceof AlreadySettled)) throw error;
    for (const each of written) await completeWrites(work, [each]);
  }
}

async function complete(work: UploadWork, written: readonly Written[]): Promise<void> {
  const keys = written.map(({ key }) => key);
  await refreshRows(work, keys, async (session) => {
    const rows = await readRows(session.client, work.entity.plan, { keys, lock: 'row' });
    for (const each of written) await settleWritten(work, session, { ...each, now: rows.get(each.key) });
    await settleAfterApply(work, session);
  });
}

async function settleWritten(
  work: UploadWork,
  session: LoadSession,
  done: Written & { readonly now: RowNow | undefined },
): Promise<void> {
  const { item, key, attempted, now } = done;
  const { before, decision } = attempted;
  const local = localValues(work.entity, decision.values);
  const write: MirrorWrite = {
    ...provenance(work, { ...item, key }, decision.clocks),
    operation: 'mark',
    values: decision.operation === 'delete' ? {} : local,
    rowId: key === item.mutation.row ? null : item.mutation.row,
  };
  const version =
    (decision.operation === 'delete'
      ? await writeMirror(session, { ...write, operation: 'delete' })
      : null) ?? (await writeMirror(session, write));
  const verdict = {
    ...attempted.verdict,
    ...(version !== null && { version }),
    ...(attempted.verdict.status === 'applied' &&
      !isAsAsked(work, decision.values, now) && { status: 'merged' as const }),
  };
  await recordWritten(work, session, { item, key, before, decision, clocks: decision.clocks, verdict });
}

/** A trigger or a rounding of the source may have made something else of it: then the device has to hear of that. */
function isAsAsked({ entity }: UploadWork, values: FieldTexts, now: RowNow | undefined): boolean {
  if (now?.state !== 'row') return true;
  const types = columnTypes(entity.plan);
  const ofSource = new Set(
    Object.keys(values).filter((name) => Object.keys(sourceValues(entity, { [name]: null })).length > 0),
  );
  return [...ofSource].every((name) =>
    sameValue(types[name] ?? 'text', values[name] ?? null, now.row.values[name] ?? null),
  );
}
