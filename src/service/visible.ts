/** What somebody may see of values and texts about a row that do not come from a document of the feed. */
import type { EntityScope } from '../domain/access/scope.ts';
import type { FieldTexts } from '../domain/upload/decision.ts';

/** @param values by mirror column; a partition column that is not among them is in no scope that asks for it. */
export function isInScope(values: FieldTexts, { partitions }: Pick<EntityScope, 'partitions'>): boolean {
  return Object.entries(partitions).every(([column, allowed]) => {
    const value = Object.hasOwn(values, column) ? values[column] : null;
    return value != null && allowed.includes(value);
  });
}

export function withoutHidden<Values extends FieldTexts | null>(
  values: Values,
  { hidden }: Pick<EntityScope, 'hidden'>,
): Values {
  if (values === null || hidden.length === 0) return values;
  return Object.fromEntries(Object.entries(values).filter(([name]) => !hidden.includes(name))) as Values;
}

const NOT_SHOWN = '(not shown)';

/** Texts for people name columns: names of hidden ones are taken out. */
export function withoutNames(text: string, { hidden }: Pick<EntityScope, 'hidden'>): string {
  if (hidden.length === 0) return text;
  return text.replace(WORD, (word) => (hidden.includes(word) ? NOT_SHOWN : word));
}

const WORD = /[\p{L}\p{N}_$]+/gu;
