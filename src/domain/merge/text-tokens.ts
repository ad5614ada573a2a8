/**
 * Words of a text: the smallest parts that a merge takes from one side as a whole. Figures, dates, times and addresses
 * are one word (10.5, 2026-03-01, 09:30), so that no merge makes a number that nobody wrote.
 */

/** Scripts without spaces between words: each character stands for itself. */
const UNSPACED = String.raw`[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]`;
const LETTER = String.raw`(?:(?!${UNSPACED})[\p{L}\p{N}\p{M}\p{Pc}])`;
const WORD = `${LETTER}+(?:[.,:'’/@-]${LETTER}+)*`;
/** An emoji of several parts, a character with its accents. */
const CHARACTER = String.raw`.(?:\p{M}|\p{EMod}|\u200d.)*`;
const TOKEN = new RegExp(String.raw`\r\n|${WORD}|${CHARACTER}`, 'gsu');
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Joined they are the text. */
export function tokensOf(text: string): readonly string[] {
  return text.match(TOKEN) ?? [];
}

/** Where tokens begin and end, in UTF-16 units, 0 and the text's length included. */
export function boundariesOf(text: string): ReadonlySet<number> {
  const boundaries = new Set([0]);
  let at = 0;
  for (const token of tokensOf(text)) {
    at += token.length;
    boundaries.add(at);
  }
  return boundaries;
}

export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** True when a cut there would split a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
