/** What `check` finds, one by one: each problem with what to do about it. */
import { ERRORS, EXIT, type ExitCode } from '../domain/errors.ts';
import { type Finding, findingOf } from '../domain/finding.ts';
import { storeError } from '../store/migrate.ts';
import { worstExit } from './output.ts';
import { settingsLines } from './settings-text.ts';

const MARK = { ok: '✓', advice: '·', degraded: '!', error: '✗' } as const;

/** An error of `work` is its finding. */
export async function tried(subject: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work();
  } catch (error) {
    return [findingOf(subject, storeError(error))];
  }
}

export function findingsText(findings: readonly Finding[]): string {
  const bad = findings.filter(({ level }) => level === 'error').length;
  const last = bad === 0 ? [] : [bad === 1 ? '1 problem' : `${bad} problems`];
  return [...findings.map(line), ...last].join('\n');
}

function line({ level, subject, message, details = {}, remedy, code }: Finding): string {
  const shown = code === undefined ? message : `${code}: ${message}`;
  // The message says the version.
  const { version: _, ...inForce } = details;
  const below = [...settingsLines(inForce), ...(remedy === undefined ? [] : [`→ ${remedy}`])];
  return [`${MARK[level]} ${subject}: ${shown}`, ...below.map((text) => `    ${text}`)].join('\n');
}

/** Advice and degraded modes are no failure: runs work, and say so themselves. */
export function findingsExit(findings: readonly Finding[]): ExitCode {
  return worstExit(
    findings.map(({ level, code }): ExitCode => {
      if (level !== 'error') return EXIT.ok;
      return code !== undefined && code in ERRORS ? ERRORS[code as keyof typeof ERRORS].exit : EXIT.failure;
    }),
  );
}
