/** One poller a run for all who follow it: however many they are, the store is asked once. */
import { isSyncError, type SyncError } from '../../domain/errors.ts';
import { findRun } from '../../service/runs.ts';
import type { RunReport } from '../../store/run-reports.ts';
import type { GatewayDeps } from '../deps.ts';

const EVERY_MS = 500;
/** Of a run that no worker has opened Temporal is asked, whose list is a second behind. */
const WAITING_MS = 1_500;
/** After an error of store or Temporal, which may be back then. */
const PAUSE_MS = 2_000;

export type RunHearer = {
  /** The run as it is: at once, then whenever it has changed. Must not throw. */
  readonly changed: (run: RunReport) => void;
  /** It cannot be followed any more. */
  readonly lost: (error: SyncError) => void;
};

type Watched = { run: RunReport | null; text: string; readonly hearers: Set<RunHearer> };

const watches = new WeakMap<GatewayDeps, Map<string, Watched>>();

/** @returns what ends it. */
export function followRun(deps: GatewayDeps, runId: string, hearer: RunHearer): () => void {
  const all = watches.get(deps) ?? new Map<string, Watched>();
  watches.set(deps, all);
  const known = all.get(runId);
  const watched = known ?? { run: null, text: '', hearers: new Set() };
  watched.hearers.add(hearer);
  if (watched.run !== null) hearer.changed(watched.run);
  if (known === undefined) {
    all.set(runId, watched);
    void poll(deps, { runId, all, watched });
  }
  return () => void watched.hearers.delete(hearer);
}

/** Until nobody listens, or the run is over. */
async function poll(
  deps: GatewayDeps,
  { runId, all, watched }: { runId: string; all: Map<string, Watched>; watched: Watched },
): Promise<void> {
  while (watched.hearers.size > 0) {
    const pauseMs = await look(deps, runId, watched);
    if (pauseMs === null) break;
    await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
  }
  all.delete(runId);
}

/** @returns how long to wait before the next look; null: there is nothing more to see. */
async function look(deps: GatewayDeps, runId: string, watched: Watched): Promise<number | null> {
  try {
    const run = await findRun(deps, runId);
    const text = JSON.stringify({ ...run, seconds: 0 });
    if (text !== watched.text) {
      watched.text = text;
      watched.run = run;
      for (const hearer of [...watched.hearers]) hearer.changed(run);
    }
    if (isOver(run)) return null;
    return run.status === 'WAITING' ? WAITING_MS : EVERY_MS;
  } catch (error) {
    if (!isSyncError(error) || error.retryable) {
      deps.logger.warn({ err: error, runId }, 'a run that is followed was not read');
      return PAUSE_MS;
    }
    for (const hearer of [...watched.hearers]) hearer.lost(error);
    return null;
  }
}

export function isOver({ status }: Pick<RunReport, 'status'>): boolean {
  return status !== 'RUNNING' && status !== 'WAITING';
}
