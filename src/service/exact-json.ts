/** JSON as devices and people write it, without a number that JavaScript would round. */
import { type DuplicateKeyInfo, isSafeNumber, parse } from 'lossless-json';
import { MAX_JSON_DEPTH, nestingOf } from './json-nesting.ts';

/** What is said of text that is no JSON; it quotes nothing of it but names of properties. */
export class UnreadableJson extends Error {}

/**
 * A number that JavaScript would round becomes its text, which PostgreSQL reads as it stands. Of two values of one name
 * the last one wins, as with JSON.parse.
 * @throws UnreadableJson
 */
export function parseJsonExactly(text: string): unknown {
  const depth = nestingOf(text);
  if (depth > MAX_JSON_DEPTH)
    throw new UnreadableJson(`it is nested more than ${MAX_JSON_DEPTH} levels deep`);
  try {
    return MAY_ROUND.test(text)
      ? parse(text, null, { parseNumber: exactly, onDuplicateKey: ({ newValue }) => newValue })
      : JSON.parse(text);
  } catch (error) {
    throw notJson(error);
  }
}

/** The same, but a value that another of the same name would hide is an error. @throws UnreadableJson */
export function parseJsonStrictly(text: string): unknown {
  try {
    return parse(text, null, { parseNumber: exactly, onDuplicateKey: refuseDuplicate });
  } catch (error) {
    throw error instanceof UnreadableJson ? error : notJson(error);
  }
}

/** Of numbers that JavaScript keeps, none matches. The built-in parser is many times faster. */
const MAY_ROUND = /[\d.]{16}|\d[eE][+-]?\d/;

function exactly(text: string): number | string {
  return isSafeNumber(text) ? Number(text) : text;
}

function refuseDuplicate({ key }: DuplicateKeyInfo): never {
  throw new UnreadableJson(`"${key.slice(0, 64)}" is given twice, with different values`);
}

/** The parsers' words would quote the text. */
function notJson(error: unknown): UnreadableJson {
  const where = /at position (\d+)/.exec((error as Error).message)?.[1];
  return new UnreadableJson(
    `it is no JSON${where === undefined ? '' : `, from character ${Number(where) + 1} on`}`,
  );
}
