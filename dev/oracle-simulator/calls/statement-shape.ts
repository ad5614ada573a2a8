/**
 * What a statement's text tells of its binds without a parser: enough to read the rest of a request whose statement
 * the dialect refuses.
 */

import type { Statement } from '../types.ts';

export type StatementShape = {
  readonly kind: 'query' | 'block' | 'dml';
  readonly returningBinds: number;
};

/** Comments, literals, quoted names; what is left are words and binds. */
const IGNORED =
  /--[^\n]*|\/\*[\s\S]*?\*\/|n?q'(?:\[[\s\S]*?\]|\{[\s\S]*?\}|<[\s\S]*?>|\([\s\S]*?\)|(\S)[\s\S]*?\1)'|'(?:[^']|'')*'/gi;
const BIND = /:\s*(?:"[^"]*"|[\w$#]+)/g;
const RETURNING = /\bRETURN(?:ING)?\b(?:(?!\bINTO\b)[\s\S])*\bINTO\b([\s\S]*)$/i;

export function shapeOf(text: string): StatementShape {
  const bare = text.replace(IGNORED, ' ');
  const word = /^[\s(]*([a-z]+)/i.exec(bare)?.[1]?.toUpperCase();
  if (word === 'SELECT' || word === 'WITH') return { kind: 'query', returningBinds: 0 };
  if (word === 'BEGIN' || word === 'DECLARE' || word === 'CALL') return { kind: 'block', returningBinds: 0 };
  const targets = RETURNING.exec(bare)?.[1] ?? '';
  return { kind: 'dml', returningBinds: targets.match(BIND)?.length ?? 0 };
}

export function shapeOfStatement({ kind, returningBinds }: Statement): StatementShape {
  return { kind: kind === 'other' ? 'dml' : kind, returningBinds };
}

/** COMMIT and ROLLBACK as statements, which are calls of their own as far as faults go. */
export function transactionEnd(statement: Statement): 'commit' | 'rollback' | null {
  if (statement.kind !== 'other') return null;
  const words = statement.text
    .replace(IGNORED, ' ')
    .trim()
    .split(/[\s;]+/);
  const first = words[0]?.toUpperCase();
  if (first === 'COMMIT') return 'commit';
  if (first !== 'ROLLBACK') return null;
  return words.some((word) => word.toUpperCase() === 'TO') ? null : 'rollback';
}
