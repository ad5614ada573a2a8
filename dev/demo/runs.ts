/** Runs of all pipelines, side by side, with live progress. */
import { progressView } from '../../src/cli/progress.ts';
import { followRun, startRun } from '../../src/client.ts';
import type { RunMode, RunSummary } from '../../src/domain/run.ts';
import { readRuns } from '../../src/store/run-reports.ts';
import type { Stack } from '../stack.ts';

const SHOWN_EVERY_MS = 250;

/** `during` is what happens meanwhile. */
export async function runAll(
  { client, config, store }: Stack,
  mode: RunMode,
  during?: () => Promise<void>,
): Promise<RunSummary[]> {
  const started = await Promise.all(
    Object.keys(config.pipelines).map((pipeline) =>
      startRun(client, config, { pipeline, mode, requestedBy: 'demo' }),
    ),
  );
  const view = progressView();
  const timer = setInterval(() => {
    readRuns(store.pool, { running: true, limit: 10 })
      .then((runs) => view.show({ paused: false, entities: runs.flatMap((report) => report.entities) }))
      .catch(() => undefined);
  }, SHOWN_EVERY_MS);
  try {
    const [summaries] = await Promise.all([
      Promise.all(started.map((run) => followRun(client, run))),
      during?.(),
    ]);
    return summaries;
  } finally {
    clearInterval(timer);
    view.stop();
  }
}
