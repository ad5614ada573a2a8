/** What `check` finds, one by one: each problem with what to do about it. */
import { ERRORS, EXIT, type ExitCode, isSyncError } from '../domain/errors.ts';
import { storeError } from '../store/migrate.ts';
import { worstExit } from './output.ts';
import { settingsLines } from './settings-text.ts';

export type Finding = {
  readonly subject: string;
  readonly level: 'ok' | 'advice' | 'degraded' | 'error';
  readonly message: string;
  /** The next thing to do: a command, a statement, or words. */
  readonly remedy?: string;
  /** Of an error, or of a degraded mode. */
  readonly code?: string;
  /** What is in force: settings, measured values. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
};

const MARK = { ok: '✓', advice: '·', degraded: '!', error: '✗' } as const;

/** An error of `work` is its finding. */
export async function tried(subject: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work();
  } catch (error) {
    return [failed(subject, error)];
  }
}

function failed(subject: string, error: unknown): Finding {
  const known = storeError(error);
  if (isSyncError(known)) {
    return { subject, level: 'error', message: known.message, remedy: known.remedy, code: known.code };
  }
  const message = error instanceof Error ? error.message || error.name : String(error);
  return { subject, level: 'error', message, remedy: ERRORS.INTERNAL.remedy, code: 'INTERNAL' };
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
