/** What a check of something finds, one by one: each problem with what to do about it. */
import { ERRORS, isSyncError } from './errors.ts';

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

export function findingOf(subject: string, error: unknown): Finding {
  if (isSyncError(error)) {
    return { subject, level: 'error', message: error.message, remedy: error.remedy, code: error.code };
  }
  const message = error instanceof Error ? error.message || error.name : String(error);
  return { subject, level: 'error', message, remedy: ERRORS.INTERNAL.remedy, code: 'INTERNAL' };
}

/** Watermarks come from the source's clock alone, so a wrong clock loses nothing; people compare times, though. */
const CLOCK_WARN_MS = 5_000;
const MS_PER_SECOND = 1_000;

export function clockFindings(subject: string, offsetMs: number): Finding[] {
  if (Math.abs(offsetMs) <= CLOCK_WARN_MS) return [];
  const seconds = Math.round(Math.abs(offsetMs) / MS_PER_SECOND);
  return [
    {
      subject,
      level: 'advice',
      message: `its clock is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} this machine’s`,
      remedy:
        'No row is lost by it, as watermarks use the source’s clock alone; times in reports differ. Set the clocks by NTP.',
    },
  ];
}
