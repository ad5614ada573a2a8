/** `status` for people: what runs, how fresh each mirror is, and what holds anything back, each with what to do. */

import type { EntityStatus, Status, TemporalStatus } from '../service/status.ts';
import { idleText } from '../service/temporal-view.ts';
import type { FeedLag, RunReport, SourceStateReport } from '../store/run-reports.ts';
import { progressText } from './progress.ts';
import { failureText } from './summary.ts';
import { table } from './table.ts';
import { counted, duration, moment } from './text.ts';

/** Shorter than any load of ours: below it, the feed is as good as current. */
const LAG_WORTH_TELLING_SECONDS = 5;

export function statusText(status: Status): string {
  const { running, entities, sources, feedLag, temporal } = status;
  return [
    ...(running.length === 0 ? ['No run is under way.'] : running.map(runText)),
    ...waitingLines(temporal),
    ...(entities.length === 0 ? [] : ['', entityTable(entities)]),
    ...alarms([
      ...entities.flatMap(failureLines),
      ...degradedLines(entities),
      ...sources.map(sourceText),
      ...lagLines(feedLag),
      ...temporalLines(temporal),
    ]),
  ].join('\n');
}

function alarms(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ...lines.map((line) => `! ${line}`)];
}

function runText(run: RunReport): string {
  const paused = run.pausedAt !== null;
  const state = paused ? `paused by ${run.pausedBy} at ${moment(run.pausedAt ?? '')} UTC` : 'at work';
  const head = `${run.pipeline} ${run.mode}, ${state}, for ${duration(run.seconds)} (run ${run.runId})`;
  const entities = run.entities.map((at) => `  ${at.entity}: ${progressText(at, { paused })}`);
  const next = paused ? [`  → \`syncline resume ${run.pipeline}\` lets it go on.`] : [];
  return [head, ...entities, ...next].join('\n');
}

function waitingLines(temporal: TemporalStatus): string[] {
  if (!temporal.answers) return [];
  return temporal.waiting.map(
    ({ pipeline, mode, startedAt, workflowId }) =>
      `${pipeline} ${mode}, waits for its turn since ${moment(startedAt)} UTC (${workflowId})`,
  );
}

function entityTable(entities: readonly EntityStatus[]): string {
  return table(entities, [
    { head: 'entity', of: (at) => at.entity },
    { head: 'pipeline', of: (at) => at.pipeline },
    { head: 'fresh up to (UTC)', of: (at) => (at.watermark === null ? null : moment(at.watermark)) },
    { head: 'age', of: (at) => (at.ageSeconds === null ? null : duration(at.ageSeconds)) },
    { head: 'last run', of: (at) => (at.lastRun === null ? 'never' : at.lastRun.status) },
    { head: 'quarantined', of: (at) => at.quarantined, optional: true },
    { head: 'to read again', of: (at) => at.waitingForRefresh, optional: true },
    { head: '', of: (at) => (at.needsFull ? 'next run is full' : ''), optional: true },
  ]);
}

function failureLines({ entity, lastRun }: EntityStatus): string[] {
  return lastRun === null || lastRun.error === null ? [] : [failureText(entity, lastRun.error)];
}

/** What a source forces on all of its entities is said once. */
function degradedLines(entities: readonly EntityStatus[]): string[] {
  const byMode = new Map<string, string[]>();
  for (const { entity, degraded } of entities) {
    for (const { code, message } of degraded) {
      const mode = `${code}: ${message}`;
      byMode.set(mode, [...(byMode.get(mode) ?? []), entity]);
    }
  }
  return [...byMode].map(([mode, names]) => `${names.join(', ')}: ${mode}`);
}

function sourceText({ source, failures, openUntil, lastError }: SourceStateReport): string {
  const open = openUntil === null ? '' : `; left alone until ${moment(openUntil)} UTC`;
  if (lastError?.code === 'SOURCE_AUTH') {
    const next = openUntil === null ? '; the next run tries it once' : open;
    return `source ${source}: its login was refused${next}: ${lastError.message}\n  → ${lastError.remedy ?? '`syncline check` tests the connection.'}`;
  }
  const why = lastError === null ? '' : `: ${lastError.message}`;
  return `source ${source}: ${counted(failures, 'failure')} in a row${open}${why}\n  → \`syncline check\` tests the connection.`;
}

/** C6: until it ends, nobody may read the mirrors' changes past it. */
function lagLines({ seconds, pid, application }: FeedLag): string[] {
  if (seconds < LAG_WORTH_TELLING_SECONDS) return [];
  const held = `the feed is held back for ${duration(seconds)}`;
  if (pid === null) {
    const name = application?.replace(/^prepared transaction /, '') ?? '';
    return [`${held} by ${application}\n  → COMMIT PREPARED '${name}' or ROLLBACK PREPARED '${name}'`];
  }
  const who = application ? ` (${application})` : '';
  return [
    `${held} by process ${pid}${who} of the store’s server, in a transaction\n  → Let it end, or: SELECT pg_terminate_backend(${pid});`,
  ];
}

function temporalLines(temporal: TemporalStatus): string[] {
  if (!temporal.answers)
    return [`${temporal.message}\n  → Runs wait until it does. \`syncline check\` tests it.`];
  const { queuesWithoutWorker: idle } = temporal;
  return idle.length === 0 ? [] : [idleText(idle)];
}
