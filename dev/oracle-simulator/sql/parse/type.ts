import type { OracleType, OracleTypeName } from '../../types.ts';
import { failure, unsupported } from '../errors.ts';
import {
  accept,
  acceptSymbol,
  advance,
  expect,
  expectSymbol,
  inParentheses,
  isSymbol,
  offsetOf,
  type Parser,
  peek,
  wholeNumber,
} from './parser.ts';

const longest: Readonly<Record<string, number>> = {
  VARCHAR2: 4000,
  NVARCHAR2: 2000,
  CHAR: 2000,
  NCHAR: 1000,
  RAW: 2000,
};
const longestInPlSql = 32767;
const binaryPrecisions: Readonly<Record<string, number>> = { REAL: 63, FLOAT: 126 };

const none = { precision: null, scale: null, length: null, unit: null } as const;

/** A data type, as in columns and CAST. @throws OraError 902, 906, 910, 1723, 1727, 1728, 30088 */
export function dataType(p: Parser): OracleType {
  const token = peek(p);
  if (token.kind !== 'word') throw failure(902, token.offset);
  advance(p);
  const type = characterType(p, token.value) ?? numberType(p, token.value) ?? timeType(p, token.value);
  if (type !== null) return type;
  if (
    token.value === 'XMLTYPE' ||
    token.value === 'JSON' ||
    token.value === 'BFILE' ||
    token.value === 'BOOLEAN'
  )
    throw unsupported(`data type ${token.value}`, token.offset);
  return otherType(p, token.value, token.offset);
}

function characterType(p: Parser, word: string): OracleType | null {
  switch (word) {
    case 'VARCHAR2':
    case 'VARCHAR':
      return sized(p, 'VARCHAR2', null);
    case 'NVARCHAR2':
      return sized(p, 'NVARCHAR2', null);
    case 'CHARACTER':
    case 'CHAR':
      return accept(p, 'VARYING') ? sized(p, 'VARCHAR2', null) : sized(p, 'CHAR', 1);
    case 'NCHAR':
      return accept(p, 'VARYING') ? sized(p, 'NVARCHAR2', null) : sized(p, 'NCHAR', 1);
    case 'RAW':
      return sized(p, 'RAW', null);
    default:
      return null;
  }
}

/** `standard`: the length without parentheses; null: they must be there. */
function sized(p: Parser, name: OracleTypeName, standard: number | null): OracleType {
  const offset = offsetOf(p);
  const national = name === 'NVARCHAR2' || name === 'NCHAR';
  const bytes = name === 'RAW';
  let length = standard;
  let unit: OracleType['unit'] = national ? 'CHAR' : 'BYTE';
  if (standard === null || isSymbol(peek(p), '(')) {
    length = inParentheses(p, () => {
      const given = wholeNumber(p);
      if (!national && !bytes) unit = accept(p, 'CHAR') ? 'CHAR' : accept(p, 'BYTE') ? 'BYTE' : 'BYTE';
      return given;
    });
  }
  if (length === 0) throw failure(1723, offset);
  const most = p.language === 'trigger' ? longestInPlSql : (longest[name] ?? 0);
  if (length !== null && length > most) throw failure(910, offset);
  return { ...none, name, length, unit: bytes ? null : unit };
}

function numberType(p: Parser, word: string): OracleType | null {
  switch (word) {
    case 'NUMBER':
    case 'NUMERIC':
    case 'DECIMAL':
    case 'DEC':
      return decimal(p, word);
    case 'INTEGER':
    case 'INT':
    case 'SMALLINT':
    case 'PLS_INTEGER':
    case 'BINARY_INTEGER':
      if (word.includes('_') && p.language !== 'trigger') return null;
      return { ...none, name: 'NUMBER', precision: 38, scale: 0 };
    case 'DOUBLE':
      expect(p, 'PRECISION');
      return { ...none, name: 'FLOAT', precision: 126 };
    case 'REAL':
    case 'FLOAT': {
      const digits =
        word === 'FLOAT' && isSymbol(peek(p), '(') ? inParentheses(p, () => wholeNumber(p)) : null;
      if (digits !== null && (digits < 1 || digits > 126)) throw failure(1727, offsetOf(p));
      return { ...none, name: 'FLOAT', precision: digits ?? binaryPrecisions[word] ?? null };
    }
    case 'BINARY_FLOAT':
    case 'BINARY_DOUBLE':
      return { ...none, name: word };
    default:
      return null;
  }
}

function decimal(p: Parser, word: string): OracleType {
  const whole = { ...none, name: 'NUMBER', precision: 38, scale: 0 } as const;
  const floating = { ...none, name: 'NUMBER' } as const;
  if (!acceptSymbol(p, '(')) return word === 'NUMBER' ? floating : whole;
  const offset = offsetOf(p);
  const precision = acceptSymbol(p, '*') ? null : wholeNumber(p);
  const scale = acceptSymbol(p, ',') ? signed(p) : null;
  expectSymbol(p, ')');
  if (precision !== null && (precision < 1 || precision > 38)) throw failure(1727, offset);
  if (scale !== null && (scale < -84 || scale > 127)) throw failure(1728, offset);
  if (precision === null) return scale === null ? floating : { ...whole, scale };
  return { ...none, name: 'NUMBER', precision, scale: scale ?? 0 };
}

function signed(p: Parser): number {
  return acceptSymbol(p, '-') ? -wholeNumber(p) : wholeNumber(p);
}

function timeType(p: Parser, word: string): OracleType | null {
  if (word === 'DATE') return { ...none, name: 'DATE' };
  if (word === 'INTERVAL') return intervalType(p);
  if (word !== 'TIMESTAMP') return null;
  const scale = digits(p, 6);
  if (!accept(p, 'WITH')) return { ...none, name: 'TIMESTAMP', scale };
  const local = accept(p, 'LOCAL');
  expect(p, 'TIME');
  expect(p, 'ZONE');
  return { ...none, name: local ? 'TIMESTAMP WITH LOCAL TIME ZONE' : 'TIMESTAMP WITH TIME ZONE', scale };
}

/** Behind INTERVAL: `YEAR(2) TO MONTH`, `DAY(2) TO SECOND(6)`. */
export function intervalType(p: Parser): OracleType {
  if (accept(p, 'YEAR')) {
    const precision = digits(p, 2);
    expect(p, 'TO');
    expect(p, 'MONTH');
    return { ...none, name: 'INTERVAL YEAR TO MONTH', precision };
  }
  expect(p, 'DAY');
  const precision = digits(p, 2);
  expect(p, 'TO');
  expect(p, 'SECOND');
  return { ...none, name: 'INTERVAL DAY TO SECOND', precision, scale: digits(p, 6) };
}

/** `(n)` of 0 to 9, or what stands for it. */
export function digits(p: Parser, standard: number): number {
  if (!isSymbol(peek(p), '(')) return standard;
  const offset = offsetOf(p);
  const given = inParentheses(p, () => wholeNumber(p));
  if (given > 9) throw failure(30088, offset);
  return given;
}

function otherType(p: Parser, word: string, offset: number): OracleType {
  switch (word) {
    case 'CLOB':
    case 'NCLOB':
    case 'BLOB':
    case 'ROWID':
      return { ...none, name: word };
    case 'UROWID':
      if (isSymbol(peek(p), '(')) inParentheses(p, () => wholeNumber(p));
      return { ...none, name: 'UROWID' };
    case 'LONG':
      return { ...none, name: accept(p, 'RAW') ? 'LONG RAW' : 'LONG' };
    default:
      throw failure(902, offset);
  }
}
