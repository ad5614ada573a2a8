import type { AsOf, Condition, Query, TableReference } from '../ast.ts';
import { failure, unsupported } from '../errors.ts';
import { condition, simpleExpression } from './expression.ts';
import {
  accept,
  acceptOne,
  advance,
  commaList,
  expect,
  expectSymbol,
  inParentheses,
  isName,
  isSymbol,
  isWord,
  nameList,
  nested,
  offsetOf,
  type Parser,
  peek,
  sees,
  tableName,
} from './parser.ts';
import { wordsAfterTable } from './words.ts';

const scnTables = ['V$DATABASE', 'GV$DATABASE', 'V_$DATABASE', 'GV_$DATABASE'];

const maxJoins = 500;

/** What FROM lists. */
export function tableReferences(p: Parser): TableReference[] {
  return commaList(p, () => joinedTables(p));
}

function joinedTables(p: Parser): TableReference {
  return nested(p, () => {
    let left = tableFactor(p);
    for (let count = 0; ; count++) {
      const join = joinWith(p, left);
      if (join === null) return left;
      if (count >= maxJoins) throw failure(3001, offsetOf(p), `more than ${maxJoins} joins`);
      left = join;
    }
  });
}

function joinWith(p: Parser, left: TableReference): TableReference | null {
  const plain = { kind: 'join', natural: false, left, on: null, using: [] } as const;
  if (accept(p, 'CROSS', 'JOIN')) return { ...plain, type: 'CROSS', right: tableFactor(p) };
  if (accept(p, 'CROSS', 'APPLY')) return { ...plain, type: 'CROSS', right: lateral(p) };
  if (accept(p, 'OUTER', 'APPLY')) return { ...plain, type: 'LEFT', right: lateral(p) };
  const start = p.at;
  const natural = accept(p, 'NATURAL');
  const type = acceptOne(p, 'INNER', 'LEFT', 'RIGHT', 'FULL');
  if (type !== null && type !== 'INNER') accept(p, 'OUTER');
  if (!accept(p, 'JOIN')) {
    if (p.at !== start) throw failure(905, offsetOf(p));
    return null;
  }
  const right = tableFactor(p);
  const matching = natural ? { on: null, using: [] } : joinCondition(p);
  return { kind: 'join', type: type ?? 'INNER', natural, left, right, ...matching };
}

function joinCondition(p: Parser): { readonly on: Condition | null; readonly using: readonly string[] } {
  if (accept(p, 'USING')) return { on: null, using: nameList(p) };
  expect(p, 'ON');
  return { on: condition(p), using: [] };
}

function lateral(p: Parser): TableReference {
  const query = inParentheses(p, () => p.grammar.query(p));
  return { kind: 'inline', query, lateral: true, alias: tableAlias(p) };
}

/** One table: a name, a subquery, or joins in parentheses. Without aliases of joins. */
export function tableFactor(p: Parser): TableReference {
  if (accept(p, 'LATERAL')) return lateral(p);
  const token = peek(p);
  if (isSymbol(token, '(')) return parenthesised(p);
  if (isWord(token, 'TABLE', 'XMLTABLE', 'JSON_TABLE', 'ONLY', 'THE') && isSymbol(peek(p, 1), '(')) {
    throw unsupported(`${token.value} in FROM`, token.offset);
  }
  const table = tableName(p);
  if (isSymbol(peek(p), '(')) throw unsupported('table functions', table.offset);
  refuseClauses(p);
  const asOf = flashback(p);
  if (scnTables.includes(table.name)) p.asksScn = true;
  p.tables.push({ table, asOf });
  const alias = tableAlias(p);
  refuseClauses(p);
  return { kind: 'table', table, alias, asOf };
}

function refuseClauses(p: Parser): void {
  const words = ['PARTITION', 'SUBPARTITION', 'SAMPLE', 'VERSIONS', 'PIVOT', 'UNPIVOT', 'MATCH_RECOGNIZE'];
  const token = peek(p);
  if (!isWord(token, ...words)) return;
  const followed = isSymbol(peek(p, 1), '(') || isWord(peek(p, 1), 'BETWEEN', 'BLOCK', 'XML', 'INCLUDE');
  if (followed) throw unsupported(`${token.value} of a table`, token.offset);
}

function flashback(p: Parser): AsOf | null {
  if (!accept(p, 'AS', 'OF')) return null;
  const kind = acceptOne(p, 'SCN', 'TIMESTAMP');
  if (kind === null) throw failure(905, offsetOf(p));
  const expression = simpleExpression(p);
  return { kind: kind === 'SCN' ? 'scn' : 'timestamp', expression };
}

/** An alias. Oracle takes no AS in front of a table's. */
export function tableAlias(p: Parser): string | null {
  if (sees(p, 'AS')) throw failure(933, offsetOf(p));
  const token = peek(p);
  if (!isName(token) || (token.kind === 'word' && wordsAfterTable.has(token.value))) return null;
  return advance(p).value;
}

function parenthesised(p: Parser): TableReference {
  return nested(p, () => {
    if (holdsQuery(p)) {
      const query: Query = inParentheses(p, () => p.grammar.query(p));
      return { kind: 'inline', query, lateral: false, alias: tableAlias(p) };
    }
    expectSymbol(p, '(');
    const inner = joinedTables(p);
    expectSymbol(p, ')');
    return inner;
  });
}

/** Whether this parenthesis is around a query, as in `((SELECT …) UNION (SELECT …))`, or around joined tables. */
function holdsQuery(p: Parser): boolean {
  const first = peek(p, 1);
  if (isWord(first, 'SELECT', 'WITH')) return true;
  if (!isSymbol(first, '(')) return false;
  const behind = peek(p, closingOf(p, 1) + 1);
  let depth = 1;
  while (isSymbol(peek(p, depth), '(')) depth++;
  if (!isWord(peek(p, depth), 'SELECT', 'WITH')) return false;
  return isSymbol(behind, ')') || isWord(behind, 'UNION', 'INTERSECT', 'MINUS', 'ORDER', 'OFFSET', 'FETCH');
}

/** How far ahead the parenthesis closes that opens `ahead` from here; the end where it does not. */
function closingOf(p: Parser, ahead: number): number {
  let depth = 0;
  for (let at = ahead; p.at + at < p.tokens.length; at++) {
    if (isSymbol(peek(p, at), '(')) depth++;
    if (isSymbol(peek(p, at), ')') && --depth === 0) return at;
  }
  return p.tokens.length - 1 - p.at;
}
