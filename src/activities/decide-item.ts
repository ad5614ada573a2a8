/** One change decided: the rows that its rules ask for, the decision, and how it is told. */
import { decideOutOfSight } from '../domain/access/judge-change.ts';
import { isSyncError } from '../domain/errors.ts';
import { type DecideInput, decideChange } from '../domain/upload/decide.ts';
import type { Decision, RowNow } from '../domain/upload/decision.ts';
import type { QueryResults } from '../domain/upload/proposal.ts';
import { type QueryToRun, queriesOfChange } from '../domain/upload/rule-queries.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import { verdictOf } from '../domain/upload/verdict.ts';
import type { LoadSession } from '../store/load-session.ts';
import { runRuleQuery } from '../store/rule-queries.ts';
import { columnTypes } from './prepare-change.ts';
import type { Item, UploadWork } from './upload-work.ts';

type Db = Pick<LoadSession['client'], 'query'>;

/** What rules and clocks are told of the change's author. */
export function factsOf(work: UploadWork, { mutation, key }: Item): Omit<DecideInput['context'], 'queries'> {
  return {
    entity: mutation.entity,
    key: key ?? mutation.row,
    device: mutation.device,
    user: mutation.user,
    permissions: new Set(mutation.permissions),
    approvedBy: [],
    node: work.node,
  };
}

/** @param at the row as it is, and where rules ask: in the transaction that holds its lock, if there is one. */
export async function decideItem(
  work: UploadWork,
  item: Item,
  at: { readonly now: RowNow; readonly db: Db },
): Promise<Decision> {
  const { plan, upload } = work.entity;
  const { now, db } = at;
  const { change, scope } = item.prepared;
  const outOfSight = decideOutOfSight(scope, change, now);
  if (outOfSight !== null) return outOfSight;
  const input = {
    spec: upload,
    columns: columnTypes(plan),
    change,
    now,
    context: factsOf(work, item),
  };
  const queries = await queryResults(db, queriesOfChange(input));
  return decideChange({ ...input, context: { ...input.context, queries } });
}

export type RuleRefused = { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** Of a row that nobody holds yet. `refused`: the query of a rule fails on this change, now and at every try. */
export async function decideUnlocked(
  work: UploadWork,
  item: Item,
  now: RowNow,
): Promise<Decision | RuleRefused> {
  try {
    return await decideItem(work, item, { now, db: work.deps.store.pool });
  } catch (error) {
    if (!isSyncError(error, 'RULE_QUERY_FAILED')) throw error;
    return { kind: 'refused', code: error.code, message: error.message };
  }
}

export async function queryResults(db: Db, wanted: readonly QueryToRun[]): Promise<QueryResults> {
  const results: Record<string, Record<string, QueryResults[string][string]>> = {};
  for (const query of wanted) {
    const rows = await runRuleQuery(db, query);
    results[query.rule] = { ...results[query.rule], [query.query]: rows };
  }
  return results;
}

/** @param version of the row that came of it. */
export function verdictOfItem({ decided }: Item, decision: Decision, version: string | null): StoredVerdict {
  const { status, fields, problem, policyIgnored, decidedBy, notices } = verdictOf(decision);
  return {
    status,
    ...(fields.length > 0 && { clashing: fields }),
    ...(decidedBy.length > 0 && { decidedBy }),
    ...(problem !== null && { code: problem.code, message: problem.message }),
    ...(decided !== undefined && { conflictId: decided.conflictId }),
    ...(version !== null && { version }),
    ...(notices.length > 0 && { notices }),
    ...(policyIgnored !== null && { policyIgnored }),
  };
}
