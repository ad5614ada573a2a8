/** Texts for people that name columns, for somebody who may not see all of them. */
import type { EntityScope } from '../domain/access/scope.ts';

const NOT_SHOWN = '(not shown)';
const WORD = /[\p{L}\p{N}_$]+/gu;

export function withoutNames(text: string, { hidden }: Pick<EntityScope, 'hidden'>): string {
  if (hidden.length === 0) return text;
  return text.replace(WORD, (word) => (hidden.includes(word) ? NOT_SHOWN : word));
}
