/** What a decision leaves in the store, within the transaction that carries it out. */
import { rowSeenBy } from '../domain/access/judge-change.ts';
import type { Decision, FieldTexts, RowNow } from '../domain/upload/decision.ts';
import { laterHlc } from '../domain/upload/hlc.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import { formatVersion } from '../domain/upload/versions.ts';
import { noteAccepted } from '../store/accepted.ts';
import { carryOut, holdMutation, noticesOf, settle } from '../store/decisions.ts';
import type { LoadSession } from '../store/load-session.ts';
import { enqueueRefresh } from '../store/refresh.ts';
import { tellByRow } from '../store/told.ts';
import { noteChange, noteRowId, writeMirror } from '../store/upload-writes.ts';
import { verdictOfItem } from './decide-item.ts';
import type { Item, UploadWork } from './upload-work.ts';

type Write = Extract<Decision, { kind: 'write' }>;

/** A decision that writes nothing at the source: to be recorded, with what it changes of the mirror's own. */
export type Recorded = {
  readonly item: Item;
  readonly now: RowNow;
  readonly decision: Exclude<Decision, { kind: 'write' }>;
};

export async function recordUnwritten(work: UploadWork, session: LoadSession, done: Recorded): Promise<void> {
  const { item, decision } = done;
  const { mutation } = item;
  const now = rowSeenBy(item.prepared.scope, done.now);
  if (decision.kind === 'approve') return hold(work, session, { item, now, decision });
  if (decision.kind === 'wait') return;
  const cause = causeOf(item);
  const version = (await renewed(work, session, { ...done, now })) ?? versionOfRow(now);
  const effects = 'effects' in decision ? decision.effects : [];
  const key = item.key ?? mutation.row;
  await carryOut(session, { mutation, key, row: now, effects, cause });
  if (effects.some(({ audit }) => audit !== undefined)) {
    await noteChange(session, {
      entity: mutation.entity,
      key,
      change: { verdict: decision.kind, rules: effects },
      by: mutation.user ?? mutation.device,
      origin: mutation.device,
      hlc: item.prepared.change.hlc,
      cause,
    });
  }
  if (decision.kind === 'same') await rememberAccepted(session, item, item.prepared.change.values);
  await settle(session, mutation, verdictOfItem(item, decision, version));
}

/**
 * Nothing of the row changes but what is known of it: a later clock of what it has already. Or it has to reach a device
 * that believes its change still waits (C9). @returns the row's new version; null: it has none.
 */
async function renewed(
  work: UploadWork,
  session: LoadSession,
  { item, now, decision }: Recorded,
): Promise<string | null> {
  const clocks = 'clocks' in decision ? decision.clocks : {};
  if (now.state === 'unknown' || Object.keys(clocks).length === 0) {
    return tellByRow(session, work.entity.plan, item);
  }
  return writeMirror(session, {
    ...provenance(work, item, clocks),
    operation: 'mark',
    values: {},
    rowId: null,
  });
}

async function hold(
  work: UploadWork,
  session: LoadSession,
  done: {
    readonly item: Item;
    readonly now: RowNow;
    readonly decision: Extract<Decision, { kind: 'approve' }>;
  },
): Promise<void> {
  const { item, now, decision } = done;
  const { clash, reason, by, role, proposal, draft, operation } = decision;
  await holdMutation(
    session,
    {
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
    },
    noticesOf(decision.effects),
  );
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
export async function rememberAccepted(session: LoadSession, item: Item, fields: FieldTexts): Promise<void> {
  const { mutation, prepared } = item;
  const { base, operation } = mutation.body;
  if (base === undefined && operation === 'update') return;
  // A row that its device deleted is made anew by its next insert.
  const isEnd = base === undefined && operation === 'delete';
  await noteAccepted(session.client, mutation, { baseHash: isEnd ? 'deleted' : prepared.baseHash, fields });
}

/** A write that stands: history, the row's id, what rules wanted, and the verdict. */
export async function recordWritten(
  work: UploadWork,
  session: LoadSession,
  done: {
    readonly item: Item;
    readonly key: string;
    readonly before: RowNow;
    readonly decision: Pick<Write, 'operation' | 'values' | 'outcomes' | 'effects'>;
    readonly clocks: Readonly<Record<string, string>>;
    readonly verdict: StoredVerdict;
  },
): Promise<void> {
  const { item, key, before, decision, clocks, verdict } = done;
  const { mutation, prepared } = item;
  const { entity } = mutation;
  if (key !== mutation.row)
    await noteRowId(session, { entity, id: mutation.row, key, device: mutation.device });
  const old = before.state === 'row' ? before.row.values : {};
  const fields = Object.entries(decision.values).map(([name, now]) => [
    name,
    { old: old[name] ?? null, new: now },
  ]);
  await noteChange(session, {
    entity,
    key,
    change: {
      operation: decision.operation,
      fields: Object.fromEntries(fields),
      outcomes: decision.outcomes,
      ...(decision.effects.length > 0 && { rules: decision.effects }),
    },
    by: mutation.user ?? mutation.device,
    origin: mutation.device,
    hlc: Object.values(clocks).reduce<string | null>(laterHlc, null) ?? prepared.change.hlc,
    cause: causeOf(item),
  });
  await carryOut(session, { mutation, key, row: before, effects: decision.effects, cause: causeOf(item) });
  session.affected.push({ key, before: before.state === 'row' ? before.row.values : null });
  await rememberAccepted(session, item, prepared.change.values);
  if (work.entity.upload.writeBack.to === 'source') {
    await enqueueRefresh(session.client, { entity, keys: [key], reason: 'written by an upload' });
  }
  await settle(session, mutation, verdict);
}
