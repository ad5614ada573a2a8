/** Follows a run to its end: progress from the store, the end from Temporal. */
import { type Client, followRun, type RunHandle } from '../client.ts';
import { EXIT, type ExitCode } from '../domain/errors.ts';
import type { Store } from '../store/open.ts';
import { readRuns } from '../store/run-reports.ts';
import type { Output } from './output.ts';
import { type ProgressView, progressView } from './progress.ts';
import { summaryText } from './summary.ts';

const LOOK_EVERY_MS = 500;

type Watched = {
  readonly store: Store;
  readonly client: Client;
  readonly run: RunHandle;
  readonly output: Output;
};

export async function watchRun({ store, client, run, output }: Watched): Promise<ExitCode> {
  const view = progressView();
  const looking = setInterval(() => void look(store, run, view), LOOK_EVERY_MS);
  const interruption = untilInterrupted();
  try {
    const summary = await Promise.race([followRun(client, run), interruption.happened]);
    clearInterval(looking);
    if (summary !== 'interrupted') await look(store, run, view);
    view.stop();
    if (summary === 'interrupted') {
      output.note(`The run goes on. \`syncline status\` shows it; \`syncline cancel\` ends it.`);
      if (output.json) output.result({ ...run, status: 'RUNNING' }, () => '');
      return EXIT.interrupted;
    }
    output.result(summary, () => summaryText(summary));
    return summary.status === 'SUCCESS' || summary.status === 'YIELDED' ? EXIT.ok : EXIT.failure;
  } finally {
    clearInterval(looking);
    interruption.forget();
    view.stop();
  }
}

/** What cannot be read now is read the next time: the run does not depend on who watches it. */
async function look(store: Store, run: RunHandle, view: ProgressView): Promise<void> {
  const [report] = await readRuns(store.pool, { runId: run.runId, limit: 1 }).catch(() => []);
  if (report !== undefined) view.show({ paused: report.pausedAt !== null, entities: report.entities });
}

function untilInterrupted(): { happened: Promise<'interrupted'>; forget(): void } {
  let forget = (): void => undefined;
  const happened = new Promise<'interrupted'>((resolve) => {
    const interrupt = (): void => resolve('interrupted');
    process.once('SIGINT', interrupt);
    forget = () => void process.off('SIGINT', interrupt);
  });
  return { happened, forget };
}
