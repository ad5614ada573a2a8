import { failure, unsupported } from '../errors.ts';
import type { LockPlan, SessionPlan, TransactionPlan } from '../plan.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  advance,
  commaList,
  expect,
  expectSymbol,
  name,
  offsetOf,
  type Parser,
  peek,
  sees,
  tableName,
} from './parser.ts';
import { waiting } from './query-plan.ts';

/** COMMIT, ROLLBACK, SAVEPOINT, SET TRANSACTION, SET CONSTRAINTS; null: something else stands here. */
export function transactionPlan(p: Parser): TransactionPlan | null {
  switch (acceptOne(p, 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'SET')) {
    case 'COMMIT':
      return commit(p);
    case 'ROLLBACK':
      return rollback(p);
    case 'SAVEPOINT':
      return { kind: 'transaction', action: 'savepoint', name: name(p) };
    case 'SET':
      return setStatement(p);
    default:
      return null;
  }
}

function commit(p: Parser): TransactionPlan {
  accept(p, 'WORK');
  if (accept(p, 'COMMENT')) advance(p);
  if (accept(p, 'WRITE')) {
    while (acceptOne(p, 'IMMEDIATE', 'BATCH', 'WAIT', 'NOWAIT') !== null);
  }
  if (sees(p, 'FORCE')) throw unsupported('COMMIT FORCE', offsetOf(p));
  return { kind: 'transaction', action: 'commit' };
}

function rollback(p: Parser): TransactionPlan {
  accept(p, 'WORK');
  if (sees(p, 'FORCE')) throw unsupported('ROLLBACK FORCE', offsetOf(p));
  if (!accept(p, 'TO')) return { kind: 'transaction', action: 'rollback' };
  accept(p, 'SAVEPOINT');
  return { kind: 'transaction', action: 'rollbackTo', name: name(p) };
}

function setStatement(p: Parser): TransactionPlan {
  if (accept(p, 'TRANSACTION')) return setTransaction(p);
  if (acceptOne(p, 'CONSTRAINT', 'CONSTRAINTS') === null) {
    throw unsupported(`SET ${peek(p).value}`, offsetOf(p));
  }
  const names = accept(p, 'ALL') ? [] : commaList(p, () => tableName(p));
  const mode = acceptOne(p, 'IMMEDIATE', 'DEFERRED');
  if (mode === null) throw failure(905, offsetOf(p));
  return { kind: 'transaction', action: 'constraints', names, mode };
}

function setTransaction(p: Parser): TransactionPlan {
  const mode = transactionMode(p);
  const named = accept(p, 'NAME');
  if (named && advance(p).kind !== 'text') throw failure(905, offsetOf(p));
  if (mode === null && !named) throw failure(905, offsetOf(p));
  return { kind: 'transaction', action: 'set', mode: mode ?? 'read committed' };
}

function transactionMode(p: Parser): 'read only' | 'read write' | 'serializable' | 'read committed' | null {
  if (accept(p, 'READ', 'ONLY')) return 'read only';
  if (accept(p, 'READ', 'WRITE')) return 'read write';
  if (!accept(p, 'ISOLATION')) return null;
  expect(p, 'LEVEL');
  if (accept(p, 'SERIALIZABLE')) return 'serializable';
  if (accept(p, 'READ', 'COMMITTED')) return 'read committed';
  throw failure(905, offsetOf(p));
}

/** Behind ALTER SESSION. */
export function alterSession(p: Parser): SessionPlan {
  if (accept(p, 'SET')) return { kind: 'session', action: 'set', settings: settings(p) };
  if (accept(p, 'DISABLE', 'COMMIT', 'IN', 'PROCEDURE')) return { kind: 'session', action: 'disableCommit' };
  if (accept(p, 'ENABLE', 'COMMIT', 'IN', 'PROCEDURE')) return { kind: 'session', action: 'enableCommit' };
  const verb = acceptOne(p, 'ENABLE', 'DISABLE', 'FORCE');
  if (verb === null || !accept(p, 'PARALLEL')) throw failure(922, offsetOf(p));
  // How much of the server works for a statement changes no result.
  acceptOne(p, 'DML', 'DDL', 'QUERY');
  return { kind: 'session', action: 'set', settings: [] };
}

function settings(p: Parser): { name: string; value: string }[] {
  const all: { name: string; value: string }[] = [];
  while (peek(p).kind === 'word') {
    const parameter = advance(p).value;
    if (parameter === 'EVENTS') throw unsupported('ALTER SESSION SET EVENTS', offsetOf(p));
    expectSymbol(p, '=');
    all.push({ name: parameter, value: settingValue(p) });
  }
  if (all.length === 0) throw failure(922, offsetOf(p));
  return all;
}

function settingValue(p: Parser): string {
  const sign = acceptSymbol(p, '-') ? '-' : '';
  const token = peek(p);
  if (token.kind === 'symbol' || token.kind === 'end' || token.kind === 'bind')
    throw failure(922, token.offset);
  advance(p);
  return sign + token.value;
}

/** Behind LOCK. */
export function lockPlan(p: Parser): LockPlan {
  expect(p, 'TABLE');
  const tables = commaList(p, () => tableName(p));
  expect(p, 'IN');
  const mode = lockMode(p);
  expect(p, 'MODE');
  const wait = waiting(p);
  if (wait.kind === 'skipLocked') throw failure(933, offsetOf(p));
  return { kind: 'lock', tables, mode, wait };
}

function lockMode(p: Parser): LockPlan['mode'] {
  if (accept(p, 'ROW', 'SHARE') || accept(p, 'SHARE', 'UPDATE')) return 'ROW SHARE';
  if (accept(p, 'ROW', 'EXCLUSIVE')) return 'ROW EXCLUSIVE';
  if (accept(p, 'SHARE', 'ROW', 'EXCLUSIVE')) return 'SHARE ROW EXCLUSIVE';
  if (accept(p, 'SHARE')) return 'SHARE';
  expect(p, 'EXCLUSIVE', 905);
  return 'EXCLUSIVE';
}
