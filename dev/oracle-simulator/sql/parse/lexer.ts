import { failure } from '../errors.ts';

export type Token = {
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'bind' | 'symbol' | 'end';
  /** word, bind: upper case (a quoted bind name as it is); text: its characters; symbol: itself. */
  readonly value: string;
  readonly offset: number;
  /** Behind its last character. */
  readonly end: number;
};

const blank = /[\s\0]+/y;
const comment = /--[^\n]*|\/\*[\s\S]*?\*\//y;
const word = /\p{L}[\p{L}\p{N}\p{M}_$#]*/uy;
const number = /(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?:[fFdD](?![\p{L}\p{N}_$#]))?/uy;
const bindName = /:\s*(?:"([^"]*)"|(\d+|\p{L}[\p{L}\p{N}\p{M}_$#]*))/uy;
const symbol = /:=|\|\||<=|>=|<>|!=|\^=|=>|\*\*|\.\.|[()+\-*/,.;=<>@%:[\]{}|]/y;
const quotePairs: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')', '<': '>' };
const maxIdentifierBytes = 128;

/**
 * The tokens of a statement, comments and hints left out; the last one is `end`.
 * @throws OraError 911, 972, 1740, 1741, 1742, 1745, 1756
 */
export function lex(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const skipped = matchAt(blank, sql, at) ?? matchAt(comment, sql, at);
    if (skipped !== null) {
      at += skipped[0].length;
      continue;
    }
    if (sql.startsWith('/*', at)) throw failure(1742, at);
    const token = textAt(sql, at) ?? nameAt(sql, at) ?? otherAt(sql, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', value: '', offset: sql.length, end: sql.length });
  return tokens;
}

function matchAt(pattern: RegExp, sql: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(sql);
}

/** `'…'`, `N'…'`, `q'[…]'`, `Nq'[…]'`. */
function textAt(sql: string, at: number): Token | null {
  const prefix = /[nN]?[qQ]?'/y;
  const match = matchAt(prefix, sql, at);
  if (match === null) return null;
  const start = at + match[0].length;
  return /q/i.test(match[0]) ? alternativeText(sql, at, start) : plainText(sql, at, start);
}

function plainText(sql: string, at: number, start: number): Token {
  let value = '';
  let from = start;
  for (;;) {
    const close = sql.indexOf("'", from);
    if (close < 0) throw failure(1756, at);
    value += sql.slice(from, close);
    if (sql[close + 1] !== "'") return { kind: 'text', value, offset: at, end: close + 1 };
    value += "'";
    from = close + 2;
  }
}

function alternativeText(sql: string, at: number, start: number): Token {
  const open = sql[start];
  if (open === undefined || /\s/.test(open)) throw failure(1756, at);
  const closing = `${quotePairs[open] ?? open}'`;
  const close = sql.indexOf(closing, start + 1);
  if (close < 0) throw failure(1756, at);
  return { kind: 'text', value: sql.slice(start + 1, close), offset: at, end: close + 2 };
}

function nameAt(sql: string, at: number): Token | null {
  if (sql[at] === '"') {
    const close = sql.indexOf('"', at + 1);
    if (close < 0) throw failure(1740, at);
    return named('quoted', sql.slice(at + 1, close), { offset: at, end: close + 1 });
  }
  const match = matchAt(word, sql, at);
  if (match === null) return null;
  return named('word', match[0].toUpperCase(), { offset: at, end: at + match[0].length });
}

function named(kind: 'quoted' | 'word', value: string, place: { offset: number; end: number }): Token {
  if (value === '') throw failure(1741, place.offset);
  if (value.includes('\0')) throw failure(911, place.offset);
  if (Buffer.byteLength(value) > maxIdentifierBytes) throw failure(972, place.offset);
  return { kind, value, ...place };
}

function otherAt(sql: string, at: number): Token {
  const digits = matchAt(number, sql, at);
  if (digits !== null) return place('number', digits[0], at);
  if (sql[at] === ':' && sql[at + 1] !== '=') return bindAt(sql, at);
  const sign = matchAt(symbol, sql, at);
  if (sign === null) throw failure(911, at);
  return place('symbol', sign[0], at);
}

function bindAt(sql: string, at: number): Token {
  const match = matchAt(bindName, sql, at);
  if (match === null || match[1] === '') throw failure(1745, at);
  const value = match[1] ?? (match[2] ?? '').toUpperCase();
  return { kind: 'bind', value, offset: at, end: at + match[0].length };
}

function place(kind: Token['kind'], value: string, at: number): Token {
  return { kind, value, offset: at, end: at + value.length };
}
