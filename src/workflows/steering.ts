/** Pause, resume, cancel: what people tell a run, written into its row, where every claim of a chunk reads it. */
import { ApplicationFailure, CancellationScope, log, setHandler } from '@temporalio/workflow';
import { failureNote } from './failure-note.ts';
import {
  entityProgressSignal,
  type LiveStatus,
  parseEntityProgress,
  parseSteering,
  progressQuery,
  STEERING_ACTIONS,
  type Steering,
  type SteeringAction,
  steeringSignals,
  steeringUpdates,
} from './messages.ts';
import { steerRun } from './retry.ts';
import { liveStatus, note, noteEntity, progressOf, type RunWork, statusChanged } from './run-state.ts';

const DESCRIPTIONS: Readonly<Record<SteeringAction, string>> = {
  pause:
    'Stops the run between two pieces, within seconds, and keeps its place: {"by": "name", "note": "why"}',
  resume: 'Lets a paused run go on: {"by": "name"}',
  cancel: 'Ends the run; what is loaded stays, the checkpoint does not move: {"by": "name", "note": "why"}',
};

export function takeMessages(work: RunWork): void {
  setHandler(progressQuery, () => progressOf(work), {
    description: 'Rows done and estimated, rows/s, time left',
  });
  for (const action of STEERING_ACTIONS) {
    const description = DESCRIPTIONS[action];
    setHandler(steeringUpdates[action], (input) => steer(work, action, understood(input)), {
      description,
      // Synchronous: an async validator would never refuse anything.
      validator: (input) => {
        understood(input);
      },
    });
    setHandler(steeringSignals[action], (input) => takeSignal(work, action, input), { description });
  }
  setHandler(entityProgressSignal, (input) => {
    const progress = parseEntityProgress(input);
    const known = progress === null ? undefined : work.entities[progress.entity];
    // A word that comes after the entity's end is old.
    if (progress !== null && known !== undefined && known.stage !== 'ended') noteEntity(work, progress);
  });
}

/** Once the run is being cancelled, no claim may begin: the row is told, whoever asked for it. */
export function stopClaimsOnCancel(work: RunWork): void {
  work.stopped = work.scope.cancelRequested.catch(async () => {
    statusChanged(work);
    if (work.opened?.outcome !== 'opened') return;
    await inStore(work, 'cancel', work.cancelledBy ?? 'Temporal').catch((error: unknown) => {
      log.warn('the store does not know of the cancellation yet', {
        correlationId: work.runId,
        problem: failureNote(error).message,
      });
    });
  });
}

/** Writes a pause that came before the run was open. Without the store's word, no entity starts before `resume` either. */
export async function catchUpSteering(work: RunWork): Promise<void> {
  if (work.pausedBy === null || work.opened?.outcome !== 'opened') return;
  await inStore(work, 'pause', work.pausedBy).catch((error: unknown) => {
    refuse(work, `the store does not know of the pause: ${failureNote(error).message}`);
  });
}

async function steer(work: RunWork, action: SteeringAction, steering: Steering): Promise<LiveStatus> {
  const turn = work.steering.then(() => carryOut(work, action, steering));
  work.steering = turn.catch(() => undefined);
  await turn;
  return liveStatus(work);
}

async function carryOut(work: RunWork, action: SteeringAction, steering: Steering): Promise<void> {
  if (work.summary !== null || work.scope.consideredCancelled) return;
  const said = `${action} by ${steering.by}${steering.note === undefined ? '' : `: ${steering.note}`}`;
  if (action === 'cancel') {
    work.cancelledBy = steering.by;
    note(work, said);
    work.scope.cancel();
    return;
  }
  const pausedBy = action === 'pause' ? steering.by : null;
  if ((work.pausedBy === null) === (pausedBy === null)) return;
  // The store first: when it cannot be told, nothing has changed and the one who asked hears so.
  if (work.opened?.outcome === 'opened') await inStore(work, action, steering.by);
  work.pausedBy = pausedBy;
  note(work, said);
  statusChanged(work);
  for (const child of Object.values(work.children)) tell(child, action);
}

/** A child that has just ended cannot be told, and need not be. */
export function tell(child: RunWork['children'][string], action: 'pause' | 'resume'): void {
  child.signal(steeringSignals[action], { by: 'its run' }).catch(() => undefined);
}

function inStore(work: RunWork, action: SteeringAction, by: string): Promise<void> {
  return CancellationScope.nonCancellable(() =>
    steerRun.executeWithOptions({ summary: `${action} by ${by}` }, [{ runId: work.runId, action, by }]),
  );
}

async function takeSignal(work: RunWork, action: SteeringAction, input: unknown): Promise<void> {
  const steering = parseSteering(input);
  if (typeof steering === 'string') return refuse(work, `a signal \`${action}\` was ignored: ${steering}`);
  try {
    await steer(work, action, steering);
  } catch (error) {
    // Nobody waits for a signal's answer, and throwing would fail the run.
    refuse(work, `${action} by ${steering.by} failed: ${failureNote(error).message}`);
  }
}

function refuse(work: RunWork, text: string): void {
  log.warn(text, { correlationId: work.runId });
  note(work, text);
}

function understood(input: unknown): Steering {
  const steering = parseSteering(input);
  if (typeof steering !== 'string') return steering;
  throw ApplicationFailure.nonRetryable(`The message was not understood: ${steering}`, 'CONFIG_INVALID', {
    remedy: 'Send {"by": "your name"}, or nothing at all.',
  });
}
