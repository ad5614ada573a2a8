/** Values as Oracle prints them when text is wanted and no format is given. */

import type { OracleType } from '../types.ts';
import { formatByMask } from './date-mask.ts';
import { parseDateTime } from './datetime-text.ts';

/** Formats of a session; Oracle's own where it set none. */
export type NlsFormats = { readonly date: string; readonly timestamp: string; readonly timestampTz: string };

export const DEFAULT_FORMATS: NlsFormats = {
  date: 'DD-MON-RR',
  timestamp: 'DD-MON-RR HH.MI.SSXFF AM',
  timestampTz: 'DD-MON-RR HH.MI.SSXFF AM TZR',
};

/** The longest NUMBER in plain digits; longer ones get an exponent. */
const NUMBER_WIDTH = 40;

/** `text`: a cell of that type. */
export function oracleText(text: string, type: OracleType, formats: NlsFormats): string {
  switch (type.name) {
    case 'NUMBER':
    case 'FLOAT':
      return numberText(text);
    case 'BINARY_FLOAT':
    case 'BINARY_DOUBLE':
      return floatText(text);
    case 'DATE':
      return formatByMask(parseDateTime(text), formats.date);
    case 'TIMESTAMP':
      return formatByMask(parseDateTime(text), withDigits(formats.timestamp, type.scale));
    case 'TIMESTAMP WITH TIME ZONE':
      return formatByMask(parseDateTime(text), withDigits(formats.timestampTz, type.scale));
    case 'TIMESTAMP WITH LOCAL TIME ZONE':
      return formatByMask(parseDateTime(text), withDigits(formats.timestamp, type.scale));
    case 'INTERVAL YEAR TO MONTH':
      return intervalText(text, type.precision ?? 2);
    case 'INTERVAL DAY TO SECOND':
      return withFraction(intervalText(text, type.precision ?? 2), type.scale ?? 6);
    default:
      return text;
  }
}

/** No 0 in front of the point. */
function numberText(text: string): string {
  const bare = text.replace(/^(-?)0(?=\.)/, '$1');
  if (bare.length <= NUMBER_WIDTH) return bare;
  const negative = bare.startsWith('-') ? '-' : '';
  const digits = bare.replace(/[-.]/g, '').replace(/^0+/, '');
  const point = bare.replace('-', '').indexOf('.');
  const whole = (point < 0 ? bare.replace('-', '').length : point) - 1;
  const zeros = /^-?\.(0*)/.exec(bare)?.[1]?.length;
  const power = zeros === undefined ? whole : -zeros - 1;
  const exponent = `E${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  const places = NUMBER_WIDTH - negative.length - exponent.length - 2;
  return `${negative}${digits[0]}.${digits.slice(1, 1 + places).padEnd(places, '0')}${exponent}`;
}

/** `1.5E+000`, `Nan`, `Inf`. */
function floatText(text: string): string {
  const value = Number(text);
  if (Number.isNaN(value)) return 'Nan';
  if (!Number.isFinite(value)) return value < 0 ? '-Inf' : 'Inf';
  if (value === 0) return '0';
  const [mantissa, power] = value.toExponential().split('e') as [string, string];
  const digits = mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  return `${digits}E${power.startsWith('-') ? '-' : '+'}${power.slice(1).padStart(3, '0')}`;
}

/** A bare FF means as many digits as the type has. */
function withDigits(mask: string, scale: number | null): string {
  const digits = scale ?? 6;
  if (digits === 0) return mask.replace(/X?FF(?!\d)/i, '');
  return mask.replace(/FF(?!\d)/i, `FF${digits}`);
}

/** With its sign, and zeros in front of the leading field. */
function intervalText(text: string, precision: number): string {
  const size = text.replace(/^[+-]/, '');
  const leadingDigits = /^\d*/.exec(size)?.[0].length ?? 0;
  return `${text.startsWith('-') ? '-' : '+'}${'0'.repeat(Math.max(0, precision - leadingDigits))}${size}`;
}

function withFraction(text: string, scale: number): string {
  const [whole, fraction = ''] = text.split('.') as [string, string?];
  return scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, '0').slice(0, scale)}`;
}
