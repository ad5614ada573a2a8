/**
 * A human's decision carried out: checked again against the row as it is by now, then written under the same locks as
 * any change. Where the row moved, people are asked again (C17).
 */
import { rowSeenBy } from '../domain/access/judge-change.ts';
import type { Decided } from '../domain/approval/approval.ts';
import type { EntityPlan } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import { decideResolution } from '../domain/upload/decide-resolution.ts';
import type { RowNow } from '../domain/upload/decision.ts';
import { sendHlc } from '../domain/upload/hlc.ts';
import type {
  HumanDecision,
  OpenConflict,
  Resolution,
  ResolutionInput,
} from '../domain/upload/resolution.ts';
import { queriesOfResolution } from '../domain/upload/rule-queries.ts';
import { parseVersion } from '../domain/upload/versions.ts';
import { textOfJson } from '../domain/upload/wire.ts';
import { clockNode } from '../store/clock-node.ts';
import { type ConflictRow, countRound, nextRound, readConflict } from '../store/conflicts.ts';
import { inUploadTransaction, type LoadSession } from '../store/load-session.ts';
import { isSettled, readMutation } from '../store/mutations.ts';
import { isRowError, refusalText } from '../store/poison.ts';
import { readSignedFields } from '../store/signed-messages.ts';
import { canonicalTexts, readRows } from '../store/upload-rows.ts';
import { runAfterApply, settleAfterApply } from './after-apply.ts';
import { endUnwritten, isRefusal, keyOf, unlessSettled, write } from './apply-in-mirror.ts';
import { settleAttempts, writeAll } from './apply-in-source.ts';
import { factsOf, queryResults } from './decide-item.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { columnTypes } from './prepare-change.ts';
import { recordUnwritten, versionOfRow } from './record-decision.ts';
import { refreshRows } from './refresh-rows.ts';
import { refusedLocals } from './refused-locals.ts';
import { writesSource } from './source-columns.ts';
import type { DecisionResult } from './upload-contract.ts';
import { uploadEntity } from './upload-entity.ts';
import { itemOf } from './upload-items.ts';
import type { Item, UploadWork } from './upload-work.ts';
import { whileBeating } from './while-beating.ts';

export async function applyDecision(
  deps: ActivityDeps,
  input: { conflictId: string; decided: Decided },
  context: ActivityContext,
): Promise<DecisionResult> {
  return whileBeating(context, () => apply(deps, input, context));
}

/**
 * A change that is withdrawn: a try to write it whose outcome nobody heard is settled first, and what the source has of
 * it counts.
 * @returns the plan of its row, by which the device hears of it; null: nothing is withdrawn.
 */
export async function beforeWithdrawal(
  deps: ActivityDeps,
  row: ConflictRow,
  context: ActivityContext,
): Promise<EntityPlan | null> {
  const { pool } = deps.store;
  const id = `conflict/${row.id}`;
  const mutation = await readMutation(pool, row.mutation);
  const entity = await uploadEntity(deps, { entity: row.entity, id }, context);
  if (mutation === null || mutation.state !== 'held' || entity === null) return null;
  const work: UploadWork = { deps, context, entity, id, node: await clockNode(pool) };
  const item = await itemOf(work, mutation);
  if (!('why' in item) && (await settleAttempts(work, [item])).length === 0) return null;
  return entity.plan;
}

type Case = {
  readonly work: UploadWork;
  readonly item: Item;
  readonly row: ConflictRow;
  readonly decision: HumanDecision;
  readonly approvedBy: readonly string[];
};

async function apply(
  deps: ActivityDeps,
  { conflictId, decided }: { conflictId: string; decided: Decided },
  context: ActivityContext,
): Promise<DecisionResult> {
  const { pool } = deps.store;
  const row = await readConflict(pool, conflictId);
  // A repeated activity: its first try got through, and nobody heard.
  if (row.state === 'closed' || (await isSettled(pool, row.mutation))) return { kind: 'applied' };
  if (row.round > decided.round) return moved(row);
  const mutation = await readMutation(pool, row.mutation);
  const id = `conflict/${conflictId}`;
  const entity = await uploadEntity(deps, { entity: row.entity, id }, context);
  if (mutation === null || entity === null) {
    throw new SyncError('CONFIG_UNKNOWN', {
      message: `The configuration has no entity ${row.entity} with \`upload\``,
    });
  }
  const work: UploadWork = { deps, context, entity, id, node: await clockNode(deps.store.pool) };
  const item = await itemOf(work, mutation);
  if ('why' in item) {
    if (decided.decision !== 'server') return refused(deps, row, item.why);
    // Nothing is written, so nothing stands against it.
    await endUnwritten(work, { mutation }, { status: 'conflict', conflictId, message: item.why });
    return { kind: 'applied' };
  }
  const decision = await decisionOf(work, conflictId, decided);
  if ('why' in decision) return refused(deps, row, decision.why);
  const mine = { ...item, decided: { conflictId, round: row.round } };
  const at = { work, item: mine, row, decision, approvedBy: decided.approvedBy };
  const result = await carryOut(at).catch((error: unknown) => {
    if (isRefusal(error)) return refused(deps, row, error.message);
    throw error;
  });
  await runAfterApply(deps, context);
  return result;
}

/** Values that people typed, as PostgreSQL prints them. */
async function decisionOf(
  work: UploadWork,
  conflictId: string,
  { decision, fields: sent, valuesIn }: Decided,
): Promise<HumanDecision | { why: string }> {
  if (decision !== 'merged') return { decision };
  const { pool } = work.deps.store;
  const fields = valuesIn === undefined ? sent : await readSignedFields(pool, { id: valuesIn, conflictId });
  if (fields === null)
    return { why: 'The values of the decision are not in the store any more: decide again' };
  const entries = Object.entries(fields ?? {}).map(([field, value]) => ({ field, text: textOfJson(value) }));
  const texts = await canonicalTexts(pool, work.entity.plan, entries);
  const bad = texts.find((text) => 'problem' in text);
  if (bad !== undefined && 'problem' in bad) return { why: bad.problem };
  const named = entries.map(({ field }, i) => {
    const text = texts[i];
    return [field, text !== undefined && 'text' in text ? text.text : null];
  });
  return { decision, fields: Object.fromEntries(named) };
}

/** The row moved, and this was told before. */
function moved(row: ConflictRow): DecisionResult {
  const { clash } = row.clash;
  return { kind: 'reopen', because: 'rowMoved', clash, proposed: Object.keys(row.client) };
}

/** What cannot be written goes back to people, as the next round. */
async function refused(deps: ActivityDeps, row: ConflictRow, message: string): Promise<DecisionResult> {
  await countRound(deps.store.pool, { conflictId: row.id, round: row.round });
  return {
    kind: 'reopen',
    because: 'refused',
    clash: row.clash.clash,
    proposed: Object.keys(row.client),
    message,
  };
}

async function carryOut(at: Case): Promise<DecisionResult> {
  const { work, item } = at;
  const { pool } = work.deps.store;
  if (work.entity.upload.writeBack.to === 'source') {
    if ((await settleAttempts(work, [item])).length === 0) return { kind: 'applied' };
    await refreshRows(work, item.key === null ? [] : [item.key]);
    const now = await rowOf(work, item, { db: pool, lock: 'none' });
    const resolution = await resolve(at, { db: pool, now });
    if (resolution.kind === 'write' && writesSource(work, resolution)) {
      return writeAtSource(at, { now, resolution });
    }
  }
  return inMirror(at);
}

async function rowOf(
  { entity }: UploadWork,
  item: Item,
  {
    db,
    lock,
  }: {
    readonly db: LoadSession['client'] | UploadWork['deps']['store']['pool'];
    readonly lock: 'row' | 'none';
  },
): Promise<RowNow> {
  const key = keyOf(item);
  return (await readRows(db, entity.plan, { keys: [key], lock })).get(key) ?? { state: 'unknown' };
}

async function resolve(
  { work, item, row, decision, approvedBy }: Case,
  at: { readonly db: Pick<LoadSession['client'], 'query'>; readonly now: RowNow },
): Promise<Resolution> {
  // Whoever decides may see the row; it is not the sender's to change any more.
  if (decision.decision !== 'server' && isOutOfSight(item, at.now)) return NOT_SEEN;
  const input = {
    spec: work.entity.upload,
    columns: columnTypes(work.entity.plan),
    change: item.prepared.change,
    now: at.now,
    conflict: conflictOf(row),
    decision,
    decidedAt: sendHlc({ last: null, nowMs: Date.now(), node: work.node }),
    askedRole: row.clash.role,
    context: { ...factsOf(work, item), approvedBy },
  } satisfies Omit<ResolutionInput, 'context'> & { context: unknown };
  const queries = await queryResults(at.db, queriesOfResolution(input));
  return decideResolution({ ...input, context: { ...input.context, queries } });
}

function isOutOfSight({ prepared }: Item, now: RowNow): boolean {
  return now.state !== 'unknown' && rowSeenBy(prepared.scope, now).state === 'unknown';
}

const NOT_SEEN: Resolution = {
  kind: 'reject',
  code: 'CHANGE_INVALID',
  message: 'The row has left what its sender may see: only the server’s side can be taken',
  rule: null,
  cause: null,
  effects: [],
  notes: { policyIgnored: null },
};

function conflictOf(row: ConflictRow): OpenConflict {
  const { operation, clash } = row.clash;
  return { operation, clash, proposal: row.client, snapshot: snapshotOf(row) };
}

function snapshotOf({ clash, server, serverVersion }: ConflictRow): RowNow {
  const version = parseVersion(serverVersion ?? '') ?? { incarnation: 0, xid: '0' };
  if (clash.state === 'row')
    return { state: 'row', row: { values: server ?? {}, version, stamps: {}, hlc: null } };
  return clash.state === 'tombstone' ? { state: 'tombstone', version, hlc: null } : { state: 'unknown' };
}

async function writeAtSource(
  at: Case,
  plan: { readonly now: RowNow; readonly resolution: Extract<Resolution, { kind: 'write' }> },
): Promise<DecisionResult> {
  const { work, item, row } = at;
  const planned = { work, item, now: plan.now, decision: plan.resolution };
  const [unfit] = await refusedLocals([planned]);
  if (unfit !== undefined) return refused(work.deps, row, unfit.message);
  const { left, rejected } = await writeAll([planned]);
  const [why] = rejected;
  if (why !== undefined)
    return refused(work.deps, row, `The source refuses it: ${why.message} (${why.code})`);
  // The row is locked, or moved again: the next try looks at it anew.
  if (left.length > 0)
    throw new SyncError('SOURCE_BUSY', { message: `The row of conflict ${row.id} is in use` });
  return { kind: 'applied' };
}

/** Decided again under the row's lock, and settled with it. */
async function inMirror(at: Case): Promise<DecisionResult> {
  const { work, item, row } = at;
  const { deps, context, id } = work;
  let result: DecisionResult = { kind: 'applied' };
  let why: string | null = null;
  await inUploadTransaction(deps.store, { name: id, signal: context.signal }, async (session) => {
    const now = await rowOf(work, item, { db: session.client, lock: 'row' });
    const resolution = await resolve(at, { db: session.client, now });
    if (resolution.kind === 'reject') why = resolution.message;
    else if (resolution.kind === 'reopen') result = await reopen(session, row, { now, resolution });
    else if (resolution.kind === 'write') await write(work, session, { item, now, decision: resolution });
    else {
      await recordUnwritten(work, session, [{ item, now, decision: resolution }]);
    }
    await settleAfterApply(work, session);
  }).catch((error: unknown) => {
    if (isRowError(error)) why = refusalText(error);
    else unlessSettled(error);
  });
  return why === null ? result : refused(deps, row, why);
}

async function reopen(
  session: LoadSession,
  row: ConflictRow,
  { now, resolution }: { readonly now: RowNow; readonly resolution: Extract<Resolution, { kind: 'reopen' }> },
): Promise<DecisionResult> {
  const { operation, clash, proposal } = resolution.conflict;
  await nextRound(session, {
    conflictId: row.id,
    round: row.round,
    operation,
    clash,
    proposal,
    draft: resolution.draft,
    row: now,
    version: versionOfRow(now),
  });
  return { kind: 'reopen', because: 'rowMoved', clash, proposed: Object.keys(proposal) };
}
