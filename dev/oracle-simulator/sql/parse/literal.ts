import type { Expression } from '../ast.ts';
import { failure } from '../errors.ts';
import {
  accept,
  acceptSymbol,
  advance,
  inParentheses,
  isWord,
  type Parser,
  peek,
  wholeNumber,
} from './parser.ts';

const fields = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND'];

/** `DATE '…'`, `TIMESTAMP '…'`, `INTERVAL '…' …` when one stands here. @throws OraError 1839, 1843, 1847, 1861, 1867 */
export function datetimeLiteral(p: Parser): Expression | null {
  const [keyword, text] = [peek(p), peek(p, 1)];
  if (text.kind !== 'text' || !isWord(keyword, 'DATE', 'TIMESTAMP', 'INTERVAL')) return null;
  p.at += 2;
  if (keyword.value === 'INTERVAL') return intervalLiteral(p, text.value, keyword.offset);
  const pattern =
    keyword.value === 'DATE'
      ? /^\s*(-?)(\d{1,4})-(\d{1,2})-(\d{1,2})\s*$/
      : /^\s*(-?)(\d{1,4})-(\d{1,2})-(\d{1,2})\s+(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{0,9})?\s*(\S.*)?$/;
  const match = pattern.exec(text.value);
  if (match === null) throw failure(1861, keyword.offset);
  checkDay(match, keyword.offset);
  const day = `${match[1]}${pad(match[2], 4)}-${pad(match[3])}-${pad(match[4])}`;
  if (keyword.value === 'DATE') return { kind: 'date', text: day };
  if (Number(match[5]) > 23) throw failure(1850, keyword.offset);
  if (Number(match[6]) > 59) throw failure(1851, keyword.offset);
  if (Number(match[7]) > 59) throw failure(1852, keyword.offset);
  const time = `${pad(match[5])}:${pad(match[6])}:${pad(match[7])}${match[8] === '.' ? '' : (match[8] ?? '')}`;
  return { kind: 'timestamp', text: `${day} ${time}`, zone: match[9]?.trim() ?? null };
}

function pad(digits: string | undefined, length = 2): string {
  return (digits ?? '').padStart(length, '0');
}

function checkDay(match: RegExpExecArray, offset: number): void {
  const [year, month, day] = [Number(match[2]), Number(match[3]), Number(match[4])];
  if (month < 1 || month > 12) throw failure(1843, offset);
  if (day < 1 || day > 31) throw failure(1847, offset);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (day > (lengths[month - 1] ?? 0)) throw failure(1839, offset);
}

function intervalLiteral(p: Parser, text: string, offset: number): Expression {
  const from = field(p);
  const to = accept(p, 'TO') ? field(p) : null;
  if (to !== null && !allowed(from, to)) throw failure(1867, offset);
  return { kind: 'interval', text, from, to };
}

function allowed(from: string, to: string): boolean {
  if (from === 'YEAR') return to === 'MONTH';
  return fields.indexOf(from) >= 2 && fields.indexOf(to) > fields.indexOf(from);
}

/** A field with its precision, which bounds but does not change it: `SECOND(2, 3)`. */
function field(p: Parser): string {
  const token = peek(p);
  if (token.kind !== 'word' || !fields.includes(token.value)) throw failure(905, token.offset);
  advance(p);
  const open = peek(p);
  if (open.kind === 'symbol' && open.value === '(') {
    inParentheses(p, () => {
      wholeNumber(p);
      if (acceptSymbol(p, ',')) wholeNumber(p);
    });
  }
  return token.value;
}
