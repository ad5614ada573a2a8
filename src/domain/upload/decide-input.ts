/** What a decision is made from, and what it would write into the row. */
import { clockOfRow, rowClock } from './clocks.ts';
import type { Clocks, FieldTexts, RowNow, WriteOperation } from './decision.ts';
import type { Plan, PlanInput } from './plan.ts';
import { changedFields, type Proposal, type QueryResults, type RuleFacts } from './proposal.ts';

export type DecideContext = RuleFacts & {
  /** Rows of the queries of the rules that `queriesOf` names. */
  readonly queries: QueryResults;
  /** Whose clock ticks where a change is written over a later one. */
  readonly node: string;
};

/** Enough to know what the rules would be asked. */
export type FactsInput = PlanInput & { readonly context: RuleFacts };

export type SettleInput = PlanInput & { readonly context: DecideContext };

export function currentTexts(now: RowNow): FieldTexts | null {
  return now.state === 'row' ? now.row.values : null;
}

export function proposalOf(
  plan: Pick<Plan, 'operation' | 'proposed' | 'clash'>,
  input: FactsInput,
): Proposal {
  const { change, columns, now, context } = input;
  return {
    operation: plan.operation === 'revive' ? 'insert' : plan.operation,
    columns,
    current: currentTexts(now),
    base: change.baseImage,
    client: change.values,
    proposed: plan.proposed,
    clashing: plan.clash?.fields ?? [],
    facts: context,
  };
}

/** An update of no field; deletes and new rows are written always. */
export function isNothingWritten(plan: Plan, input: FactsInput): boolean {
  return plan.operation === 'update' && changedFields(proposalOf(plan, input)).length === 0;
}

/** What a write of this row as it should be has to change. */
export function toWrite(operation: WriteOperation, proposed: FieldTexts, input: SettleInput): FieldTexts {
  if (operation === 'delete') return {};
  if (operation !== 'update') return proposed;
  const changed = changedFields(proposalOf({ operation, proposed, clash: null }, input));
  return Object.fromEntries(changed.map((field) => [field, proposed[field] ?? null]));
}

export function clockOfWhole({ change, now, context }: SettleInput): Clocks {
  const replaced = now.state === 'row' ? rowClock(now.row) : now.state === 'tombstone' ? now.hlc : null;
  return clockOfRow(change, replaced, context.node);
}
