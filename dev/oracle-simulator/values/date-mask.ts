/** Dates and times in a format of NLS_DATE_FORMAT and its like, as the server converts them for clients that want text. */

import { OraError } from '../ora-error.ts';
import { type DateTime, dayOfWeek } from './calendar.ts';
import { formatOffset, pad } from './datetime-text.ts';

const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
];
const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];
const LONGEST_MONTH = 9;
const LONGEST_DAY = 9;

/** Elements of a mask, longest first where one begins with another; then quoted text, and signs. */
const TOKEN =
  /SYYYY|YYYY|RRRR|YY|RR|MONTH|MON|MM|MI|DAY|DY|DD|HH24|HH12|HH|SSSSS|SS|FF[1-9]?|TZH|TZM|TZR|[AP]\.?M\.?|BC|AD|X|"[^"]*"|[^A-Za-z0-9"]/iy;

/** @throws OraError 1821 for an element that it does not know */
export function formatByMask(value: DateTime, mask: string): string {
  let text = '';
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < mask.length) {
    const token = TOKEN.exec(mask)?.[0];
    if (token === undefined) throw new OraError(1821, 'date format not recognized');
    text += cased(element(value, token.toUpperCase(), token), token);
  }
  return text;
}

function element(value: DateTime, name: string, token: string): string {
  switch (name) {
    case 'SYYYY':
      return `${value.year < 0 ? '-' : ' '}${pad(Math.abs(value.year), 4)}`;
    case 'YYYY':
    case 'RRRR':
      return pad(Math.abs(value.year), 4);
    case 'YY':
    case 'RR':
      return pad(Math.abs(value.year) % 100, 2);
    case 'MM':
      return pad(value.month, 2);
    case 'MON':
      return monthName(value).slice(0, 3);
    case 'MONTH':
      return monthName(value).padEnd(LONGEST_MONTH);
    case 'DD':
      return pad(value.day, 2);
    case 'DY':
      return dayName(value).slice(0, 3);
    case 'DAY':
      return dayName(value).padEnd(LONGEST_DAY);
    case 'BC':
    case 'AD':
      return value.year < 0 ? 'BC' : 'AD';
    default:
      return timeElement(value, name, token);
  }
}

function timeElement(value: DateTime, name: string, token: string): string {
  const offset = formatOffset(value.offsetMinutes ?? 0);
  switch (name) {
    case 'HH24':
      return pad(value.hour, 2);
    case 'HH':
    case 'HH12':
      return pad(value.hour % 12 === 0 ? 12 : value.hour % 12, 2);
    case 'MI':
      return pad(value.minute, 2);
    case 'SS':
      return pad(value.second, 2);
    case 'SSSSS':
      return pad((value.hour * 60 + value.minute) * 60 + value.second, 5);
    case 'X':
      return '.';
    case 'TZH':
      return offset.slice(0, 3);
    case 'TZM':
      return offset.slice(4);
    case 'TZR':
      return offset;
    case 'AM':
    case 'PM':
      return value.hour < 12 ? 'AM' : 'PM';
    case 'A.M.':
    case 'P.M.':
      return value.hour < 12 ? 'A.M.' : 'P.M.';
  }
  if (name.startsWith('FF')) return pad(value.nanos, 9).slice(0, Number(name[2] ?? 9));
  if (token.startsWith('"')) return token.slice(1, -1);
  if (/^\W$/.test(token)) return token;
  throw new OraError(1821, 'date format not recognized');
}

/** `MON` gives MAY, `Mon` May, `mon` may. */
function cased(text: string, token: string): string {
  if (token.startsWith('"') || !/^[A-Z]/i.test(token)) return text;
  if (token === token.toUpperCase()) return text;
  const lower = text.toLowerCase();
  const capital = /^[A-Z]/.test(token) && token.length > 1 && token[1] === token[1]?.toLowerCase();
  return capital ? lower.charAt(0).toUpperCase() + lower.slice(1) : lower;
}

function monthName(value: DateTime): string {
  return MONTHS[value.month - 1] as string;
}

function dayName(value: DateTime): string {
  return DAYS[dayOfWeek(value)] as string;
}
