/**
 * Operational transform of text edits. Two changes of one base are woven into one sequence of pieces: what either side
 * inserted, and what is left of the base. Each side's edits, as they read on top of the other side's, follow from it,
 * so that both orders of applying them end in the same text (TP1).
 */
import { addEdit, type TextEdit, type TextEdits } from './text-edits.ts';
import { tokensOf } from './text-tokens.ts';

export type Side = 'server' | 'client';
export type SidesEdits = Readonly<Record<Side, TextEdits>>;

/** A piece of text, and who has it: in the base, after the server's change, after the client's, after both. */
type Piece = {
  readonly text: string;
  readonly inBase: boolean;
  readonly server: boolean;
  readonly client: boolean;
  readonly merged: boolean;
};

/** Everything that either side inserted stays; what either side deleted goes. Equal inserts at one place are one. */
export function weave(base: string, sides: SidesEdits): readonly Piece[] {
  const pieces: Piece[] = [];
  const cuts = cutsOf(base, sides);
  const lookups = { server: lookup(sides.server), client: lookup(sides.client) };
  cuts.forEach((at, index) => {
    // Before the texts that replace something: who adds a word before another keeps it there when that one is replaced.
    pieces.push(...inserted(lookups.server.inserts.get(at), lookups.client.inserts.get(at)));
    pieces.push(...inserted(lookups.server.replacements.get(at), lookups.client.replacements.get(at)));
    const text = base.slice(at, cuts[index + 1] ?? base.length);
    const server = !lookups.server.deletes(at);
    const client = !lookups.client.deletes(at);
    if (text !== '') pieces.push({ text, inBase: true, server, client, merged: server && client });
  });
  return pieces;
}

function cutsOf(base: string, { server, client }: SidesEdits): readonly number[] {
  const cuts = new Set([0, base.length]);
  for (const { start, end } of [...server, ...client]) cuts.add(start).add(end);
  return [...cuts].sort((left, right) => left - right);
}

function lookup(edits: TextEdits) {
  const isInsert = (edit: TextEdit) => edit.start === edit.end;
  const byStart = (list: TextEdits) => new Map(list.map(({ start, text }) => [start, text]));
  let next = 0;
  return {
    inserts: byStart(edits.filter(isInsert)),
    replacements: byStart(edits.filter((edit) => !isInsert(edit))),
    /** Of the piece of the base that begins at a cut; asked in order. */
    deletes: (at: number): boolean => {
      while (next < edits.length && (edits[next] as TextEdit).end <= at) next++;
      const edit = edits[next];
      return edit !== undefined && edit.start <= at && at < edit.end;
    },
  };
}

/** What both sides inserted at one place. Order follows from the texts, not from whose they are: sides can be swapped. */
function inserted(server = '', client = ''): readonly Piece[] {
  const whole = contains(server, client) ?? contains(client, server);
  if (whole !== null) {
    const longer: Side = server.length >= client.length ? 'server' : 'client';
    return [
      ...pieceOf(whole.before, longer),
      ...pieceOf(whole.inner, 'both'),
      ...pieceOf(whole.after, longer),
    ];
  }
  const pieces = [...pieceOf(server, 'server'), ...pieceOf(client, 'client')];
  return server < client ? pieces : pieces.reverse();
}

function pieceOf(text: string, by: Side | 'both'): readonly Piece[] {
  if (text === '') return [];
  return [{ text, inBase: false, server: by !== 'client', client: by !== 'server', merged: true }];
}

/**
 * The longer text, around the shorter one; null when it does not have all words of it in a row. Equal inserts are one;
 * so is one that is a part of the other: of two who appended, one already saw and kept what the other wrote.
 */
function contains(longer: string, shorter: string): { before: string; inner: string; after: string } | null {
  if (shorter === '' || longer.length < shorter.length) return null;
  if (longer === shorter) return { before: '', inner: shorter, after: '' };
  if (!longer.includes(shorter)) return null;
  const within = tokensOf(longer);
  const sought = tokensOf(shorter);
  for (let at = 0; at + sought.length <= within.length; at++) {
    if (sought.every((token, index) => within[at + index] === token)) {
      const before = within.slice(0, at).join('');
      return { before, inner: shorter, after: longer.slice(before.length + shorter.length) };
    }
  }
  return null;
}

/** The edits of `side` on top of the other side's text. */
export function rebase(pieces: readonly Piece[], side: Side): TextEdits {
  const other = side === 'server' ? 'client' : 'server';
  const edits: TextEdit[] = [];
  let at = 0;
  for (const piece of pieces) {
    const length = piece[other] ? piece.text.length : 0;
    if (piece[other] && !piece.merged) addEdit(edits, { start: at, end: at + length, text: '' });
    if (!piece[other] && piece.merged) addEdit(edits, { start: at, end: at, text: piece.text });
    at += length;
  }
  return edits;
}

/** Where pieces meet in the merged text. */
export function seams(pieces: readonly Piece[]): readonly number[] {
  let at = 0;
  return pieces.filter(({ merged }) => merged).map(({ text }) => (at += text.length));
}
