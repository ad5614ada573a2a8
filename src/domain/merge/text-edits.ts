/** One side's change of a text, as pieces of the base that it replaced. */
import { diffSequences } from './sequence-diff.ts';
import { boundariesOf, tokensOf } from './text-tokens.ts';

/** `text` in place of [start, end) of the base, in UTF-16 units. */
export type TextEdit = { readonly start: number; readonly end: number; readonly text: string };

/** In order; no two touch. */
export type TextEdits = readonly TextEdit[];

/** With one more edit behind the others; one that touches the last becomes part of it. */
export function addEdit(edits: TextEdit[], { start, end, text }: TextEdit): void {
  const last = edits.at(-1);
  if (start === end && text === '') return;
  if (last === undefined || last.end < start) edits.push({ start, end, text });
  else edits[edits.length - 1] = { start: last.start, end, text: last.text + text };
}

export function applyEdits(base: string, edits: TextEdits): string {
  let text = '';
  let at = 0;
  for (const edit of edits) {
    text += base.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return text + base.slice(at);
}

/** What must have been done to the base to make `value` of it, in whole words. */
export function editsBetween(base: string, value: string): TextEdits {
  const baseTokens = tokensOf(base);
  const valueTokens = tokensOf(value);
  const startOf = offsets(baseTokens);
  const edits: TextEdit[] = [];
  for (const { start, end, from, to } of diffSequences(baseTokens, valueTokens)) {
    addReplaced(edits, base, {
      start: startOf[start] as number,
      end: startOf[end] as number,
      text: valueTokens.slice(from, to).join(''),
    });
  }
  return edits;
}

function offsets(tokens: readonly string[]): readonly number[] {
  const starts = [0];
  for (const token of tokens) starts.push((starts.at(-1) as number) + token.length);
  return starts;
}

/** Replaced words with only blanks between them are one replaced phrase: nobody else's words belong into it. */
function addReplaced(edits: TextEdit[], base: string, edit: TextEdit): void {
  const last = edits.at(-1);
  const between = last === undefined ? '' : base.slice(last.end, edit.start);
  const bothReplace = last !== undefined && last.start < last.end && edit.start < edit.end;
  if (bothReplace && between.trim() === '') {
    edits[edits.length - 1] = { start: last.start, end: edit.end, text: last.text + between + edit.text };
  } else {
    addEdit(edits, edit);
  }
}

/** The same change in whole words: an edit grows until it begins and ends where words do, before it and after it. */
export function inWholeWords(base: string, edits: TextEdits): TextEdits {
  const value = applyEdits(base, edits);
  const inBase = boundariesOf(base);
  const inValue = boundariesOf(value);
  const grown: TextEdit[] = [];
  let shift = 0;
  let valueEnd = 0;
  edits.forEach(({ start, end, text }, index) => {
    const valueStart = start + shift;
    shift += text.length - (end - start);
    const floor = edits[index - 1]?.end ?? 0;
    const ceiling = edits[index + 1]?.start ?? base.length;
    let left = 0;
    while (start - left > floor && !(inBase.has(start - left) && inValue.has(valueStart - left))) left++;
    let right = 0;
    while (end + right < ceiling && !(inBase.has(end + right) && inValue.has(end + shift + right))) right++;
    const last = grown.at(-1);
    const joins = last !== undefined && last.end >= start - left;
    // What lies between two joined edits is in both of them: only what is new of the value is added.
    const from = joins ? valueEnd : valueStart - left;
    valueEnd = end + shift + right;
    const added = value.slice(from, valueEnd);
    if (joins) {
      grown[grown.length - 1] = { start: last.start, end: end + right, text: last.text + added };
    } else {
      grown.push({ start: start - left, end: end + right, text: added });
    }
  });
  return grown;
}
