/** Days and minutes in whole numbers, in the proleptic Gregorian calendar. Years are Oracle's: 4712 BC is -4712, there is no 0. */

import { OraError } from '../ora-error.ts';

export const MIN_YEAR = -4712;
export const MAX_YEAR = 9999;

const MINUTES_A_DAY = 24 * 60;
const DAYS_A_CYCLE = 146_097;
const YEARS_A_CYCLE = 400;

export type DateTime = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanos: number;
  /** East of Greenwich; null without a time zone. */
  readonly offsetMinutes: number | null;
};

/** @throws OraError of the 18xx family that names the field that is out of range. */
export function checkDateTime(value: DateTime): void {
  const { year, month, day, hour, minute, second } = value;
  if (year < MIN_YEAR || year > MAX_YEAR || year === 0) {
    throw new OraError(1841, '(full) year must be between -4713 and +9999, and not be 0');
  }
  if (month < 1 || month > 12) throw new OraError(1843, 'not a valid month');
  if (day < 1 || day > 31) throw new OraError(1847, 'day of month must be between 1 and last day of month');
  if (day > daysInMonth(year, month)) throw new OraError(1839, 'date not valid for month specified');
  if (hour < 0 || hour > 23) throw new OraError(1850, 'hour must be between 0 and 23');
  if (minute < 0 || minute > 59) throw new OraError(1851, 'minutes must be between 0 and 59');
  if (second < 0 || second > 59) throw new OraError(1852, 'seconds must be between 0 and 59');
}

/** The same wall clock so many minutes later. */
export function addMinutes(value: DateTime, minutes: number): DateTime {
  if (minutes === 0) return value;
  const ofDay = value.hour * 60 + value.minute + minutes;
  const days = Math.floor(ofDay / MINUTES_A_DAY);
  const rest = ofDay - days * MINUTES_A_DAY;
  const time = { hour: Math.floor(rest / 60), minute: rest % 60 };
  if (days === 0) return { ...value, ...time };
  const date = dateOf(daysOf(value) + days);
  return { ...value, ...date, ...time };
}

/** 0: Sunday. */
export function dayOfWeek(value: DateTime): number {
  return modulo(daysOf(value) + 3, 7);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(astronomical(year)) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeap(year: number): boolean {
  return modulo(year, 4) === 0 && (modulo(year, 100) !== 0 || modulo(year, 400) === 0);
}

/** With a year 0, so that arithmetic needs no exception. */
function astronomical(year: number): number {
  return year < 0 ? year + 1 : year;
}

/** Days since the first of March of year 0. Years begin in March: the leap day is their last. */
function daysOf({ year, month, day }: Pick<DateTime, 'year' | 'month' | 'day'>): number {
  const shifted = astronomical(year) - (month <= 2 ? 1 : 0);
  const cycle = Math.floor(shifted / YEARS_A_CYCLE);
  const ofCycle = shifted - cycle * YEARS_A_CYCLE;
  const ofYear = Math.floor((153 * modulo(month - 3, 12) + 2) / 5) + day - 1;
  return cycle * DAYS_A_CYCLE + ofCycle * 365 + Math.floor(ofCycle / 4) - Math.floor(ofCycle / 100) + ofYear;
}

function dateOf(days: number): Pick<DateTime, 'year' | 'month' | 'day'> {
  const cycle = Math.floor(days / DAYS_A_CYCLE);
  const ofCycle = days - cycle * DAYS_A_CYCLE;
  // The last day of 4, 100 and 400 years would count as the first of one more.
  const year = Math.floor(
    (ofCycle - Math.floor(ofCycle / 1460) + Math.floor(ofCycle / 36_524) - Math.floor(ofCycle / 146_096)) /
      365,
  );
  const ofYear = ofCycle - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const march = Math.floor((5 * ofYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  const shifted = cycle * YEARS_A_CYCLE + year + (month <= 2 ? 1 : 0);
  return {
    year: shifted <= 0 ? shifted - 1 : shifted,
    month,
    day: ofYear - Math.floor((153 * march + 2) / 5) + 1,
  };
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
