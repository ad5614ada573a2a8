/** Values of the command line: checked here, so that a typo ends with what to write instead. */
import { SyncError } from '../domain/errors.ts';
import { parseInstant } from '../domain/instants.ts';

export function wholeNumber(text: string, option: string): number {
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw refused(option, text, 'a whole number from 1 on');
}

/** @returns a UTC instant with microseconds. */
export function instantArgument(text: string, option: string): string {
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  throw refused(option, text, 'an instant such as 2026-01-31T08:00:00Z');
}

function refused(option: string, text: string, wanted: string): SyncError {
  return new SyncError('CONFIG_UNKNOWN', {
    message: `${option} ${text} is not ${wanted}`,
    remedy: `Write ${option} with ${wanted}.`,
  });
}
