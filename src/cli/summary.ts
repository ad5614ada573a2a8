/** How a run ended, for people: what was done, what went wrong, and what to do about it. */
import { ERRORS, type ErrorCode } from '../domain/errors.ts';
import type { EntitySummary, FailureNote, RunSummary } from '../domain/run.ts';
import { table } from './table.ts';
import { counted } from './text.ts';

export function summaryText(summary: RunSummary): string {
  if (summary.status === 'YIELDED')
    return `Nothing done: run ${summary.yieldedTo} of ${summary.pipeline} is at work. \`syncline status\` shows it.`;
  const head = `${summary.status}: ${counted(summary.counts.fetched, 'row')} fetched`;
  if (summary.entities.length === 0) return head;
  const rows = table(summary.entities, [
    { head: 'entity', of: (at) => at.entity },
    { head: 'mode', of: (at) => at.mode },
    { head: 'status', of: (at) => at.status },
    { head: 'fetched', of: (at) => at.counts.fetched },
    { head: 'inserted', of: (at) => at.counts.inserted },
    { head: 'updated', of: (at) => at.counts.updated },
    { head: 'unchanged', of: (at) => at.counts.unchanged },
    { head: 'tombstoned', of: (at) => at.counts.tombstoned, optional: true },
    { head: 'skipped', of: (at) => at.counts.skipped, optional: true },
    { head: 'quarantined', of: (at) => at.counts.quarantined, optional: true },
    { head: 'late', of: (at) => at.counts.lateRows, optional: true },
  ]);
  return [head, rows, ...summary.entities.flatMap(adviceLines)].join('\n');
}

function adviceLines({ entity, error, counts }: EntitySummary): string[] {
  return [
    ...(error === undefined ? [] : [failureText(entity, error)]),
    ...(counts.quarantined > 0
      ? [
          `${entity}: ${counted(counts.quarantined, 'row')} set aside\n  → \`syncline quarantine list --entity ${entity}\` shows why.`,
        ]
      : []),
    ...(counts.skipped > 0
      ? [
          `${entity}: ${counted(counts.skipped, 'duplicate')} left out\n  → \`syncline skipped ${entity}\` lists them.`,
        ]
      : []),
  ];
}

/** `what: CODE: message`, then the next thing to do. */
export function failureText(what: string, { code, message, remedy }: FailureNote): string {
  const next = remedy ?? (Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].remedy : null);
  return `${what}: ${code}: ${message}${next === null ? '' : `\n  → ${next}`}`;
}
