/**
 * Lanes that call a time-boxed activity until the store says that nothing is left. The boxes grow, so that progress
 * shows early and histories stay short.
 */
import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { SliceResult } from '../activities/contract.ts';
import type { Progress } from '../domain/run.ts';

const TIME_BOXES_MS = [2_000, 5_000, 10_000, 30_000, 60_000] as const;
const LONGEST_TIME_BOX_MS = 300_000;
/** Before a lane asks again that could do nothing: another one holds what is left, or somebody paused the run's row. */
const IDLE_MS = 2_000;

export type Gate = {
  /** Slices already done in an earlier execution. */
  readonly slices: number;
  /** Is it time for a new history? */
  isFull(): boolean;
  isPaused(): boolean;
  /** Resolves when the run is not paused. */
  pass(): Promise<void>;
  report(progress: Progress, slices: number): void;
};

/** 'history full': between two slices, with nothing under way, and not done. */
export type LanesEnd = 'done' | 'history full';

type Slice = (lane: number, timeBoxMs: number) => Promise<SliceResult>;

/** The first lane's error ends all lanes: when this rejects, none of them is at work any more. */
export async function copyInSlices(gate: Gate, lanes: number, copy: Slice): Promise<LanesEnd> {
  const scope = new CancellationScope();
  const ends = await scope.run(() =>
    Promise.all(
      Array.from({ length: Math.max(1, lanes) }, (_, lane) =>
        runLane(gate, (timeBoxMs) => copy(lane + 1, timeBoxMs)).then(
          (end) => ({ end }),
          (error: unknown) => {
            scope.cancel();
            return { error };
          },
        ),
      ),
    ),
  );
  // Of several errors the first that is not the cancellation of the others says what happened.
  const errors = ends.flatMap((lane) => ('error' in lane ? [lane.error] : []));
  if (errors.length > 0) throw errors.find((error) => !isCancellation(error)) ?? errors[0];
  return ends.some((lane) => 'end' in lane && lane.end === 'history full') ? 'history full' : 'done';
}

async function runLane(gate: Gate, copy: (timeBoxMs: number) => Promise<SliceResult>): Promise<LanesEnd> {
  let rowsBefore = -1;
  for (let slices = gate.slices; ; slices++) {
    await gate.pass();
    if (gate.isFull()) return 'history full';
    const slice = await copy(TIME_BOXES_MS[slices] ?? LONGEST_TIME_BOX_MS);
    gate.report(slice.progress, slices + 1);
    if (slice.done) return 'done';
    const idle = slice.paused ? !gate.isPaused() : slice.progress.rowsDone === rowsBefore;
    if (idle) await sleep(IDLE_MS, { summary: slice.paused ? 'paused in the store' : 'nothing to claim' });
    rowsBefore = slice.progress.rowsDone;
  }
}
