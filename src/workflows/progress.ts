/** Sums of a run's progress, and the Markdown that the Temporal UI shows as current details. Pure. */
import type { RunSummary } from '../domain/run.ts';
import type { EntityProgress, LiveStatus, RunProgress } from './messages.ts';

export function runProgress(
  status: LiveStatus,
  entities: readonly EntityProgress[],
  summary: RunSummary | null = null,
): RunProgress {
  const rowsDone = sum(entities, (at) => at.rowsDone);
  // An estimate below what is done already was wrong; it counts as reached.
  const rowsEstimated = sum(entities, (at) => Math.max(at.rowsEstimated, at.rowsDone));
  const active = entities.filter((at) => at.status === 'RUNNING');
  const rowsPerSecond = sum(active, (at) => at.rowsPerSecond);
  return {
    status,
    rowsDone,
    rowsEstimated,
    rowsPerSecond,
    secondsLeft: secondsLeft({ status, left: rowsEstimated - rowsDone, rowsPerSecond }),
    entities,
    summary,
  };
}

function secondsLeft(at: { status: LiveStatus; left: number; rowsPerSecond: number }): number | null {
  if (at.status !== 'RUNNING') return at.status === 'PAUSED' || at.status === 'CANCELLING' ? null : 0;
  return at.rowsPerSecond > 0 ? Math.ceil(at.left / at.rowsPerSecond) : null;
}

/** `notes`: who paused, what was refused, what failed; newest last. */
export function progressMarkdown(progress: RunProgress, notes: readonly string[] = []): string {
  const head = [
    `**${progress.status}**`,
    `${count(progress.rowsDone)} of about ${count(progress.rowsEstimated)} rows`,
    ...(progress.rowsPerSecond > 0 ? [`${count(progress.rowsPerSecond)} rows/s`] : []),
    ...(progress.status === 'RUNNING' && progress.secondsLeft !== null
      ? [`${duration(progress.secondsLeft)} left`]
      : []),
  ].join(' · ');
  const rows = progress.entities.map(
    (at) =>
      `| ${cell(at.entity)} | ${at.mode} | ${at.status} | ${at.stage} | ${count(at.rowsDone)} | ${count(
        Math.max(at.rowsEstimated, at.rowsDone),
      )} | ${count(at.rowsPerSecond)} |`,
  );
  const table = [
    '| entity | mode | status | stage | rows | of about | rows/s |',
    '|---|---|---|---|--:|--:|--:|',
    ...rows,
  ];
  return [head, '', ...(rows.length > 0 ? [...table, ''] : []), ...notes.map((note) => `- ${line(note)}`)]
    .join('\n')
    .trimEnd();
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** 1234567 → 1,234,567. Not toLocaleString: workflow code must not depend on a worker's locale data. */
function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function cell(text: string): string {
  return line(text).replaceAll('|', '\\|');
}

function line(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
