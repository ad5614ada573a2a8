/** What business rules are asked about: a row as it would be written, and all that they may know of it. */
import type { Row } from '../row.ts';
import type { ColumnTypes, FieldTexts } from './decision.ts';
import { own } from './facts.ts';
import { seenRow, seenWholeRow } from './rows-seen.ts';
import type { BusinessRule, RuleContext } from './rules.ts';
import { sameValue } from './same-value.ts';

/** Who sends a change, as rules may ask. */
export type RuleFacts = Pick<
  RuleContext,
  'entity' | 'key' | 'device' | 'user' | 'permissions' | 'approvedBy'
>;

/** Rows of the rules' queries: by rule, by query. */
export type QueryResults = Readonly<Record<string, Readonly<Record<string, readonly Row[]>>>>;

/** What rules are asked about. */
export type Proposal = {
  readonly operation: 'insert' | 'update' | 'delete';
  readonly columns: ColumnTypes;
  /** null: there is no row. */
  readonly current: FieldTexts | null;
  readonly base: FieldTexts | null;
  readonly client: FieldTexts;
  /** The row as it would be written; of a delete, as it was. */
  readonly proposed: FieldTexts;
  readonly clashing: readonly string[];
  readonly facts: RuleFacts;
};

/** Fields of the proposal that differ from the row as it is. */
export function changedFields({ current, proposed, columns }: Proposal): string[] {
  return Object.keys(proposed).filter((field) => {
    const type = own(columns, field);
    const before = current === null ? undefined : own(current, field);
    return type !== undefined && (before === undefined || !sameValue(type, before, proposed[field] ?? null));
  });
}

/** A delete changes no field: it asks the rules that are asked on any change. */
export function isAsked(rule: BusinessRule, proposal: Proposal): boolean {
  if (rule.fields === undefined) return true;
  if (proposal.operation === 'delete') return false;
  const changed = new Set(changedFields(proposal));
  return rule.fields.some((field) => changed.has(field));
}

export function contextOf(proposal: Proposal, queries: RuleContext['queries']): RuleContext {
  const { operation, columns, current, base, client, proposed, clashing, facts } = proposal;
  return Object.freeze({
    ...facts,
    permissions: new Set(facts.permissions),
    approvedBy: Object.freeze([...facts.approvedBy]),
    operation,
    current: current === null ? null : seenWholeRow(current, columns),
    base: base === null ? null : seenRow(base, columns),
    client: seenRow(client, columns),
    proposed: seenWholeRow(proposed, columns),
    changed: operation === 'delete' ? [] : changedFields(proposal),
    clashing: [...clashing],
    queries,
  });
}
