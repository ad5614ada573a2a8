import type { Ddl } from '../ddl-plan.ts';
import { failure, unsupported } from '../errors.ts';
import { alterTable } from './alter-table.ts';
import { expression } from './expression.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  advance,
  commaList,
  expect,
  inParentheses,
  isSymbol,
  name,
  nameList,
  offsetOf,
  type Parser,
  peek,
  sees,
  tableName,
} from './parser.ts';
import { query } from './query.ts';
import { refuseFlashback } from './query-plan.ts';
import { sequenceOptions } from './sequence.ts';
import { skipAllStorage } from './storage.ts';
import { createTable } from './table.ts';
import { createTrigger } from './trigger.ts';
import { alterUser, createUser, dropUser, grant, revoke } from './user.ts';

/** DDL but ALTER SESSION and ALTER SYSTEM; null: something else stands here. */
export function ddl(p: Parser): Ddl | null {
  switch (acceptOne(p, 'CREATE', 'ALTER', 'DROP', 'TRUNCATE', 'COMMENT', 'GRANT', 'REVOKE', 'RENAME')) {
    case 'CREATE':
      return create(p);
    case 'ALTER':
      return alter(p);
    case 'DROP':
      return drop(p);
    case 'TRUNCATE':
      return truncate(p);
    case 'COMMENT':
      return comment(p);
    case 'GRANT':
      return grant(p);
    case 'REVOKE':
      return revoke(p);
    case 'RENAME':
      return rename(p);
    default:
      return null;
  }
}

function create(p: Parser): Ddl {
  const replace = accept(p, 'OR', 'REPLACE');
  while (
    acceptOne(p, 'EDITIONABLE', 'NONEDITIONABLE', 'FORCE', 'NOFORCE') !== null ||
    accept(p, 'NO', 'FORCE')
  );
  if (accept(p, 'VIEW')) return createView(p, replace);
  if (accept(p, 'TRIGGER')) return createTrigger(p, replace ? 'replace' : 'create');
  if (accept(p, 'SYNONYM')) return createSynonym(p, replace);
  if (replace) throw refusedObject(p, 922);
  if (accept(p, 'TABLE')) return createTable(p);
  if (accept(p, 'INDEX')) return createIndex(p, 'plain');
  if (accept(p, 'UNIQUE', 'INDEX')) return createIndex(p, 'unique');
  if (accept(p, 'SEQUENCE'))
    return { kind: 'createSequence', name: tableName(p), options: sequenceOptions(p) };
  if (accept(p, 'USER')) return createUser(p);
  throw refusedObject(p, 901);
}

const refusedObjects =
  `GLOBAL TEMPORARY PACKAGE PROCEDURE FUNCTION TYPE MATERIALIZED PUBLIC BITMAP CLUSTER CONTEXT DATABASE DIRECTORY
DIMENSION JAVA LIBRARY PRIVATE PROFILE ROLE TABLESPACE SYSTEM INDEX ROLLBACK EDITION OUTLINE OPERATOR SCHEMA`.split(
    /\s+/,
  );

/** ORA-00439 for what Oracle knows, `number` for what nobody knows. */
function refusedObject(p: Parser, number: number): Error {
  const token = peek(p);
  if (!refusedObjects.includes(token.value)) return failure(number, token.offset);
  return unsupported(`CREATE ${token.value}`, token.offset);
}

function createView(p: Parser, replace: boolean): Ddl {
  const view = tableName(p);
  const columns = isSymbol(peek(p), '(') ? nameList(p) : [];
  expect(p, 'AS');
  const shown = query(p);
  refuseFlashback(p);
  const readOnly = accept(p, 'WITH', 'READ', 'ONLY');
  if (sees(p, 'WITH', 'CHECK', 'OPTION')) throw unsupported('WITH CHECK OPTION', offsetOf(p));
  return { kind: 'createView', name: view, columns, query: shown, replace, readOnly };
}

function createSynonym(p: Parser, replace: boolean): Ddl {
  const synonym = tableName(p);
  expect(p, 'FOR');
  return { kind: 'createSynonym', name: synonym, target: tableName(p), replace };
}

function createIndex(p: Parser, kind: 'plain' | 'unique'): Ddl {
  const index = tableName(p, 953);
  expect(p, 'ON', 969);
  const table = tableName(p);
  const columns = inParentheses(p, () =>
    commaList(p, () => {
      const value = expression(p);
      return { value, direction: acceptOne(p, 'ASC', 'DESC') ?? ('ASC' as const) };
    }),
  );
  skipAllStorage(p);
  return { kind: 'createIndex', name: index, unique: kind === 'unique', table, columns };
}

function alter(p: Parser): Ddl {
  if (accept(p, 'TABLE')) return alterTable(p);
  if (accept(p, 'SEQUENCE')) return alterSequence(p);
  if (accept(p, 'USER')) return alterUser(p);
  if (accept(p, 'TRIGGER')) return alterTrigger(p);
  const known = [...refusedObjects, 'INDEX', 'VIEW', 'SYNONYM'];
  if (known.includes(peek(p).value)) throw unsupported(`ALTER ${peek(p).value}`, offsetOf(p));
  throw failure(940, offsetOf(p));
}

function alterTrigger(p: Parser): Ddl {
  const trigger = tableName(p, 4070);
  const action = acceptOne(p, 'ENABLE', 'DISABLE', 'COMPILE');
  if (action === null) throw unsupported(`ALTER TRIGGER ${peek(p).value}`, offsetOf(p));
  return { kind: 'alterTrigger', name: trigger, action };
}

function alterSequence(p: Parser): Ddl {
  const sequence = tableName(p);
  const restart = accept(p, 'RESTART');
  return { kind: 'alterSequence', name: sequence, options: sequenceOptions(p), restart };
}

function drop(p: Parser): Ddl {
  if (accept(p, 'USER')) return dropUser(p);
  const object = acceptOne(p, 'TABLE', 'VIEW', 'INDEX', 'SEQUENCE', 'TRIGGER', 'SYNONYM');
  if (object === null) {
    if (refusedObjects.includes(peek(p).value)) throw unsupported(`DROP ${peek(p).value}`, offsetOf(p));
    throw failure(950, offsetOf(p));
  }
  const dropped = tableName(p);
  const cascade = (object === 'TABLE' || object === 'VIEW') && accept(p, 'CASCADE', 'CONSTRAINTS');
  acceptOne(p, 'PURGE', 'FORCE', 'ONLINE');
  return { kind: 'dropObject', object, name: dropped, cascade };
}

function truncate(p: Parser): Ddl {
  expect(p, 'TABLE');
  const table = tableName(p);
  while (acceptOne(p, 'DROP', 'REUSE', 'PRESERVE', 'PURGE') !== null) {
    acceptOne(p, 'STORAGE', 'ALL', 'MATERIALIZED');
    acceptOne(p, 'STORAGE', 'VIEW');
    acceptOne(p, 'LOG');
  }
  return { kind: 'truncate', table, cascade: accept(p, 'CASCADE') };
}

function comment(p: Parser): Ddl {
  expect(p, 'ON', 969);
  const on = acceptOne(p, 'TABLE', 'COLUMN');
  if (on === null) throw unsupported(`COMMENT ON ${peek(p).value}`, offsetOf(p));
  const offset = offsetOf(p);
  const path = [name(p)];
  while (acceptSymbol(p, '.')) path.push(name(p));
  const column = on === 'COLUMN' ? (path.pop() ?? null) : null;
  const [schema, table] = path.length > 1 ? [path[0], path[1]] : [null, path[0]];
  if (table === undefined || path.length > 2) throw failure(903, offset);
  expect(p, 'IS');
  const text = advance(p);
  if (text.kind !== 'text') throw failure(1780, text.offset);
  return {
    kind: 'comment',
    table: { schema: schema ?? null, name: table, offset },
    column,
    text: text.value,
  };
}

function rename(p: Parser): Ddl {
  const from = tableName(p);
  expect(p, 'TO', 946);
  return { kind: 'rename', from, to: name(p) };
}
