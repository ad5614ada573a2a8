/** What a validator says of a row, put so that it names columns and rules and never a value. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { z } from 'zod';
import type { Reject, Severity } from './entity.ts';
import type { Row } from './row.ts';

export type Complaint = Pick<Reject, 'reason' | 'severity' | 'detail'>;

const SHOWN_ISSUES = 5;

export function complaintOf(issues: readonly StandardSchemaV1.Issue[], row: Row): Complaint {
  const said = issues.slice(0, SHOWN_ISSUES).map((issue) => describe(issue, row));
  if (issues.length > SHOWN_ISSUES) said.push(`and ${issues.length - SHOWN_ISSUES} more`);
  return { reason: 'VALIDATION', severity: worst(issues), detail: said.join('; ') || 'refused' };
}

/** An exception of a user's function: engines quote names of properties, users may quote values. */
export function describeThrown(error: unknown, row: Row): string {
  if (!(error instanceof Error)) return `threw a ${typeof error}`;
  const message = withoutValues(error.message, row);
  return message === '' ? `threw ${error.name}` : `threw ${error.name}: ${message}`;
}

function describe(issue: StandardSchemaV1.Issue, row: Row): string {
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  // Below the column there can be keys out of the data: parsed JSON, for example.
  const shown = path.map((part) =>
    typeof part === 'number' || Object.hasOwn(row, part) ? String(part) : '…',
  );
  const message = isZodsOwn(issue, row[String(path[0])]) ? issue.message : withoutValues(issue.message, row);
  return shown.length === 0 ? message : `${shown.join('.')}: ${message}`;
}

const english = z.locales.en().localeError;

/** Zod's own messages hold rules and names of types only; anybody may put a value into another message. */
function isZodsOwn(issue: StandardSchemaV1.Issue, input: unknown): boolean {
  if (!('code' in issue) || issue.code === 'custom') return false;
  try {
    const usual = english({ ...issue, input } as unknown as z.core.$ZodRawIssue);
    return (typeof usual === 'object' ? usual?.message : usual) === issue.message;
  } catch {
    return false;
  }
}

const QUOTED = /"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”/g;
/** Of a message; longer ones are cut. */
const MESSAGE_CHARS = 300;

/** Takes out what stands in quotes, and every word of the message that is a value of the row. */
function withoutValues(message: string, row: Row): string {
  const values = Object.values(row)
    .filter((value) => value !== null && typeof value !== 'boolean' && value !== '')
    .map(String)
    .sort((a, b) => b.length - a.length);
  let text = message;
  for (const value of values) {
    if (text.includes(value)) text = text.replaceAll(wholeWord(value), '…');
  }
  const clean = text.replace(QUOTED, '…');
  return clean.length > MESSAGE_CHARS ? `${clean.slice(0, MESSAGE_CHARS)}…` : clean;
}

/** Long values are found anywhere; short ones only where no word or number goes on, or every `1` would go. */
function wholeWord(value: string): RegExp {
  const literal = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return value.length > 3
    ? new RegExp(literal, 'g')
    : new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'gu');
}

const RANKS: Readonly<Record<Severity, number>> = { warning: 0, error: 1, critical: 2 };

/** Of all issues: zod's `params: { severity }`, or a `severity` of the issue itself; else 'error'. */
function worst(issues: readonly StandardSchemaV1.Issue[]): Severity {
  let found: Severity | null = null;
  for (const issue of issues) {
    const severity = severityOf(issue);
    if (found === null || RANKS[severity] > RANKS[found]) found = severity;
  }
  return found ?? 'error';
}

function severityOf(issue: StandardSchemaV1.Issue): Severity {
  const { severity, params } = issue as { severity?: unknown; params?: { severity?: unknown } | null };
  const said = severity ?? params?.severity;
  return typeof said === 'string' && Object.hasOwn(RANKS, said) ? (said as Severity) : 'error';
}
