/**
 * One conflict that waits for a human, for weeks if need be: reminds, escalates, expires, and has a decision written
 * once somebody takes it. What happens is decided by domain/approval; conflict-steps.ts carries it out.
 */
import { allHandlersFinished, condition, continueAsNew, sleep, workflowInfo } from '@temporalio/workflow';
import { type ApprovalState, phaseOf } from '../domain/approval/approval.ts';
import { nextDeadline } from '../domain/approval/deadlines.ts';
import {
  type ConflictWork,
  showConflict,
  stateOf,
  takeConflictMessages,
  type Waiting,
} from './conflict-state.ts';
import { goOn, open, step } from './conflict-steps.ts';
import { applyReleased } from './upload-activities.ts';

const TIME_BOX_MS = 60_000;
/** What is behind the conflict may wait for others' mutations in turn. */
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 30_000;

export type ConflictInput = { readonly conflictId: string };
/** What an execution hands on to the next one. */
type Carried = {
  readonly state: ApprovalState;
  readonly step: number;
  readonly notes?: readonly string[];
};

export type ConflictEnd = { readonly outcome: 'applied' | 'withdrawn' | 'closed before' };

export async function resolveConflict(input: ConflictInput, carried?: Carried): Promise<ConflictEnd> {
  const { state = null, step: steps = 0, notes = [] } = carried ?? {};
  const work: ConflictWork = {
    ...{ input, state, step: steps, behind: false },
    ...{ inbox: [], notes: [...notes], telling: new Set<Promise<void>>() },
  };
  takeConflictMessages(work);
  const found = work.state === null ? await open(work) : 'open';
  showConflict(work);
  if (found === 'open') await goOn(work);
  for (let waitMs = FIRST_WAIT_MS; ; ) {
    if (workflowInfo().continueAsNewSuggested && (await quiet(work))) return goOnAsNew(work);
    if (phaseOf(stateOf(work)) !== 'closed' || work.inbox.length > 0) await untilNext(work);
    else if (work.behind) waitMs = await decideBehind(work, waitMs);
    // A handler in flight would fail at the end (C17), and may still bring a message that wants its answer.
    else if (await quiet(work)) break;
  }
  if (found === 'closed before') return { outcome: 'closed before' };
  return { outcome: stateOf(work).status === 'withdrawn' ? 'withdrawn' : 'applied' };
}

/**
 * Nothing may be awaited between this and the end of the execution: a message could come in that nobody answers.
 * @returns true when nobody is being answered, no message waits, and nothing is being told: an activity ends with the
 * execution that asked for it.
 */
async function quiet(work: ConflictWork): Promise<boolean> {
  const isQuiet = (): boolean => allHandlersFinished() && work.telling.size === 0;
  await condition(() => work.inbox.length > 0 || isQuiet());
  return work.inbox.length === 0 && isQuiet();
}

function goOnAsNew(work: ConflictWork): Promise<never> {
  const { input, step: steps, notes } = work;
  return continueAsNew<typeof resolveConflict>(input, { state: stateOf(work), step: steps, notes });
}

/** A message, or a deadline. */
async function untilNext(work: ConflictWork): Promise<void> {
  const deadline = nextDeadline(stateOf(work));
  const spoken = (): boolean => work.inbox.length > 0;
  if (deadline === null) await condition(spoken);
  else if (deadline.atMs > Date.now()) await condition(spoken, deadline.atMs - Date.now());
  const next = work.inbox.shift();
  if (next === undefined) await step(work, { kind: 'deadline' });
  else await answer(work, next);
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

/** Mutations that waited for its end. @returns how long the next call waits when those wait for others. */
async function decideBehind(work: ConflictWork, waitMs: number): Promise<number> {
  const { conflictId } = work.input;
  const { done, waiting } = await applyReleased.executeWithOptions(
    { summary: 'decide what waited behind it' },
    [{ conflictId, timeBoxMs: TIME_BOX_MS }],
  );
  work.behind = !done;
  if (done || !waiting) return FIRST_WAIT_MS;
  await sleep(waitMs, { summary: 'earlier mutations of the same rows are not decided yet' });
  return Math.min(waitMs * 2, MAX_WAIT_MS);
}
