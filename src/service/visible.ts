/** Texts for people that name columns, for somebody who may not see all of them. */
import type { EntityScope } from '../domain/access/scope.ts';

const NOT_SHOWN = '(not shown)';
const LETTER = String.raw`[\p{L}\p{N}_$]`;

/** Whichever way a name is written: a source may have the column in capitals. */
export function withoutNames(text: string, { hidden }: Pick<EntityScope, 'hidden'>): string {
  if (hidden.length === 0) return text;
  // Of two names of which one begins the other, the longer one is meant.
  const names = [...hidden].sort((left, right) => right.length - left.length).map(escaped);
  return text.replace(new RegExp(`(?<!${LETTER})(?:${names.join('|')})(?!${LETTER})`, 'giu'), NOT_SHOWN);
}

function escaped(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
