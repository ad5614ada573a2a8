import type { AsOf, Condition, Expression, Query, TableName } from '../ast.ts';
import { failure, unsupported } from '../errors.ts';
import { lex, type Token } from './lexer.ts';
import { reservedWords } from './words.ts';

/** The state of one parse. Productions are functions that take it and move `at`. */
export type Parser = {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Index of the token to be read. */
  at: number;
  depth: number;
  /** Blocks have one bind per name, SQL one per occurrence. `trigger`: `:NEW`, `:OLD` instead of binds. */
  readonly language: 'sql' | 'block' | 'trigger' | 'ddl';
  readonly binds: string[];
  /** Tables read, for what holds for all of a statement's tables. */
  readonly tables: { readonly table: TableName; readonly asOf: AsOf | null }[];
  readonly commonTables: Set<string>;
  /** Names of `:NEW` and `:OLD` as REFERENCING has them. */
  readonly rowNames: Map<string, 'NEW' | 'OLD'>;
  asksScn: boolean;
  /** Reads the targets of the SELECT … INTO that comes next; null: none is allowed here. */
  readInto: ((p: Parser) => void) | null;
  readonly grammar: Grammar;
};

/** Productions that contain one another across files. */
export type Grammar = {
  readonly operand: (p: Parser) => Expression | Condition;
  readonly query: (p: Parser) => Query;
};

const maxDepth = 150;

export function createParser(text: string, grammar: Grammar): Parser {
  const tokens = lex(text);
  return {
    text,
    tokens,
    at: 0,
    depth: 0,
    language: languageOf(tokens),
    binds: [],
    tables: [],
    commonTables: new Set(),
    rowNames: new Map([
      ['NEW', 'NEW'],
      ['OLD', 'OLD'],
    ]),
    asksScn: false,
    readInto: null,
    grammar,
  };
}

const ddlWords = ['CREATE', 'ALTER', 'DROP', 'TRUNCATE', 'COMMENT', 'GRANT', 'REVOKE', 'RENAME'];

function languageOf(tokens: readonly Token[]): Parser['language'] {
  const words = tokens.slice(0, 5).map((token) => (token.kind === 'word' ? token.value : ''));
  const first = words[0] ?? '';
  if (['BEGIN', 'DECLARE', 'CALL'].includes(first) || tokens[0]?.value === '<') return 'block';
  if (first === 'CREATE' && words.slice(1).includes('TRIGGER')) return 'trigger';
  return ddlWords.includes(first) ? 'ddl' : 'sql';
}

/** Runs a production that may contain itself; so deep that the stack is safe. */
export function nested<T>(p: Parser, production: () => T): T {
  if (p.depth >= maxDepth) throw failure(3001, offsetOf(p), `nesting deeper than ${maxDepth}`);
  p.depth++;
  const result = production();
  p.depth--;
  return result;
}

export function peek(p: Parser, ahead = 0): Token {
  const token = p.tokens[Math.min(p.at + ahead, p.tokens.length - 1)];
  if (token === undefined) throw failure(900, 0);
  return token;
}

export function offsetOf(p: Parser): number {
  return peek(p).offset;
}

export function advance(p: Parser): Token {
  const token = peek(p);
  if (token.kind !== 'end') p.at++;
  return token;
}

export function isWord(token: Token, ...words: readonly string[]): boolean {
  return token.kind === 'word' && words.includes(token.value);
}

export function isSymbol(token: Token, symbol: string): boolean {
  return token.kind === 'symbol' && token.value === symbol;
}

/** Whether these words come next, in this order. */
export function sees(p: Parser, ...words: readonly string[]): boolean {
  return words.every((word, index) => isWord(peek(p, index), word));
}

/** Takes these words if they come next, in this order. */
export function accept(p: Parser, ...words: readonly string[]): boolean {
  if (!sees(p, ...words)) return false;
  p.at += words.length;
  return true;
}

/** Takes one of these words, if one comes next. */
export function acceptOne<Word extends string>(p: Parser, ...words: readonly Word[]): Word | null {
  const found = words.find((word) => isWord(peek(p), word));
  if (found !== undefined) p.at++;
  return found ?? null;
}

export function expect(p: Parser, word: string, number = 905): void {
  if (!accept(p, word)) throw failure(number, offsetOf(p), word);
}

export function acceptSymbol(p: Parser, symbol: string): boolean {
  if (!isSymbol(peek(p), symbol)) return false;
  p.at++;
  return true;
}

export function expectSymbol(p: Parser, symbol: string, number?: number): void {
  if (!acceptSymbol(p, symbol)) throw failure(number ?? numberOfMissing(symbol), offsetOf(p));
}

function numberOfMissing(symbol: string): number {
  if (symbol === '(') return 906;
  if (symbol === ')') return 907;
  return symbol === '=' ? 927 : 917;
}

/** `(…)` around a production. */
export function inParentheses<T>(p: Parser, production: () => T): T {
  expectSymbol(p, '(');
  const result = production();
  expectSymbol(p, ')');
  return result;
}

export function commaList<T>(p: Parser, production: () => T): T[] {
  const items = [production()];
  while (acceptSymbol(p, ',')) items.push(production());
  return items;
}

export function isName(token: Token): boolean {
  return token.kind === 'quoted' || (token.kind === 'word' && !reservedWords.has(token.value));
}

/** An identifier. @throws OraError `number` (904) where there is none. */
export function name(p: Parser, number = 904): string {
  const token = peek(p);
  if (!isName(token)) throw failure(number, token.offset, token.kind === 'word' ? `"${token.value}"` : '');
  p.at++;
  return token.value;
}

/** `table`, `schema.table`. @throws OraError 903 */
export function tableName(p: Parser, number = 903): TableName {
  const offset = offsetOf(p);
  const first = name(p, number);
  const second = acceptSymbol(p, '.') ? name(p, number) : null;
  if (isSymbol(peek(p), '@')) throw unsupported('database links', offsetOf(p));
  return second === null ? { schema: null, name: first, offset } : { schema: first, name: second, offset };
}

/** Names in parentheses: `(a, b)`. */
export function nameList(p: Parser): string[] {
  return inParentheses(p, () => commaList(p, () => name(p)));
}

/** A whole number, as written. */
export function wholeNumber(p: Parser): number {
  const token = peek(p);
  if (token.kind !== 'number' || !/^\d{1,9}$/.test(token.value)) throw failure(922, token.offset);
  p.at++;
  return Number(token.value);
}

/** Index of a bind in the statement. @throws OraError 1027 in DDL, 1745 for reserved words. */
export function bindIndex(p: Parser, token: Token): number {
  if (p.language === 'ddl') throw failure(1027, token.offset);
  const unquoted = p.text[token.end - 1] !== '"';
  if (p.language === 'sql' && unquoted && reservedWords.has(token.value)) throw failure(1745, token.offset);
  const known = p.language === 'block' ? p.binds.indexOf(token.value) : -1;
  return known >= 0 ? known : p.binds.push(token.value) - 1;
}

/** @throws OraError 933 unless the statement ends here. */
export function expectEnd(p: Parser): void {
  const token = peek(p);
  if (token.kind !== 'end') throw failure(933, token.offset);
}
