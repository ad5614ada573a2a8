/** Three-way merge of texts, word by word. */
import { agreed, clashed, type MergeContext, type Outcome } from './outcome.ts';
import { applyEdits, type TextEdit, type TextEdits } from './text-edits.ts';
import { boundariesOf } from './text-tokens.ts';
import { rebase, type SidesEdits, seams, weave } from './text-transform.ts';

/** `server` and `client`: both sides' edits of the base, in whole words. The draft of a clash has both wordings. */
export function mergeText(base: string, sides: SidesEdits, context: MergeContext): Outcome {
  if (sides.server.some((edit) => sides.client.some((other) => overlap(edit, other)))) {
    return clashed(draftOf(base, sides), context, 'both sides changed the same words');
  }
  const pieces = weave(base, sides);
  const merged = applyEdits(applyEdits(base, sides.server), rebase(pieces, 'client'));
  const boundaries = boundariesOf(merged);
  if (seams(pieces).every((at) => boundaries.has(at))) return agreed(merged);
  return clashed(draftOf(base, sides), context, 'both sides wrote at the same place, without a gap between');
}

function overlap(one: TextEdit, other: TextEdit): boolean {
  if (one.start === other.start && one.end === other.end && one.text === other.text) return false;
  const bothInsert = one.start === one.end && other.start === other.end;
  // Of what both deleted, nothing is in dispute.
  const bothDelete = one.text === '' && other.text === '';
  if (bothInsert || bothDelete) return false;
  return (
    Math.max(one.start, other.start) < Math.min(one.end, other.end) ||
    within(one, other) ||
    within(other, one)
  );
}

/** An insert inside what the other side replaced; at its edge it is none. */
function within(insert: TextEdit, replaced: TextEdit): boolean {
  return insert.start === insert.end && replaced.start < insert.start && insert.start < replaced.end;
}

/**
 * Readable text, to be finished by a person: where the sides differ it has the server's wording, then the client's.
 * Without markers: somebody may store it as it is.
 */
function draftOf(base: string, { server, client }: SidesEdits): string {
  const all = [...server, ...client].sort((one, other) => one.start - other.start || one.end - other.end);
  let draft = '';
  let at = 0;
  for (let index = 0; index < all.length; ) {
    const start = (all[index] as TextEdit).start;
    let end = (all[index] as TextEdit).end;
    while (++index < all.length && (all[index] as TextEdit).start <= end) {
      end = Math.max(end, (all[index] as TextEdit).end);
    }
    draft +=
      base.slice(at, start) +
      bothWordings(base.slice(start, end), inside(server, start, end), inside(client, start, end));
    at = end;
  }
  return draft + base.slice(at);
}

/** Edits within a part of the base, counted from its beginning. */
function inside(edits: TextEdits, start: number, end: number): TextEdits {
  return edits
    .filter((edit) => edit.start >= start && edit.end <= end)
    .map((edit) => ({ start: edit.start - start, end: edit.end - start, text: edit.text }));
}

function bothWordings(base: string, server: TextEdits, client: TextEdits): string {
  const [first, second] = [applyEdits(base, server), applyEdits(base, client)];
  if (client.length === 0 || first === second || second === '') return first;
  if (server.length === 0 || first === '') return second;
  const needsGap = !/\s$/.test(first) && !/^\s/.test(second);
  return first + (needsGap ? ((first + second).includes('\n') ? '\n' : ' ') : '') + second;
}
