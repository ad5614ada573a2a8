import type { AlterAction, AlterTable, DeclaredColumn, TableConstraint } from '../ddl-plan.ts';
import { failure, unsupported } from '../errors.ts';
import { inlineConstraint, outOfLineConstraint, startsConstraint } from './constraint.ts';
import { expression } from './expression.ts';
import {
  accept,
  acceptOne,
  commaList,
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
import { skipStorage } from './storage.ts';
import { columnDefinition } from './table.ts';
import { dataType } from './type.ts';

/** Behind ALTER TABLE. */
export function alterTable(p: Parser): AlterTable {
  const table = tableName(p);
  const actions: AlterAction[] = [];
  const start = p.at;
  while (peek(p).kind !== 'end') {
    const more = action(p);
    if (more === null && !skipStorage(p)) throw failure(peek(p).kind === 'word' ? 1735 : 933, offsetOf(p));
    actions.push(...(more ?? []));
  }
  if (p.at === start) throw failure(1735, offsetOf(p));
  return { kind: 'alterTable', table, actions, declared: actions.flatMap(declaredBy) };
}

function declaredBy(action: AlterAction): readonly DeclaredColumn[] {
  if (action.kind === 'addColumn') return [{ name: action.column.name, type: action.column.type }];
  return action.kind === 'modifyColumn' && action.type !== null
    ? [{ name: action.name, type: action.type }]
    : [];
}

function action(p: Parser): readonly AlterAction[] | null {
  if (accept(p, 'ADD')) return additions(p);
  if (accept(p, 'MODIFY')) return modifications(p);
  if (accept(p, 'DROP')) return drops(p);
  if (accept(p, 'SET', 'UNUSED')) return columnDrops(p);
  if (accept(p, 'RENAME')) return [renaming(p)];
  const refused = acceptOne(
    p,
    'ENABLE',
    'DISABLE',
    'MOVE',
    'SHRINK',
    'SPLIT',
    'EXCHANGE',
    'READ',
    'TRUNCATE',
  );
  if (refused === null) return null;
  if ((refused === 'ENABLE' || refused === 'DISABLE') && accept(p, 'ROW', 'MOVEMENT')) return [];
  throw unsupported(`ALTER TABLE … ${refused} ${peek(p).value}`.trim(), offsetOf(p));
}

function additions(p: Parser): AlterAction[] {
  accept(p, 'COLUMN');
  if (!isSymbol(peek(p), '(')) return [addition(p)];
  return inParentheses(p, () => commaList(p, () => addition(p)));
}

function addition(p: Parser): AlterAction {
  if (sees(p, 'SUPPLEMENTAL')) throw unsupported('supplemental logging', offsetOf(p));
  if (startsConstraint(p)) return { kind: 'addConstraint', constraint: outOfLineConstraint(p) };
  return { kind: 'addColumn', column: columnDefinition(p) };
}

function modifications(p: Parser): AlterAction[] {
  accept(p, 'COLUMN');
  if (sees(p, 'CONSTRAINT')) throw unsupported('MODIFY CONSTRAINT', offsetOf(p));
  if (!isSymbol(peek(p), '(')) return [modification(p)];
  return inParentheses(p, () => commaList(p, () => modification(p)));
}

function modification(p: Parser): AlterAction {
  const column = name(p);
  const own = isWord(
    peek(p),
    'DEFAULT',
    'NOT',
    'NULL',
    'CONSTRAINT',
    'CHECK',
    'UNIQUE',
    'PRIMARY',
    'REFERENCES',
  );
  const type = own ? null : dataType(p);
  const constraints: TableConstraint[] = [];
  let value: AlterAction & { kind: 'modifyColumn' } = {
    kind: 'modifyColumn',
    name: column,
    type,
    constraints,
  };
  for (;;) {
    if (accept(p, 'DEFAULT')) {
      if (sees(p, 'ON', 'NULL')) throw unsupported('MODIFY … DEFAULT ON NULL', offsetOf(p));
      value = { ...value, default: expression(p) };
    } else if (startsConstraint(p) || isWord(peek(p), 'NOT', 'NULL', 'REFERENCES')) {
      constraints.push(inlineConstraint(p, column));
    } else return value;
  }
}

function drops(p: Parser): AlterAction[] {
  if (accept(p, 'CONSTRAINT')) {
    return [{ kind: 'dropConstraint', name: name(p), cascade: cascadeOfKey(p) }];
  }
  if (accept(p, 'PRIMARY', 'KEY')) return [{ kind: 'dropPrimaryKey', cascade: cascadeOfKey(p) }];
  if (sees(p, 'UNIQUE') && isSymbol(peek(p, 1), '(')) {
    p.at++;
    const columns = nameList(p);
    cascadeOfKey(p);
    return [{ kind: 'dropUnique', columns }];
  }
  if (accept(p, 'UNUSED', 'COLUMNS')) return [];
  return columnDrops(p);
}

function cascadeOfKey(p: Parser): boolean {
  const cascade = accept(p, 'CASCADE');
  if (acceptOne(p, 'KEEP', 'DROP') !== null) expect(p, 'INDEX');
  return cascade;
}

function columnDrops(p: Parser): AlterAction[] {
  const names = accept(p, 'COLUMN') ? [name(p)] : nameList(p);
  const cascade = acceptOne(p, 'CASCADE') !== null;
  if (cascade) acceptOne(p, 'CONSTRAINTS', 'CONSTRAINT');
  acceptOne(p, 'INVALIDATE');
  return names.map((each) => ({ kind: 'dropColumn', name: each, cascade }));
}

function renaming(p: Parser): AlterAction {
  if (accept(p, 'TO')) return { kind: 'renameTable', to: name(p) };
  const what = acceptOne(p, 'COLUMN', 'CONSTRAINT');
  if (what === null) throw failure(905, offsetOf(p));
  const from = name(p);
  expect(p, 'TO', 946);
  const to = name(p);
  return what === 'COLUMN' ? { kind: 'renameColumn', from, to } : { kind: 'renameConstraint', from, to };
}
