/** Business rules: asked in their order about a row as it would be written, until one rejects or asks for approval. */
import type { Row, Value } from '../row.ts';
import type { Effects, FieldTexts } from './decision.ts';
import { own } from './facts.ts';
import { contextOf, isAsked, type Proposal, type QueryResults } from './proposal.ts';
import { textOfValue } from './rows-seen.ts';
import type { BusinessRule, RuleContext, RuleEffects, RuleOutcome } from './rules.ts';

/** A rule that was asked and let the change pass. `used`: fields that it gave values for. */
export type Spoken = { readonly rule: BusinessRule; readonly used: readonly string[] };

export type RulesSaid = { readonly effects: Effects } & (
  | { readonly kind: 'passed'; readonly proposed: FieldTexts; readonly spoken: readonly Spoken[] }
  | { readonly kind: 'reject'; readonly rule: string; readonly reason: string }
  | {
      readonly kind: 'approve';
      readonly rule: string;
      readonly reason: string;
      readonly role: string | null;
      readonly proposed: FieldTexts;
    }
  | { readonly kind: 'failed'; readonly rule: string; readonly cause: string }
);

/** Never throws: a rule that does rejects the change. */
export function runRules(rules: readonly BusinessRule[], start: Proposal, queries: QueryResults): RulesSaid {
  const effects: (RuleEffects & { readonly rule: string })[] = [];
  const spoken: Spoken[] = [];
  let proposal = start;
  for (const rule of rules) {
    if (!isAsked(rule, proposal)) continue;
    const asked = ask(rule, proposal, own(queries, rule.name) ?? {});
    if ('failure' in asked) return { kind: 'failed', rule: rule.name, cause: asked.failure, effects };
    effects.push(...effectsOf(rule.name, asked.outcome));
    const { outcome, values } = asked;
    const { proposed } = proposal;
    if (outcome.kind === 'reject') {
      return { kind: 'reject', rule: rule.name, reason: String(outcome.reason), effects };
    }
    if (outcome.kind === 'approve') {
      const { reason, role = null } = outcome;
      return { kind: 'approve', rule: rule.name, reason: String(reason), role, proposed, effects };
    }
    spoken.push({ rule, used: Object.keys(values) });
    proposal = { ...proposal, proposed: { ...proposed, ...values } };
  }
  return { kind: 'passed', proposed: proposal.proposed, spoken, effects };
}

type Asked = { readonly outcome: RuleOutcome; readonly values: FieldTexts } | { readonly failure: string };

function ask(rule: BusinessRule, proposal: Proposal, queries: RuleContext['queries']): Asked {
  try {
    const context = contextOf(proposal, queries);
    requireResults(rule, context);
    const outcome: RuleOutcome = rule.decide(context);
    if (!KINDS.has(outcome?.kind)) return { failure: 'it gave no outcome: accept, reject, use or approve' };
    return { outcome, values: outcome.kind === 'use' ? usedValues(outcome.values, proposal) : {} };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws the error of a query's parameters, which is why it could not be run. */
function requireResults(rule: BusinessRule, context: RuleContext): void {
  for (const [query, { params }] of Object.entries(rule.queries ?? {})) {
    if (Object.hasOwn(context.queries, query)) continue;
    params?.(context);
    throw new Error(`its query ${query} was not run`);
  }
}

const KINDS: ReadonlySet<unknown> = new Set(['accept', 'reject', 'use', 'approve']);

function usedValues(values: Partial<Row>, { operation, columns }: Proposal): FieldTexts {
  if (operation === 'delete') throw new TypeError('a delete takes no values');
  return Object.fromEntries(
    Object.entries(values).map(([field, value]: [string, Value | undefined]) => {
      const type = own(columns, field);
      if (type === undefined) throw new TypeError(`there is no column ${field}`);
      return [field, textOfValue(type, value)];
    }),
  );
}

function effectsOf(rule: string, outcome: RuleOutcome): Effects {
  const { audit, task, notice, backup } = outcome;
  if (audit === undefined && task === undefined && notice === undefined && backup === undefined) return [];
  return [
    {
      rule,
      ...(audit === undefined ? {} : { audit }),
      ...(task === undefined ? {} : { task }),
      ...(notice === undefined ? {} : { notice }),
      ...(backup === undefined ? {} : { backup }),
    },
  ];
}
