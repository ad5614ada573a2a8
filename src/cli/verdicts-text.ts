/** Verdicts of an upload as people read them, and as the exit code tells them. */
import { EXIT, type ExitCode } from '../domain/errors.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import type { MutationVerdict } from '../store/uploads.ts';
import { worstExit } from './output.ts';
import { table } from './table.ts';
import { counted, shortened } from './text.ts';

type VerdictLine = MutationVerdict & { readonly line?: number };

const MESSAGE_LENGTH = 100;

export function verdictsText(lines: readonly VerdictLine[]): string {
  const waiting = lines.flatMap(({ verdict }) => verdict?.conflictId ?? []);
  return [
    table(lines, [
      { head: 'line', of: ({ line }) => line, optional: true },
      { head: 'entity', of: ({ entity }) => entity },
      { head: 'row', of: ({ row }) => row },
      { head: 'verdict', of: ({ verdict }) => verdict?.status ?? 'undecided' },
      { head: 'version', of: ({ verdict }) => verdict?.version ?? '', optional: true },
      { head: 'why', of: ({ verdict }) => (verdict === null ? '' : why(verdict)), optional: true },
    ]),
    countsText(lines),
    ...(waiting.length === 0
      ? []
      : [`\`syncline conflicts show ${waiting[0]}\` shows what is to be decided.`]),
  ].join('\n');
}

function why({ status, code, message, clashing, conflictId, notices, policyIgnored }: StoredVerdict): string {
  const parts = [
    code,
    message === undefined ? undefined : shortened(message, MESSAGE_LENGTH),
    clashing === undefined ? undefined : `clashing: ${clashing.join(', ')}`,
    status === 'pending_approval' && conflictId !== undefined ? `conflict ${conflictId}` : undefined,
    policyIgnored === undefined ? undefined : `policy ${policyIgnored} is not for devices to choose`,
    ...(notices ?? []),
  ];
  return parts.filter((part) => part !== undefined && part !== '').join('; ');
}

function countsText(lines: readonly VerdictLine[]): string {
  const counts = new Map<string, number>();
  for (const { verdict } of lines) {
    const status = verdict?.status ?? 'undecided';
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  const each = [...counts].map(([status, n]) => `${n} ${status}`);
  return `${counted(lines.length, 'mutation')}: ${each.join(', ')}.`;
}

const EXITS: Readonly<Record<StoredVerdict['status'], ExitCode>> = {
  applied: EXIT.ok,
  merged: EXIT.ok,
  conflict: EXIT.failure,
  rejected: EXIT.failure,
  pending_approval: EXIT.conflicts,
};

export function verdictsExit(verdicts: readonly MutationVerdict[]): ExitCode {
  const exits = verdicts.map(({ verdict }) => (verdict === null ? EXIT.failure : EXITS[verdict.status]));
  return worstExit(exits);
}
