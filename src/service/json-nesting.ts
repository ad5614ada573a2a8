/** How deep JSON is nested, found without parsing it: parsers call themselves once a level. */

export const MAX_JSON_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = { opening: 0x5b, closing: 0x5d };
const BRACE = { opening: 0x7b, closing: 0x7d };

/** @returns the deepest level; of text that is no JSON, some number that a parser of it would not exceed. */
export function nestingOf(text: string): number {
  let [depth, deepest] = [0, 0];
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) {
      isInString = true;
    } else if (code === BRACKET.opening || code === BRACE.opening) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (code === BRACKET.closing || code === BRACE.closing) {
      depth -= 1;
    }
  }
  return deepest;
}
