import type { Statement } from '../types.ts';
import { failure, unsupported } from './errors.ts';
import { blockPlan } from './parse/block.ts';
import { ddl } from './parse/ddl.ts';
import { bindTargets, dmlPlan } from './parse/dml.ts';
import { operand } from './parse/expression.ts';
import {
  accept,
  createParser,
  expectEnd,
  isSymbol,
  isWord,
  offsetOf,
  type Parser,
  peek,
} from './parse/parser.ts';
import { query } from './parse/query.ts';
import { queryPlan } from './parse/query-plan.ts';
import { alterSession, lockPlan, transactionPlan } from './parse/session.ts';
import type { StatementPlan } from './plan.ts';

/** A statement of the dialect: `plan` is a StatementPlan. */
export type ParsedStatement = Statement & { readonly plan: StatementPlan };

/**
 * Reads one statement. Pure: no catalog is asked.
 * @throws OraError of the 900 family, 439 for what Oracle has and the simulator has not, 6550 in blocks; with offset.
 */
export function parseStatement(sql: string): ParsedStatement {
  const p = createParser(sql, { operand, query });
  const plan = statementPlan(p);
  expectEnd(p);
  if (p.language === 'ddl' && p.binds.length > 0) throw failure(1027, 0);
  return {
    text: sql,
    kind: kindOf(plan),
    binds: p.binds,
    returningBinds: plan.kind === 'dml' ? plan.returning : 0,
    plan,
  };
}

function kindOf(plan: StatementPlan): Statement['kind'] {
  return plan.kind === 'query' || plan.kind === 'dml' || plan.kind === 'block' ? plan.kind : 'other';
}

const refusedStatements = [
  'EXPLAIN',
  'ANALYZE',
  'AUDIT',
  'NOAUDIT',
  'FLASHBACK',
  'PURGE',
  'ASSOCIATE',
  'ADMINISTER',
];

function statementPlan(p: Parser): StatementPlan {
  const token = peek(p);
  if (isWord(token, 'SELECT', 'WITH') || isSymbol(token, '(')) return queryPlan(p);
  if (isWord(token, 'INSERT', 'UPDATE', 'DELETE', 'MERGE')) return dmlWithBinds(p);
  if (p.language === 'block') return blockPlan(p);
  if (accept(p, 'ALTER', 'SESSION')) return alterSession(p);
  if (accept(p, 'LOCK')) return lockPlan(p);
  const plan = transactionPlan(p);
  if (plan !== null) return plan;
  const defined = ddl(p);
  if (defined !== null) return { kind: 'ddl', ddl: defined };
  // It would write to PLAN_TABLE, which is not here.
  if (isWord(token, 'EXPLAIN')) throw failure(942, token.offset);
  if (isWord(token, ...refusedStatements)) throw unsupported(token.value, token.offset);
  throw failure(900, offsetOf(p));
}

function dmlWithBinds(p: Parser): StatementPlan {
  const offset = offsetOf(p);
  let into = 0;
  const plan = dmlPlan(p, (parser) => {
    into = bindTargets(parser).length;
  });
  if (into < plan.returning) throw failure(947, offset);
  if (into > plan.returning) throw failure(913, offset);
  return plan;
}
