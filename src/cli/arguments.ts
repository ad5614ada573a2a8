/** Values of the command line: checked here, so that a typo ends with what to write instead. */
import { SyncError } from '../domain/errors.ts';
import { parseInstant } from '../domain/instants.ts';
import type { RunMode } from '../domain/run.ts';

const MAX_PORT = 65_535;

export function wholeNumber(text: string, option: string): number {
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw refused(option, text, 'a whole number from 1 on');
}

const MAX_DAYS = 3_650;

/** 0 is all that is there. */
export function daysArgument(text: string, option: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (days <= MAX_DAYS) return days;
  throw refused(option, text, `a number of days from 0 to ${MAX_DAYS}`);
}

export function portNumber(text: string, option: string): number {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= MAX_PORT) return port;
  throw refused(option, text, `a port from 1 to ${MAX_PORT}`);
}

/** @returns a UTC instant with microseconds. */
export function instantArgument(text: string, option: string): string {
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  throw refused(option, text, 'an instant such as 2026-01-31T08:00:00Z');
}

export function modeArgument(text: string): RunMode {
  if (text === 'full' || text === 'incremental') return text;
  throw usageError(`There is no mode "${text}"`, 'Write full or incremental.');
}

/** `shop, hr` → ['shop', 'hr'] */
export function nameList(text: string, option: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length > 0) return names;
  throw refused(option, `"${text}"`, 'names, with commas between them');
}

/** A command line that cannot be understood. */
export function usageError(message: string, remedy?: string): SyncError {
  return new SyncError('COMMAND_INVALID', { message, ...(remedy !== undefined && { remedy }) });
}

function refused(option: string, text: string, wanted: string): SyncError {
  return usageError(`${option} ${text} is not ${wanted}`, `Write ${option} with ${wanted}.`);
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
