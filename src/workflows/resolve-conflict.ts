/**
 * One conflict that waits for a human, for weeks if need be: reminds, escalates, expires, and has a decision written
 * once somebody takes it. What happens is decided by domain/approval; this carries it out.
 */
import { allHandlersFinished, condition, continueAsNew, log, workflowInfo } from '@temporalio/workflow';
import {
  type ApprovalEffect,
  type ApprovalEvent,
  type ApprovalState,
  phaseOf,
  type Refusal,
} from '../domain/approval/approval.ts';
import { nextDeadline } from '../domain/approval/deadlines.ts';
import { titleOfConflict } from '../domain/approval/describe-conflict.ts';
import { openApproval, reduceApproval } from '../domain/approval/reduce-approval.ts';
import { type ConflictWork, showConflict, takeConflictMessages, type Waiting } from './conflict-state.ts';
import { failureNote } from './failure-note.ts';
import {
  applyDecision,
  applyReleased,
  closeConflict,
  readConflict,
  tellConflict,
} from './upload-activities.ts';

const TIME_BOX_MS = 60_000;

export type ConflictInput = { readonly conflictId: string };
export type ConflictEnd = { readonly outcome: 'applied' | 'withdrawn' | 'closed before' };

export async function resolveConflict(
  input: ConflictInput,
  carried?: { readonly state: ApprovalState },
): Promise<ConflictEnd> {
  const work: ConflictWork = { input, state: carried?.state ?? null, inbox: [], notes: [] };
  takeConflictMessages(work);
  if (work.state === null && !(await open(work))) return { outcome: 'closed before' };
  await goOn(work);
  for (;;) {
    const state = stateOf(work);
    if (phaseOf(state) === 'closed' && work.inbox.length === 0) break;
    if (workflowInfo().continueAsNewSuggested && work.inbox.length === 0) {
      await condition(allHandlersFinished);
      if (work.inbox.length === 0)
        return continueAsNew<typeof resolveConflict>(input, { state: stateOf(work) });
    }
    await untilSomething(work, state);
    const next = work.inbox.shift();
    if (next === undefined) await step(work, { kind: 'deadline' });
    else await answer(work, next);
  }
  // An update in flight would fail at the end (C17).
  await condition(allHandlersFinished);
  const { status } = stateOf(work);
  return { outcome: status === 'withdrawn' ? 'withdrawn' : 'applied' };
}

/** @returns false when it is closed already: its workflow was started once more. */
async function open(work: ConflictWork): Promise<boolean> {
  const start = await readConflict({ conflictId: work.input.conflictId });
  if (start.closed) return false;
  const opened = openApproval(start, start.openedAtMs);
  work.state = { ...opened.state, round: start.round };
  await perform(work, opened.effects);
  return true;
}

/** A decision that was taken before this execution began, and is not written yet. */
async function goOn(work: ConflictWork): Promise<void> {
  const { decided } = stateOf(work);
  showConflict(work);
  if (phaseOf(stateOf(work)) === 'applying' && decided !== null) {
    await perform(work, [{ kind: 'apply', decided }]);
  }
}

async function untilSomething(work: ConflictWork, state: ApprovalState): Promise<void> {
  const deadline = nextDeadline(state);
  const spoken = (): boolean => work.inbox.length > 0;
  if (deadline === null) await condition(spoken);
  else if (deadline.atMs > Date.now()) await condition(spoken, deadline.atMs - Date.now());
}

async function answer(work: ConflictWork, { event, reply }: Waiting): Promise<void> {
  try {
    const refused = await step(work, event);
    if (refused === null) reply.done();
    else reply.refused(refused);
  } catch (error) {
    reply.failed(error);
    throw error;
  }
}

async function step(work: ConflictWork, event: ApprovalEvent): Promise<Refusal | null> {
  const { state, effects, refusal } = reduceApproval(stateOf(work), event, Date.now());
  if (refusal !== null) return refusal;
  work.state = state;
  showConflict(work);
  await perform(work, effects);
  return null;
}

async function perform(work: ConflictWork, effects: readonly ApprovalEffect[]): Promise<void> {
  await tell(
    work,
    effects.filter(({ kind }) => kind === 'record' || kind === 'notify'),
  );
  for (const effect of effects) {
    if (effect.kind === 'apply') await write(work, effect);
    if (effect.kind === 'close') await close(work, effect.outcome);
  }
  showConflict(work);
}

/** Whoever cannot be told hears of it by the task list: nothing waits for a mail server. */
async function tell(work: ConflictWork, effects: readonly ApprovalEffect[]): Promise<void> {
  if (effects.length === 0) return;
  const { conflictId } = work.input;
  const state = stateOf(work);
  try {
    await tellConflict.executeWithOptions({ summary: effects.map((effect) => whatOf(effect)).join(', ') }, [
      { conflictId, title: titleOfConflict(state), assignedTo: state.assignedTo, effects },
    ]);
  } catch (error) {
    log.warn('nobody could be told', { conflictId, problem: failureNote(error).message });
  }
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

async function close(work: ConflictWork, outcome: 'applied' | 'withdrawn'): Promise<void> {
  const { conflictId } = work.input;
  const by = stateOf(work).decided?.by?.name ?? null;
  const { released } = await closeConflict({ conflictId, outcome, by });
  for (let done = released === 0; !done; ) {
    ({ done } = await applyReleased.executeWithOptions({ summary: 'decide what waited behind it' }, [
      { conflictId, timeBoxMs: TIME_BOX_MS },
    ]));
  }
}

function stateOf(work: ConflictWork): ApprovalState {
  if (work.state === null) throw new Error('The conflict has not been read yet');
  return work.state;
}
