/** The steps of a conflict's workflow: where it begins, and what each event brings about. */
import { log } from '@temporalio/workflow';
import {
  type ApprovalEffect,
  type ApprovalEvent,
  type ApprovalState,
  phaseOf,
  type Refusal,
} from '../domain/approval/approval.ts';
import { openApproval, reduceApproval } from '../domain/approval/reduce-approval.ts';
import { type ConflictWork, showConflict, stateOf } from './conflict-state.ts';
import { failureNote } from './failure-note.ts';
import {
  applyDecision,
  closeConflict,
  readConflict,
  recordConflict,
  recordOpening,
  tellConflict,
} from './upload-activities.ts';

/** At its beginning, or where an execution that was lost left it. */
export async function open(work: ConflictWork): Promise<'open' | 'closed before'> {
  const { conflictId } = work.input;
  const start = await readConflict({ conflictId });
  const opened = openApproval(start, start.openedAtMs);
  work.step = start.approval?.step ?? 0;
  if (start.closed) {
    work.state = closed(start.approval?.state ?? opened.state);
    // It may have been started once more for what was let go.
    work.behind = true;
    return 'closed before';
  }
  work.state = start.approval?.state ?? opened.state;
  if (start.approval === null) await perform(work, opened.effects, recordOpening());
  return 'open';
}

/** Closed in the store: whatever the last step says, nobody decides it any more. */
function closed(state: ApprovalState): ApprovalState {
  return phaseOf(state) === 'closed' ? state : { ...state, status: 'applied' };
}

/** What an earlier execution began and this one does not know the end of. Doing it again is safe. */
export async function goOn(work: ConflictWork): Promise<void> {
  const { decided, status } = stateOf(work);
  const phase = phaseOf(stateOf(work));
  if (phase === 'applying' && decided !== null) await perform(work, [{ kind: 'apply', decided }]);
  if (phase !== 'closed') return;
  await perform(work, [{ kind: 'close', outcome: status === 'withdrawn' ? 'withdrawn' : 'applied' }]);
  work.behind = true;
}

export async function step(work: ConflictWork, event: ApprovalEvent): Promise<Refusal | null> {
  const { state, effects, refusal } = reduceApproval(stateOf(work), event, Date.now());
  if (refusal !== null) return refusal;
  work.state = state;
  showConflict(work);
  await perform(work, effects);
  return null;
}

type Recorder = ReturnType<typeof recordOpening>;

async function perform(
  work: ConflictWork,
  effects: readonly ApprovalEffect[],
  recorder: Recorder = recordConflict,
): Promise<void> {
  await record(
    work,
    effects.filter(({ kind }) => kind === 'record' || kind === 'notify'),
    recorder,
  );
  for (const effect of effects) {
    if (effect.kind === 'apply') await write(work, effect);
    if (effect.kind === 'close') await close(work, effect.outcome);
  }
  showConflict(work);
}

/** Where it stands is in the store before anything follows from it. */
async function record(
  work: ConflictWork,
  effects: readonly ApprovalEffect[],
  recorder: Recorder,
): Promise<void> {
  if (effects.length === 0) return;
  const { conflictId } = work.input;
  work.step += 1;
  const { tell } = await recorder.executeWithOptions({ summary: effects.map(whatOf).join(', ') }, [
    { conflictId, step: work.step, state: stateOf(work), effects },
  ]);
  if (tell) startTelling(work);
}

/** Whoever cannot be told now is told by the sweep later: nothing waits for a mail server. */
function startTelling(work: ConflictWork): void {
  const { conflictId } = work.input;
  const telling: Promise<void> = tellConflict({ conflictId })
    .catch((error: unknown) => {
      log.warn('not everybody could be told', { conflictId, problem: failureNote(error).message });
    })
    .finally(() => work.telling.delete(telling));
  work.telling.add(telling);
}

function whatOf(effect: ApprovalEffect): string {
  if (effect.kind === 'record') return effect.what;
  return effect.kind === 'notify' ? `tell of ${effect.about}` : effect.kind;
}

async function write(
  work: ConflictWork,
  { decided }: Extract<ApprovalEffect, { kind: 'apply' }>,
): Promise<void> {
  const { conflictId } = work.input;
  const { round } = stateOf(work);
  const result = await applyDecision
    .executeWithOptions({ summary: `write the decision of round ${round}` }, [{ conflictId, decided }])
    .catch((error: unknown) => refusedWrite(work, error));
  await step(work, result.kind === 'applied' ? { kind: 'applied', round } : { ...result, round });
}

/** What cannot be written, now and later, goes back to people. */
function refusedWrite(work: ConflictWork, error: unknown): Extract<ApprovalEvent, { kind: 'reopen' }> {
  const { conflict, round } = stateOf(work);
  const { message } = failureNote(error);
  const { clash, proposed } = conflict;
  return { kind: 'reopen', round, because: 'refused', clash, proposed, message };
}

/** The hold ends; what was behind it is decided when nobody waits for an answer any more. */
async function close(work: ConflictWork, outcome: 'applied' | 'withdrawn'): Promise<void> {
  const { conflictId } = work.input;
  const by = stateOf(work).decided?.by?.name ?? null;
  const { released } = await closeConflict({ conflictId, outcome, by });
  if (released > 0) work.behind = true;
}
