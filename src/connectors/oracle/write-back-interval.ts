/** Intervals as text: what PostgreSQL, ISO 8601 and Oracle write, and what Oracle reads. */

/** Sums of an interval's parts: months, or nanoseconds. One of them is 0 in every interval of Oracle. */
export type Span = { readonly months: bigint; readonly nanos: bigint };

const NANOS = {
  day: 86_400_000_000_000n,
  hour: 3_600_000_000_000n,
  minute: 60_000_000_000n,
  second: 1_000_000_000n,
};
const UNITS: Readonly<Record<string, Partial<Record<'months' | 'nanos', bigint>>>> = {
  year: { months: 12n },
  mon: { months: 1n },
  month: { months: 1n },
  day: { nanos: NANOS.day },
  hour: { nanos: NANOS.hour },
  min: { nanos: NANOS.minute },
  minute: { nanos: NANOS.minute },
  sec: { nanos: NANOS.second },
  second: { nanos: NANOS.second },
};

/** `1 day 02:03:04.5`, `-3 years -11 mons` (PostgreSQL), `P1DT2H` (ISO), `+12 03:04:05.6`, `-03-11` (Oracle). */
export function parseSpan(text: string): Span | null {
  const trimmed = text.trim();
  return oracleSpan(trimmed) ?? isoSpan(trimmed) ?? postgresSpan(trimmed);
}

function oracleSpan(text: string): Span | null {
  const years = /^([+-]?)(\d{1,9})-(\d{1,2})$/.exec(text);
  if (years !== null) {
    const months = BigInt(years[2] as string) * 12n + BigInt(years[3] as string);
    return { months: years[1] === '-' ? -months : months, nanos: 0n };
  }
  const days = /^([+-]?)(\d{1,9}) (\d{1,2}:\d{2}:\d{2}(?:\.\d{1,9})?)$/.exec(text);
  if (days === null) return null;
  const nanos = BigInt(days[2] as string) * NANOS.day + clockNanos(days[3] as string);
  return { months: 0n, nanos: days[1] === '-' ? -nanos : nanos };
}

function isoSpan(text: string): Span | null {
  const parts =
    /^(-?)P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+)(?:\.(\d{1,9}))?S)?)?$/.exec(
      text,
    );
  if (parts === null || /[PT]$/.test(text)) return null;
  const [years, months, days, hours, minutes, seconds] = parts
    .slice(2, 8)
    .map((part) => BigInt(part ?? 0)) as [bigint, bigint, bigint, bigint, bigint, bigint];
  const fraction = BigInt((parts[8] ?? '').padEnd(9, '0'));
  const sign = parts[1] === '-' ? -1n : 1n;
  const nanos =
    days * NANOS.day +
    hours * NANOS.hour +
    minutes * NANOS.minute +
    seconds * NANOS.second +
    (parts[7]?.startsWith('-') ? -fraction : fraction);
  return { months: sign * (years * 12n + months), nanos: sign * nanos };
}

function postgresSpan(text: string): Span | null {
  const words = text.split(/\s+/);
  const span = { months: 0n, nanos: 0n };
  while (words.length > 0) {
    const word = words.shift() as string;
    const clock = /^([+-]?)(\d{1,9}:\d{2}:\d{2}(?:\.\d{1,9})?)$/.exec(word);
    if (clock !== null) {
      const nanos = clockNanos(clock[2] as string);
      span.nanos += clock[1] === '-' ? -nanos : nanos;
      continue;
    }
    const unit = UNITS[(words.shift() ?? '').toLowerCase().replace(/s$/, '')];
    if (unit === undefined || !/^[+-]?\d{1,12}$/.test(word)) return null;
    span.months += BigInt(word) * (unit.months ?? 0n);
    span.nanos += BigInt(word) * (unit.nanos ?? 0n);
  }
  return span;
}

function clockNanos(clock: string): bigint {
  const [hours = '0', minutes = '0', seconds = '0', fraction = ''] = clock.split(/[:.]/);
  return (
    BigInt(hours) * NANOS.hour +
    BigInt(minutes) * NANOS.minute +
    BigInt(seconds) * NANOS.second +
    BigInt(fraction.padEnd(9, '0'))
  );
}

/** What TO_YMINTERVAL reads: `-3-11`. */
export function yearMonthText(months: bigint): string {
  const size = months < 0n ? -months : months;
  return `${months < 0n ? '-' : ''}${size / 12n}-${size % 12n}`;
}

/** What TO_DSINTERVAL reads: `-12 03:04:05.600000000`. */
export function daySecondText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  const [days, rest] = [size / NANOS.day, size % NANOS.day];
  return `${nanos < 0n ? '-' : ''}${days} ${clockText(rest)}`;
}

function clockText(nanos: bigint): string {
  const two = (value: bigint): string => String(value).padStart(2, '0');
  const fraction = String(nanos % NANOS.second).padStart(9, '0');
  return `${two(nanos / NANOS.hour)}:${two((nanos / NANOS.minute) % 60n)}:${two((nanos / NANOS.second) % 60n)}.${fraction}`;
}

/** As PostgreSQL prints it: `-3 years -11 mons`, `1 day 02:03:04.5`, `00:00:00`. */
export function spanText({ months, nanos }: Span): string {
  const parts = [
    plural(months / 12n, 'year'),
    plural(months % 12n, 'mon'),
    plural(nanos / NANOS.day, 'day'),
  ].filter((part) => part !== '');
  const rest = nanos % NANOS.day;
  if (rest === 0n) return parts.join(' ') || '00:00:00';
  const clock = clockText(rest < 0n ? -rest : rest).replace(/\.?0+$/, '');
  return [...parts, `${rest < 0n ? '-' : ''}${clock}`].join(' ');
}

function plural(count: bigint, unit: string): string {
  if (count === 0n) return '';
  return `${count} ${unit}${count === 1n ? '' : 's'}`;
}
