/** Which queries have to be run before a change can be decided: rules are pure, so their rows are handed to them. */
import type { Value } from '../row.ts';
import { type FactsInput, isNothingWritten, proposalOf } from './decide-input.ts';
import { resolutionProposal } from './decide-resolution.ts';
import { plan } from './plan.ts';
import { contextOf, isAsked, type Proposal } from './proposal.ts';
import type { ResolutionInput } from './resolution.ts';
import type { BusinessRule, RuleQuery } from './rules.ts';

export type QueryToRun = {
  readonly rule: string;
  readonly query: string;
  readonly sql: string;
  readonly params: readonly Value[];
};

/**
 * The rules that would be asked: those about fields that would change, and all after the first of them, because it
 * may change more.
 */
export function rulesToAsk(rules: readonly BusinessRule[], proposal: Proposal): readonly BusinessRule[] {
  const first = rules.findIndex((rule) => isAsked(rule, proposal));
  return first === -1 ? [] : rules.slice(first);
}

/** For decideChange. */
export function queriesOfChange(input: FactsInput): QueryToRun[] {
  const planned = plan(input);
  if (planned.kind !== 'plan' || isNothingWritten(planned.plan, input)) return [];
  return queriesOf(input.spec.rules, proposalOf(planned.plan, input));
}

/** For decideResolution. */
export function queriesOfResolution(input: Omit<ResolutionInput, 'context'> & FactsInput): QueryToRun[] {
  const proposal = resolutionProposal(input);
  return proposal === null ? [] : queriesOf(input.spec.rules, proposal);
}

/** A query whose parameters cannot be made is left out: the rule then fails, and says why. */
function queriesOf(rules: readonly BusinessRule[], proposal: Proposal): QueryToRun[] {
  const context = contextOf(proposal, {});
  return rulesToAsk(rules, proposal).flatMap((rule) =>
    Object.entries(rule.queries ?? {}).flatMap(([query, spec]) => {
      const params = paramsOf(spec, context);
      return params === null ? [] : [{ rule: rule.name, query, sql: spec.sql, params }];
    }),
  );
}

function paramsOf(
  { params }: RuleQuery,
  context: Parameters<NonNullable<RuleQuery['params']>>[0],
): readonly Value[] | null {
  try {
    return params?.(context) ?? [];
  } catch {
    return null;
  }
}
