/**
 * Members of a JSON object, each value as the text that it is: numbers keep all their digits, as JSON.parse would not.
 * For texts that PostgreSQL built, which are valid JSON.
 */

/** Name, and the value's text, in the order of the text. */
export function* jsonMembers(json: string): Generator<readonly [string, string]> {
  let at = skipSpace(json, json.indexOf('{') + 1);
  while (at < json.length && json[at] !== '}') {
    const nameEnd = endOfString(json, at);
    const name = JSON.parse(json.slice(at, nameEnd)) as string;
    const start = skipSpace(json, json.indexOf(':', nameEnd) + 1);
    const end = endOfValue(json, start);
    yield [name, json.slice(start, end)];
    at = skipSpace(json, end);
    if (json[at] === ',') at = skipSpace(json, at + 1);
  }
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (at < json.length && json.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** @param start of the opening quote. @returns the position behind the closing one. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const char = json[at];
    if (char === '\\') at++;
    else if (char === '"') return at + 1;
  }
  return json.length;
}

function endOfValue(json: string, start: number): number {
  const first = json[start];
  if (first === '"') return endOfString(json, start);
  if (first === '{' || first === '[') return endOfNested(json, start);
  let at = start;
  while (at < json.length && !',}] \n\r\t'.includes(json[at] as string)) at++;
  return at;
}

function endOfNested(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; ) {
    const char = json[at] as string;
    if (char === '"') {
      at = endOfString(json, at);
      continue;
    }
    if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1;
    at++;
  }
  return json.length;
}
