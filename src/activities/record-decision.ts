/** What a decision leaves in the store, within the transaction that carries it out. */
import { rowSeenBy } from '../domain/access/judge-change.ts';
import type { Decision, FieldTexts, RowNow } from '../domain/upload/decision.ts';
import { laterHlc } from '../domain/upload/hlc.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import { formatVersion } from '../domain/upload/versions.ts';
import { type Accepted, noteAccepted } from '../store/accepted.ts';
import { carryOut, type Held, holdMutations, noticesOf, settleAll } from '../store/decisions.ts';
import type { LoadSession } from '../store/load-session.ts';
import { enqueueRefresh } from '../store/refresh.ts';
import { tellByRow } from '../store/told.ts';
import {
  type ChangeNote,
  type MirrorWrite,
  noteChanges,
  noteRowIds,
  updateMirror,
} from '../store/upload-writes.ts';
import { verdictOfItem } from './decide-item.ts';
import type { Item, UploadWork } from './upload-work.ts';

type Write = Extract<Decision, { kind: 'write' }>;

/** A decision that writes nothing at the source: to be recorded, with what it changes of the mirror's own. */
export type Recorded = {
  readonly item: Item;
  readonly now: RowNow;
  readonly decision: Exclude<Decision, { kind: 'write' }>;
};

/** Once for all that come to nothing in the transaction. */
export async function recordUnwritten(
  work: UploadWork,
  session: LoadSession,
  recorded: readonly Recorded[],
): Promise<void> {
  const seen = recorded.map((done) => ({ ...done, now: rowSeenBy(done.item.prepared.scope, done.now) }));
  await holdMutations(
    session,
    seen.flatMap(({ item, now, decision }) =>
      decision.kind === 'approve' ? [heldOf(work, { item, now, decision })] : [],
    ),
  );
  const ended = seen.flatMap(({ item, now, decision }) =>
    decision.kind === 'approve' || decision.kind === 'wait' ? [] : [{ item, now, decision }],
  );
  const versions = await renewed(work, session, ended);
  for (const { item, now, decision } of ended) {
    const effects = 'effects' in decision ? decision.effects : [];
    const { mutation } = item;
    const key = item.key ?? mutation.row;
    await carryOut(session, { mutation, key, row: now, effects, cause: causeOf(item) });
  }
  await noteChanges(session, ended.flatMap(auditOf));
  await noteAccepted(
    session.client,
    ended.flatMap(({ item, decision }) => (decision.kind === 'same' ? acceptedOf(item) : [])),
  );
  await settleAll(
    session,
    ended.map(({ item, now, decision }, i) => ({
      mutation: item.mutation,
      verdict: verdictOfItem(item, decision, versions[i] ?? versionOfRow(now)),
    })),
  );
}

type Ended = {
  readonly item: Item;
  readonly now: RowNow;
  readonly decision: Exclude<Decision, { kind: 'write' | 'approve' | 'wait' }>;
};

function auditOf({ item, decision }: Ended): ChangeNote[] {
  const effects = 'effects' in decision ? decision.effects : [];
  if (!effects.some(({ audit }) => audit !== undefined)) return [];
  const change = { verdict: decision.kind, rules: effects };
  return [noteOf(item, { key: item.key ?? item.mutation.row, change, hlc: item.prepared.change.hlc })];
}

/**
 * Nothing of the rows changes but what is known of them: a later clock of what a row has already. Or it has to reach a
 * device that believes its change still waits (C9). @returns the rows' new versions; null: one has none.
 */
async function renewed(
  work: UploadWork,
  session: LoadSession,
  ended: readonly Ended[],
): Promise<(string | null)[]> {
  const versions: (string | null)[] = [];
  const marks: { readonly at: number; readonly write: MirrorWrite }[] = [];
  for (const [at, { item, now, decision }] of ended.entries()) {
    const clocks = 'clocks' in decision ? decision.clocks : {};
    const isTold = now.state === 'unknown' || Object.keys(clocks).length === 0;
    versions.push(isTold ? await tellByRow(session, work.entity.plan, item) : null);
    if (isTold) continue;
    const write = { ...provenance(work, item, clocks), operation: 'mark' as const, values: {}, rowId: null };
    marks.push({ at, write });
  }
  const marked = await updateMirror(
    session,
    marks.map(({ write }) => write),
  );
  for (const [i, { at }] of marks.entries()) versions[at] = marked[i] ?? null;
  return versions;
}

function heldOf(
  work: UploadWork,
  done: {
    readonly item: Item;
    readonly now: RowNow;
    readonly decision: Extract<Decision, { kind: 'approve' }>;
  },
): Held {
  const { item, now, decision } = done;
  const { clash, reason, by, role, proposal, draft, operation, effects } = decision;
  return {
    plan: work.entity.plan,
    mutation: item.mutation,
    operation,
    clash,
    reason,
    by,
    role,
    ...basesOf(item),
    proposal,
    draft,
    row: now,
    notices: noticesOf(effects),
  };
}

/** People read what the device saw, and apart from it what its change was compared with instead. */
function basesOf({ prepared: { seen, change } }: Item): { base: FieldTexts | null; accepted: FieldTexts } {
  const compared = Object.entries(change.baseImage ?? {});
  const accepted = compared.filter(([name, text]) => seen === null || seen[name] !== text);
  return { base: seen, accepted: Object.fromEntries(accepted) };
}

/** Of a mutation, for ever: no two have the same, whatever characters devices and their ids have. */
export function nameOf({ device, id }: Item['mutation']): string {
  return `${device.replaceAll(/[%/]/g, encodeURIComponent)}/${id}`;
}

export function causeOf({ mutation }: Item): string {
  return `mutation/${nameOf(mutation)}`;
}

export function versionOfRow(now: RowNow): string | null {
  if (now.state === 'unknown') return null;
  return formatVersion(now.state === 'row' ? now.row.version : now.version);
}

/** Who wrote, and when by the clocks of the change. */
export function provenance(work: UploadWork, item: Item, clocks: Readonly<Record<string, string>>) {
  const { mutation, key, prepared } = item;
  const hlc = Object.values(clocks).reduce<string | null>(laterHlc, null) ?? prepared.change.hlc;
  return {
    plan: work.entity.plan,
    key: key ?? mutation.row,
    fieldHlcs: clocks,
    hlc,
    origin: mutation.device,
    by: mutation.user ?? mutation.device,
  };
}

/** C11: as the device sent it. What a merge made of it the device has not seen: its next change adds to its own. */
function acceptedOf({ mutation, prepared }: Item): Accepted[] {
  const { base, operation } = mutation.body;
  if (base === undefined && operation === 'update') return [];
  // A row that its device deleted is made anew by its next insert.
  const isEnd = base === undefined && operation === 'delete';
  const baseHash = isEnd ? 'deleted' : prepared.baseHash;
  return [{ ...mutation, baseHash, fields: prepared.change.values }];
}

function noteOf(item: Item, note: Pick<ChangeNote, 'key' | 'change' | 'hlc'>): ChangeNote {
  const { entity, user, device } = item.mutation;
  return { ...note, entity, by: user ?? device, origin: device, cause: causeOf(item) };
}

/** A write that stands. */
export type Done = {
  readonly item: Item;
  readonly key: string;
  readonly before: RowNow;
  readonly decision: Pick<Write, 'operation' | 'values' | 'outcomes' | 'effects'>;
  readonly clocks: Readonly<Record<string, string>>;
  readonly verdict: StoredVerdict;
};

/** History, the rows' ids, what rules wanted, and the verdicts: once for all that are written in the transaction. */
export async function recordWritten(
  work: UploadWork,
  session: LoadSession,
  written: readonly Done[],
): Promise<void> {
  const named = written.flatMap(({ key, item: { mutation } }) => {
    const { entity, row: id, device } = mutation;
    return key === id ? [] : [{ entity, id, key, device }];
  });
  await noteRowIds(session, named);
  await noteChanges(session, written.map(historyOf));
  for (const { item, key, before, decision } of written) {
    const { mutation } = item;
    await carryOut(session, { mutation, key, row: before, effects: decision.effects, cause: causeOf(item) });
    session.affected.push({ key, before: before.state === 'row' ? before.row.values : null });
  }
  await noteAccepted(
    session.client,
    written.flatMap(({ item }) => acceptedOf(item)),
  );
  const { upload, plan } = work.entity;
  if (upload.writeBack.to === 'source' && written.length > 0) {
    const keys = written.map(({ key }) => key);
    await enqueueRefresh(session.client, { entity: plan.spec.entity, keys, reason: 'written by an upload' });
  }
  await settleAll(
    session,
    written.map(({ item: { mutation }, verdict }) => ({ mutation, verdict })),
  );
}

function historyOf({ item, key, before, decision, clocks }: Done): ChangeNote {
  const old = before.state === 'row' ? before.row.values : {};
  const fields = Object.entries(decision.values).map(([name, now]) => [
    name,
    { old: old[name] ?? null, new: now },
  ]);
  const change = {
    operation: decision.operation,
    fields: Object.fromEntries(fields),
    outcomes: decision.outcomes,
    ...(decision.effects.length > 0 && { rules: decision.effects }),
  };
  const hlc = Object.values(clocks).reduce<string | null>(laterHlc, null) ?? item.prepared.change.hlc;
  return noteOf(item, { key, change, hlc });
}
