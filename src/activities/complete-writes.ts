/** What stands at the source, brought into the mirror and settled: the row as it is now, its provenance, the verdict. */

import type { FieldTexts, RowNow } from '../domain/upload/decision.ts';
import { sameValue } from '../domain/upload/same-value.ts';
import { AlreadySettled } from '../store/decisions.ts';
import { inUploadTransaction, type LoadSession } from '../store/load-session.ts';
import type { Attempted } from '../store/mutations.ts';
import { inSavepoint, isRowError, refusalText } from '../store/poison.ts';
import { emptyStaging } from '../store/staging.ts';
import { readRows } from '../store/upload-rows.ts';
import { type MirrorWrite, updateMirror } from '../store/upload-writes.ts';
import { settleAfterApply } from './after-apply.ts';
import { unlessSettled } from './apply-in-mirror.ts';
import { columnTypes } from './prepare-change.ts';
import { type Done, provenance, recordWritten } from './record-decision.ts';
import { type Fresh, loadFresh, readFresh } from './refresh-rows.ts';
import { localValues, sourceValues } from './source-columns.ts';
import { byEntity, type Member, type UploadWork } from './upload-work.ts';

/** `key`: the row's, which the source may have given it. */
export type Written = Member & { readonly key: string; readonly attempted: Attempted };

/**
 * All in one transaction; when another worker settled one of them meanwhile, or the mirror refuses one, by halves down to
 * that one, but for groups. What stands at the source stays there, whatever the mirror's own constraints say of it.
 */
export async function completeWrites(written: readonly Written[]): Promise<void> {
  const [first] = written;
  if (first === undefined) return;
  try {
    await complete(written, { onRefused: 'fail' });
  } catch (error) {
    const isRefused = isRowError(error);
    if (!isRefused && !(error instanceof AlreadySettled)) throw error;
    if (written.length > 1 && first.item.mutation.group === null) {
      const middle = Math.ceil(written.length / 2);
      await completeWrites(written.slice(0, middle));
      await completeWrites(written.slice(middle));
    } else if (isRefused) {
      await complete(written, { onRefused: 'leave out' }).catch(unlessSettled);
    }
  }
}

/** What becomes of local columns that the mirror refuses: the transaction fails, or they are left out and the device told. */
type Completing = { readonly onRefused: 'fail' | 'leave out' };

/** Readers of the mirrors see all of it or nothing, whatever entities it is of. */
async function complete(all: readonly Written[], how: Completing): Promise<void> {
  const [{ work: first }] = all as [Written];
  const keyed = withKeysOfGroup(all);
  const parts: { work: UploadWork; members: readonly Written[]; fresh: Fresh }[] = [];
  for (const { work, members } of byEntity(keyed)) {
    const fresh = await readFresh(
      work,
      members.map(({ key }) => key),
    );
    parts.push({ work, members, fresh });
  }
  const { deps, context, id } = first;
  await inUploadTransaction(deps.store, { name: id, signal: context.signal }, async (shared) => {
    const sessions = parts.map(() => ({ ...shared, affected: [] }));
    for (const [i, { fresh }] of parts.entries()) {
      if (i > 0) await emptyStaging(shared);
      await loadFresh(sessions[i] as LoadSession, fresh);
    }
    for (const [i, { work, members }] of parts.entries()) {
      const session = sessions[i] as LoadSession;
      const keys = members.map(({ key }) => key);
      const rows = await readRows(session.client, work.entity.plan, { keys, lock: 'row' });
      const settling = members.map((each) => ({ ...each, now: rows.get(each.key) }));
      await settleWritten(work, session, { ...how, written: settling });
    }
    for (const [i, { work }] of parts.entries()) await settleAfterApply(work, sessions[i] as LoadSession);
  });
}

/** What stood for a row that the group makes is the key that it got. */
function withKeysOfGroup(written: readonly Written[]): Written[] {
  const keys = new Map(written.map(({ item, key }) => [item.mutation.ordinal, key]));
  return written.map((each) => {
    const { item, attempted } = each;
    const { prepared } = item;
    if (prepared.makers === undefined) return each;
    const given = Object.entries(prepared.makers).flatMap(([field, maker]) => {
      const key = keys.get(maker);
      return key === undefined ? [] : [[field, key] as const];
    });
    const withKeys = (values: FieldTexts): FieldTexts => ({
      ...values,
      ...Object.fromEntries(given.filter(([field]) => Object.hasOwn(values, field))),
    });
    const { change } = prepared;
    const { decision } = attempted;
    return {
      ...each,
      item: { ...item, prepared: { ...prepared, change: { ...change, values: withKeys(change.values) } } },
      attempted: { ...attempted, decision: { ...decision, values: withKeys(decision.values) } },
    };
  });
}

type Settling = Written & { readonly now: RowNow | undefined };

async function settleWritten(
  work: UploadWork,
  session: LoadSession,
  { onRefused, written }: Completing & { readonly written: readonly Settling[] },
): Promise<void> {
  const marks = written.map((each) => markOf(work, each));
  const marked = await (onRefused === 'fail' ? markAll(session, marks) : markWhatFits(session, marks));
  await recordWritten(
    work,
    session,
    written.map((each, i) => doneOf(work, each, marked[i] as Marked)),
  );
}

function doneOf(
  work: UploadWork,
  { item, key, attempted, now }: Settling,
  { version, refused }: Marked,
): Done {
  const { before, decision } = attempted;
  const verdict = {
    ...attempted.verdict,
    ...(version !== null && { version }),
    ...(attempted.verdict.status === 'applied' &&
      !isAsAsked(work, decision.values, now) && { status: 'merged' as const }),
    ...(refused !== null && { status: 'merged' as const, code: 'CONSTRAINT', message: refused }),
  };
  // What was left out changed nothing.
  const local = localValues(work.entity, decision.values);
  const stands = refused === null ? decision : { ...decision, values: withoutLocals(decision.values, local) };
  return { item, key, before, decision: stands, clocks: decision.clocks, verdict };
}

function withoutLocals(values: FieldTexts, local: FieldTexts): FieldTexts {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !Object.hasOwn(local, name)));
}

type Mark = { readonly write: MirrorWrite; readonly isDelete: boolean };
/** `version`: the row's; null: the mirror has no such row. `refused`: why its local columns are left out. */
type Marked = { readonly version: string | null; readonly refused: string | null };

function markOf(work: UploadWork, { item, key, attempted: { decision } }: Written): Mark {
  const isDelete = decision.operation === 'delete';
  const write: MirrorWrite = {
    ...provenance(work, { ...item, key }, decision.clocks),
    operation: 'mark',
    values: isDelete ? {} : localValues(work.entity, decision.values),
    rowId: key === item.mutation.row ? null : item.mutation.row,
  };
  return { write, isDelete };
}

async function markAll(session: LoadSession, marks: readonly Mark[]): Promise<Marked[]> {
  const asDelete = marks.flatMap(({ write, isDelete }, i) => (isDelete ? [{ write, i }] : []));
  const deleted = await updateMirror(
    session,
    asDelete.map(({ write }) => ({ ...write, operation: 'delete' })),
  );
  const versions = new Map(asDelete.map(({ i }, n) => [i, deleted[n] ?? null]));
  // What was a tombstone already is marked as one.
  const left = marks.flatMap(({ write }, i) => ((versions.get(i) ?? null) === null ? [{ write, i }] : []));
  const marked = await updateMirror(
    session,
    left.map(({ write }) => write),
  );
  for (const [n, { i }] of left.entries()) versions.set(i, marked[n] ?? null);
  return marks.map((_, i) => ({ version: versions.get(i) ?? null, refused: null }));
}

/** One by one: first without local columns, then without touching the row. What is refused now is so at every try. */
async function markWhatFits(session: LoadSession, marks: readonly Mark[]): Promise<Marked[]> {
  const marked: Marked[] = [];
  for (const mark of marks) marked.push(await markOne(session, mark));
  return marked;
}

async function markOne(session: LoadSession, { write, isDelete }: Mark): Promise<Marked> {
  let refused: string | null = null;
  for (const values of [write.values, {}]) {
    try {
      const mark = { write: { ...write, values }, isDelete };
      const [marked] = await inSavepoint(session, () => markAll(session, [mark]));
      return { version: marked?.version ?? null, refused };
    } catch (error) {
      if (!isRowError(error)) throw error;
      refused = `The source has the change, without its local columns. ${refusalText(error)}`;
    }
  }
  return { version: null, refused };
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
