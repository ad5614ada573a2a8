/** json and jsonb columns: their texts as JSON, where not a digit of their numbers is lost by that. */
import type { Json } from '../merge/json.ts';
import { compareDecimals, parseDecimal } from '../values.ts';

/** Strings stand first, so that digits inside of them are passed over. */
const STRINGS_AND_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * @returns undefined when the text is no JSON, or holds a number that JavaScript cannot hold exactly: it would be
 * changed by being read and written again.
 */
export function parseJsonText(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return numbersOf(text).every(isExact) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isJsonType(type: string): boolean {
  return type === 'json' || type === 'jsonb';
}

function numbersOf(text: string): string[] {
  return (text.match(STRINGS_AND_NUMBERS) ?? []).filter((token) => !token.startsWith('"'));
}

function isExact(literal: string): boolean {
  const written = parseDecimal(literal);
  const held = parseDecimal(String(Number(literal)));
  return written !== null && held !== null && compareDecimals(written, held) === 0;
}
