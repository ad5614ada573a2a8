/** `syncline status`: what runs now, how fresh each entity is, and what holds anything back. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import {
  type RunReport,
  readCheckpoints,
  readFeedLag,
  readRuns,
  readSourceStates,
} from '../../store/run-reports.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { count, table } from '../output.ts';

export function statusCommand(register: Register): Command {
  const command = new Command('status').description(
    'what runs, how fresh the mirrors are, and what holds them back',
  );
  return register(command, (options, output) =>
    withContext(options, async (context) => {
      const db = (await context.store()).pool;
      const status = {
        running: await readRuns(db, { running: true, limit: 100 }),
        entities: await readCheckpoints(db),
        sources: await readSourceStates(db),
        feedLag: await readFeedLag(db),
      };
      output.result(status, () => statusText(status));
      return EXIT.ok;
    }),
  );
}

type Status = {
  running: RunReport[];
  entities: Awaited<ReturnType<typeof readCheckpoints>>;
  sources: Awaited<ReturnType<typeof readSourceStates>>;
  feedLag: Awaited<ReturnType<typeof readFeedLag>>;
};

function statusText(status: Status): string {
  const parts = status.running.flatMap((run) => [runLine(run), ...run.entities.flatMap(degradedLines)]);
  if (parts.length === 0) parts.push('No run is under way.');
  if (status.entities.length > 0) {
    parts.push(
      table(
        ['entity', 'pipeline', 'fresh up to', 'quarantined', 'to refresh', ''],
        status.entities.map((at) => [
          at.entity,
          at.pipeline,
          at.watermark,
          at.quarantined,
          at.waitingForRefresh,
          at.needsFull ? 'needs a full run' : '',
        ]),
      ),
    );
  }
  for (const source of status.sources) {
    const open = source.openUntil === null ? '' : `, left alone until ${source.openUntil}`;
    parts.push(
      `Source ${source.source}: ${source.failures} failures in a row${open}: ${source.lastError?.message ?? ''}`,
    );
  }
  const { pid, seconds, application } = status.feedLag;
  if (pid !== null && seconds > 1) {
    parts.push(
      `The feed waits for process ${pid} (${application || 'no name'}), in a transaction for ${seconds} s.`,
    );
  }
  return parts.join('\n');
}

function runLine(run: RunReport): string {
  const done = run.entities.reduce((sum, entity) => sum + entity.rowsDone, 0);
  const paused = run.pausedAt === null ? '' : `, paused by ${run.pausedBy}`;
  return `${run.pipeline} ${run.mode} (${run.workflowId}): ${count(done)} rows in ${Math.round(run.seconds)} s${paused}`;
}

function degradedLines(entity: RunReport['entities'][number]): string[] {
  return entity.degraded.map((mode) => `  ${entity.entity} degraded: ${mode.message} (${mode.code})`);
}
