import type { ConstraintRule, TableConstraint } from '../ddl-plan.ts';
import { failure, unsupported } from '../errors.ts';
import { condition } from './expression.ts';
import {
  accept,
  acceptOne,
  expect,
  inParentheses,
  isSymbol,
  isWord,
  name,
  nameList,
  offsetOf,
  type Parser,
  peek,
  sees,
  tableName,
} from './parser.ts';
import { skipUsingIndex } from './storage.ts';

export function startsConstraint(p: Parser): boolean {
  const token = peek(p);
  if (sees(p, 'PRIMARY', 'KEY') || sees(p, 'FOREIGN', 'KEY')) return true;
  if (isWord(token, 'CHECK')) return isSymbol(peek(p, 1), '(');
  return isWord(token, 'CONSTRAINT', 'UNIQUE');
}

/** A constraint of the table: `[CONSTRAINT name] PRIMARY KEY (…)` and so on. */
export function outOfLineConstraint(p: Parser): TableConstraint {
  const constraint = accept(p, 'CONSTRAINT') ? name(p) : null;
  return finished(p, constraint, tableRule(p));
}

function tableRule(p: Parser): ConstraintRule {
  if (accept(p, 'PRIMARY', 'KEY')) return { kind: 'primaryKey', columns: nameList(p) };
  if (accept(p, 'UNIQUE')) return { kind: 'unique', columns: nameList(p) };
  if (accept(p, 'CHECK')) return check(p);
  if (!accept(p, 'FOREIGN', 'KEY')) throw failure(904, offsetOf(p), `"${peek(p).value}"`);
  const columns = nameList(p);
  return foreignKey(p, columns);
}

/** A constraint behind a column. */
export function inlineConstraint(p: Parser, column: string): TableConstraint {
  const constraint = accept(p, 'CONSTRAINT') ? name(p) : null;
  return finished(p, constraint, columnRule(p, column));
}

function columnRule(p: Parser, column: string): ConstraintRule {
  if (accept(p, 'NOT', 'NULL')) return { kind: 'notNull' };
  if (accept(p, 'NULL')) return { kind: 'null' };
  if (accept(p, 'PRIMARY', 'KEY')) return { kind: 'primaryKey', columns: [column] };
  if (accept(p, 'UNIQUE')) return { kind: 'unique', columns: [column] };
  if (accept(p, 'CHECK')) return check(p);
  if (sees(p, 'REFERENCES')) return foreignKey(p, [column]);
  throw failure(2253, offsetOf(p));
}

function check(p: Parser): ConstraintRule {
  return inParentheses(p, () => {
    const start = offsetOf(p);
    const tested = condition(p);
    return { kind: 'check', condition: tested, text: p.text.slice(start, peek(p, -1).end) };
  });
}

function foreignKey(p: Parser, columns: readonly string[]): ConstraintRule {
  expect(p, 'REFERENCES');
  const table = tableName(p);
  const references = isSymbol(peek(p), '(') ? nameList(p) : [];
  return { kind: 'foreignKey', columns, table, references, onDelete: onDelete(p) };
}

function onDelete(p: Parser): 'NO ACTION' | 'CASCADE' | 'SET NULL' {
  if (!accept(p, 'ON', 'DELETE')) return 'NO ACTION';
  if (accept(p, 'CASCADE')) return 'CASCADE';
  expect(p, 'SET');
  expect(p, 'NULL', 908);
  return 'SET NULL';
}

/** With what may follow: when it is checked, its index, whether it is on. */
function finished(p: Parser, constraint: string | null, rule: ConstraintRule): TableConstraint {
  let deferrable: TableConstraint['deferrable'] = 'no';
  let disabled = false;
  for (;;) {
    if (accept(p, 'NOT', 'DEFERRABLE')) deferrable = 'no';
    else if (accept(p, 'DEFERRABLE')) deferrable = deferrable === 'deferred' ? 'deferred' : 'immediate';
    else if (accept(p, 'INITIALLY')) {
      const initially = acceptOne(p, 'DEFERRED', 'IMMEDIATE');
      if (initially === null) throw failure(905, offsetOf(p));
      if (initially === 'DEFERRED') deferrable = 'deferred';
    } else if (sees(p, 'USING', 'INDEX')) skipUsingIndex(p);
    else if (isState(p)) disabled = acceptOne(p, 'ENABLE', 'DISABLE') === 'DISABLE' || disabled;
    else if (acceptOne(p, 'VALIDATE', 'NOVALIDATE', 'RELY', 'NORELY') === null) break;
  }
  if (disabled && rule.kind !== 'check' && rule.kind !== 'foreignKey') {
    throw unsupported('a disabled key', offsetOf(p));
  }
  return { name: constraint, rule, deferrable, disabled };
}

/** ENABLE and DISABLE of the constraint; `ENABLE ROW MOVEMENT` belongs to the table. */
function isState(p: Parser): boolean {
  return isWord(peek(p), 'ENABLE', 'DISABLE') && !isWord(peek(p, 1), 'ROW');
}
