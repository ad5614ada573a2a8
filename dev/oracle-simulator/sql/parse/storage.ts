import { failure } from '../errors.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  advance,
  inParentheses,
  isSymbol,
  name,
  offsetOf,
  type Parser,
  peek,
  sees,
} from './parser.ts';

/** Clauses that say how Oracle stores something: they change no result and are skipped. */

const alone =
  `LOGGING NOLOGGING CACHE NOCACHE NOPARALLEL COMPRESS NOCOMPRESS ROWDEPENDENCIES NOROWDEPENDENCIES MONITORING
NOMONITORING COMPUTE REVERSE NOREVERSE ONLINE SORT NOSORT VISIBLE`.split(/\s+/);
const counted = ['PCTFREE', 'PCTUSED', 'INITRANS', 'MAXTRANS', 'PARALLEL', 'COMPRESS'];

/** Takes one clause. @returns whether one was there. */
export function skipStorage(p: Parser): boolean {
  const word = acceptOne(
    p,
    'TABLESPACE',
    'STORAGE',
    'SEGMENT',
    'ROW',
    'ORGANIZATION',
    'ENABLE',
    'DISABLE',
    'LOB',
  );
  if (word !== null) return skipWith(p, word);
  if (sees(p, 'COMPUTE', 'STATISTICS')) {
    p.at += 2;
    return true;
  }
  const many = acceptOne(p, ...counted);
  if (many !== null) {
    if (peek(p).kind === 'number') advance(p);
    return true;
  }
  return acceptOne(p, ...alone) !== null;
}

function skipWith(p: Parser, word: string): boolean {
  switch (word) {
    case 'TABLESPACE':
      name(p, 2216);
      return true;
    case 'STORAGE':
      skipParentheses(p);
      return true;
    case 'SEGMENT':
      accept(p, 'CREATION');
      return oneOf(p, 'IMMEDIATE', 'DEFERRED');
    case 'ROW':
      if (!accept(p, 'STORE', 'COMPRESS')) throw failure(922, offsetOf(p));
      acceptOne(p, 'BASIC', 'ADVANCED');
      return true;
    case 'ORGANIZATION':
      return oneOf(p, 'HEAP', 'INDEX');
    case 'LOB':
      return skipLob(p);
    default:
      return accept(p, 'ROW', 'MOVEMENT') || invalid(p);
  }
}

function skipLob(p: Parser): boolean {
  skipParentheses(p);
  if (!accept(p, 'STORE', 'AS')) throw failure(922, offsetOf(p));
  acceptOne(p, 'SECUREFILE', 'BASICFILE');
  if (isSymbol(peek(p), '(')) skipParentheses(p);
  return true;
}

function oneOf(p: Parser, ...words: readonly string[]): true {
  if (acceptOne(p, ...words) === null) throw failure(922, offsetOf(p));
  return true;
}

function invalid(p: Parser): never {
  throw failure(922, offsetOf(p));
}

function skipParentheses(p: Parser): void {
  inParentheses(p, () => {
    let depth = 0;
    for (;;) {
      const token = peek(p);
      if (token.kind === 'end') throw failure(907, token.offset);
      if (isSymbol(token, ')') && depth === 0) return;
      if (isSymbol(token, '(')) depth++;
      if (isSymbol(token, ')')) depth--;
      advance(p);
    }
  });
}

/** Storage clauses, USING INDEX among them, as many as there are. */
export function skipAllStorage(p: Parser): void {
  while (skipStorage(p));
}

/** `USING INDEX [name | (CREATE …) | storage]` of a constraint. */
export function skipUsingIndex(p: Parser): void {
  if (!accept(p, 'USING', 'INDEX')) return;
  if (isSymbol(peek(p), '(')) {
    skipParentheses(p);
    return;
  }
  const token = peek(p);
  const clauses = [...alone, ...counted, 'TABLESPACE', 'STORAGE', 'ENABLE', 'DISABLE', 'LOCAL'];
  if (token.kind === 'quoted' || (token.kind === 'word' && !clauses.includes(token.value))) {
    name(p, 922);
    if (acceptSymbol(p, '.')) name(p, 922);
  }
  while (!sees(p, 'ENABLE') && !sees(p, 'DISABLE') && (accept(p, 'LOCAL') || skipStorage(p)));
}
