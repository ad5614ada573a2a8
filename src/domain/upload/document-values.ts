/**
 * Values of documents as PostgreSQL's texts, and back: numbers and booleans where JSON has them, JSON columns as JSON,
 * times in ISO 8601, all else as text.
 */
import type { Json } from '../merge/json.ts';
import { parseType, seesAs } from '../types.ts';
import { textOfJson } from './wire.ts';

/** null is NULL, also in a JSON column. */
export function textOfDocumentValue(type: string, value: Json): string | null {
  if (value === null) return null;
  return isJsonType(type) ? JSON.stringify(value) : textOfJson(value);
}

export function isJsonType(type: string): boolean {
  return /^jsonb?$/.test(type);
}

const ISO_TIMES = new Set(['timestamp without time zone', 'timestamp with time zone']);

/** As documents have it. Numbers that JSON has not (NaN, infinities) stay texts. */
export function documentValue(type: string, text: string | null): Json {
  if (text === null) return null;
  if (isJsonType(type)) return parsed(text);
  const { base, array } = parseType(type);
  if (!array && ISO_TIMES.has(base)) return isoTime(text);
  const seen = seesAs(type);
  if (seen === 'boolean') return text === 't' || text === 'true';
  if (seen !== 'number') return text;
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** `2026-01-31 08:00:00+00` is `2026-01-31T08:00:00+00:00`; infinity has no date to it. */
function isoTime(text: string): string {
  return text.replace(/^(\S+-\S+) (\d)/, '$1T$2').replace(/([+-]\d\d)(?= BC$|$)/, '$1:00');
}
