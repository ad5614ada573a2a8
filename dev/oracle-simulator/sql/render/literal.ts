import type { IntervalLiteral } from '../ast.ts';
import { failure } from '../errors.ts';
import { literal } from './renderer.ts';

/** `DATE '…'`. */
export function dateText(text: string): string {
  return `${literal(withEra(`${text} 00:00:00`))}::oracle.date`;
}

/** `TIMESTAMP '…'`: with a zone, or with more than six digits, of another type than without. */
export function timestampText(text: string, zone: string | null): string {
  if (zone !== null) return `${literal(withEra(`${text} ${zone}`))}::timestamptz`;
  const fraction = /\.(\d*)$/.exec(text)?.[1] ?? '';
  if (fraction.length <= 6) return `${literal(withEra(text))}::timestamp`;
  return `${literal(withEra(`${text}${'0'.repeat(9 - fraction.length)}`))}::oracle.timestamp9`;
}

/** Years before 1 have a minus in Oracle and ` BC` in PostgreSQL. */
function withEra(text: string): string {
  return text.startsWith('-') ? `${text.slice(1)} BC` : text;
}

const monthsOf: Readonly<Record<string, number>> = { YEAR: 12, MONTH: 1 };
const secondsOf: Readonly<Record<string, number>> = { DAY: 86400, HOUR: 3600, MINUTE: 60, SECOND: 1 };
const fields = ['DAY', 'HOUR', 'MINUTE', 'SECOND'];

/** `INTERVAL '…' …`, in months or in days, hours and so on, as its fields say. @throws OraError 1867 */
export function intervalText(interval: IntervalLiteral): string {
  const { from, to } = interval;
  const match = /^\s*([+-]?)\s*(\S.*?)\s*$/.exec(interval.text);
  const sign = match?.[1] === '-' ? '-' : '';
  const body = match?.[2] ?? '';
  if (from in monthsOf) return monthsText(sign, body, interval);
  const last = to ?? from;
  const used = fields.slice(fields.indexOf(from), fields.indexOf(last) + 1);
  const parts = partsOf(body, used);
  const seconds = parts.slice(0, last === 'SECOND' ? -1 : undefined);
  let whole = seconds.reduce(
    (sum, part, index) => sum + Number(part) * (secondsOf[used[index] ?? ''] ?? 0),
    0,
  );
  const [tail = '0', fraction = ''] = last === 'SECOND' ? (parts.at(-1) ?? '').split('.') : [];
  whole += Number(tail);
  const days = Math.floor(whole / 86400);
  const rest = whole % 86400;
  const micros = fraction === '' ? '' : `.${fraction.slice(0, 9)}`;
  return `${literal(`${sign}${days} days ${sign}${rest}${micros} secs`)}::interval day to second`;
}

function monthsText(sign: string, body: string, { from, to }: IntervalLiteral): string {
  const match = (to === null ? /^(\d{1,9})$/ : /^(\d{1,9})-(\d{1,2})$/).exec(body);
  if (match === null || Number(match[2] ?? 0) > 11) throw failure(1867, 0);
  const months = Number(match[1]) * (monthsOf[from] ?? 1) + Number(match[2] ?? 0);
  return `${literal(`${sign}${months} mons`)}::interval year to month`;
}

const limits: Readonly<Record<string, number>> = { HOUR: 23, MINUTE: 59, SECOND: 59 };

/** The fields' values; all but the first have limits. @throws OraError 1867 */
function partsOf(body: string, used: readonly string[]): string[] {
  const [first = '', ...others] = used.map((field) =>
    field === 'SECOND' ? String.raw`(\d+(?:\.\d{0,9})?)` : String.raw`(\d+)`,
  );
  const separators = used
    .slice(1)
    .map((_, index) => (used[index] === 'DAY' ? String.raw`\s+` : String.raw`\s*:\s*`));
  const pattern = others.reduce((text, part, index) => `${text}${separators[index]}${part}`, first);
  const parts = new RegExp(`^${pattern}$`).exec(body)?.slice(1);
  if (parts === undefined) throw failure(1867, 0);
  const wrong = parts.some(
    (part, index) => index > 0 && Number(part) >= (limits[used[index] ?? ''] ?? 0) + 1,
  );
  if (wrong || Number(parts[0]) > 999_999_999) throw failure(1867, 0);
  return parts;
}
