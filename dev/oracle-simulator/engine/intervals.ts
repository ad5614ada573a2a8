/** Intervals: ISO 8601, which PostgreSQL writes under IntervalStyle iso_8601 and always reads, and Oracle's texts. */

const MICROSECONDS_PER_SECOND = 1_000_000n;

type Parts = Readonly<Record<'Y' | 'M' | 'D' | 'h' | 'm' | 's', bigint>>;

/** `P1Y2M-3DT4H5M-6.5S`; seconds as microseconds. */
function partsOf(iso: string): Parts {
  const [date = '', time = ''] = iso.slice(1).split('T');
  const of = (text: string, unit: string): bigint => {
    const found = new RegExp(`(-?)(\\d+)(?:\\.(\\d+))?${unit}`).exec(text);
    if (found === null) return 0n;
    const [, sign, whole = '0', fraction = ''] = found;
    const value = unit === 'S' ? BigInt(whole + fraction.padEnd(6, '0')) : BigInt(whole);
    return sign === '-' ? -value : value;
  };
  return {
    Y: of(date, 'Y'),
    M: of(date, 'M'),
    D: of(date, 'D'),
    h: of(time, 'H'),
    m: of(time, 'M'),
    s: of(time, 'S'),
  };
}

/** `-3-11` */
export function yearInterval(iso: string): string {
  const { Y, M } = partsOf(iso);
  const months = Y * 12n + M;
  const size = months < 0n ? -months : months;
  return `${months < 0n ? '-' : ''}${size / 12n}-${size % 12n}`;
}

/** `-12 03:04:05.123456`; the point is left out with no fraction. */
export function dayInterval(iso: string): string {
  const { D, h, m, s } = partsOf(iso);
  const total = ((D * 24n + h) * 60n + m) * 60n * MICROSECONDS_PER_SECOND + s;
  const size = total < 0n ? -total : total;
  const seconds = size / MICROSECONDS_PER_SECOND;
  const fraction = String(size % MICROSECONDS_PER_SECOND)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const time = [(seconds / 3600n) % 24n, (seconds / 60n) % 60n, seconds % 60n];
  const clock = time.map((each) => String(each).padStart(2, '0')).join(':');
  return `${total < 0n ? '-' : ''}${seconds / 86_400n} ${clock}${fraction === '' ? '' : `.${fraction}`}`;
}

/** From Oracle's text, where one sign stands for all parts. */
export function isoInterval(text: string): string {
  const sign = text.startsWith('-') ? '-' : '';
  const bare = text.replace(/^[+-]/, '');
  const day = /^(\d+) (\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(bare);
  if (day !== null) return `P${sign}${day[1]}DT${sign}${day[2]}H${sign}${day[3]}M${sign}${day[4]}S`;
  const year = /^(\d+)-(\d+)$/.exec(bare);
  return year === null ? text : `P${sign}${year[1]}Y${sign}${year[2]}M`;
}
