/** The text that the mirror's column shows for a value of the source, where the two are not the same text. Pure. */
import { parseType } from '../../domain/types.ts';
import { parseDecimal } from '../../domain/values.ts';
import { floatText } from './values.ts';

export function mirrored(type: string): (text: string) => string {
  const { base, modifiers } = parseType(type);
  const [first, second] = modifiers;
  switch (base) {
    case 'numeric':
      return second === undefined ? same : (text) => roundNumber(text, second);
    case 'smallint':
    case 'integer':
    case 'bigint':
      return (text) => roundNumber(text, 0);
    case 'real':
      return (text) => floatText(Number(text), 4);
    case 'double precision':
      return (text) => floatText(Number(text), 8);
    case 'boolean':
      return (text) => (text === 't' ? 'true' : 'false');
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return (text) => roundSeconds(text, first ?? 6);
    default:
      return same;
  }
}

const same = (text: string): string => text;

/** Half away from zero, with zeros up to the scale, as numeric(p, s) shows it. */
export function roundNumber(text: string, scale: number): string {
  const decimal = parseDecimal(text);
  if (decimal === null) return text;
  const { whole, fraction, negative } = decimal;
  const kept = fraction.slice(0, scale).padEnd(scale, '0');
  const digits = BigInt(`${whole}${kept}` || '0') + ((fraction[scale] ?? '0') >= '5' ? 1n : 0n);
  const shown = String(digits).padStart(scale + 1, '0');
  const point = shown.length - scale;
  const sign = negative && digits !== 0n ? '-' : '';
  return `${sign}${shown.slice(0, point)}${scale === 0 ? '' : `.${shown.slice(point)}`}`;
}

/** As PostgreSQL reads a fraction of a second: as a double, half to even. It carries into the minute and beyond. */
export function roundSeconds(text: string, digits: number): string {
  const parts = /^(\d+-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)(.*)$/.exec(text);
  if (parts === null) return text;
  const [, wall = '', fraction = '', rest = ''] = parts;
  if (fraction.length - 1 <= digits) return text;
  const micros = halfToEven(Number(`0${fraction}`) * 1_000_000);
  const step = 10 ** (6 - digits);
  const rounded = Math.round(micros / step) * step;
  const carried = rounded >= 1_000_000 ? oneSecondLater(wall) : wall;
  const shown = String(rounded % 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${carried}${shown === '' ? '' : `.${shown}`}${rest}`;
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function oneSecondLater(wall: string): string {
  const at = new Date(`${wall.replace(' ', 'T')}Z`);
  at.setTime(at.getTime() + 1_000);
  return at.toISOString().slice(0, 19).replace('T', ' ');
}
