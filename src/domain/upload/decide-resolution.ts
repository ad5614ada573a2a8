/**
 * A human's decision of a conflict, checked again against the row as it is by now (C17): what was decided is written
 * exactly; where the row moved, the conflict opens again with the new state.
 */
import { rowClock, serverClock } from './clocks.ts';
import { invalid } from './decide.ts';
import { currentTexts, type FactsInput, proposalOf, toWrite } from './decide-input.ts';
import type { Clocks, FieldOutcome, WriteOperation } from './decision.ts';
import { hlcOfWrite } from './hlc.ts';
import type { Proposal } from './proposal.ts';
import { movedFields, reopen } from './reopen.ts';
import type { Resolution, ResolutionInput } from './resolution.ts';
import type { BusinessRule, RuleOutcome } from './rules.ts';
import { type RulesSaid, runRules } from './run-rules.ts';
import { rejected } from './settle.ts';
import { ALL_OTHER_FIELDS } from './versions.ts';

const NOTES = { policyIgnored: null };

export function decideResolution(input: ResolutionInput): Resolution {
  const wrong = invalidDecision(input);
  if (wrong !== null) return { notes: NOTES, ...invalid(wrong) };
  const moved = movedFields(input, input.conflict, input.decision);
  if (moved.length > 0) {
    const reopened = reopen(input);
    if (reopened === null) return { notes: NOTES, kind: 'same', clocks: {} };
    return { notes: NOTES, kind: 'reopen', moved, ...reopened };
  }
  const proposal = resolutionProposal(input);
  return proposal === null ? serverSide(input) : writeDecided(input, proposal);
}

type Decided = Omit<ResolutionInput, 'context'> & FactsInput;

/** What the decision would write; null when the row stays as it is. */
export function resolutionProposal(input: Decided): Proposal | null {
  const { conflict, decision } = input;
  if (decision.decision === 'server') return null;
  const { clash } = conflict;
  const current = currentTexts(input.now) ?? {};
  if (decision.decision === 'client') {
    const { operation, proposal } = conflict;
    const proposed = operation === 'update' ? { ...current, ...proposal } : proposal;
    return proposalOf({ operation, clash, proposed: operation === 'delete' ? current : proposed }, input);
  }
  const unopposed = Object.entries(conflict.proposal).filter(([field]) => !clash?.fields.includes(field));
  const values = conflict.operation === 'update' ? Object.fromEntries(unopposed) : conflict.proposal;
  const proposed = { ...current, ...values, ...decision.fields };
  return proposalOf({ operation: operationMerged(conflict.operation), clash, proposed }, input);
}

/** A row that somebody gives values for is not deleted. */
function operationMerged(operation: WriteOperation): WriteOperation {
  return operation === 'delete' ? 'update' : operation;
}

function invalidDecision({ conflict, decision, columns, spec }: ResolutionInput): string | null {
  if (decision.decision !== 'merged') return null;
  const { fields } = decision;
  const clashing = conflict.clash?.kind === 'deleteUpdate' ? [] : (conflict.clash?.fields ?? []);
  const missing = clashing.filter((field) => !Object.hasOwn(fields, field));
  if (missing.length > 0) return `fields lacks ${missing.join(', ')}: give a value for every clashing field`;
  const known = new Set([...clashing, ...Object.keys(conflict.proposal), ...spec.writable]);
  const unknown = Object.keys(fields).find((field) => !Object.hasOwn(columns, field) || !known.has(field));
  if (unknown !== undefined) return `fields names ${unknown}, which this conflict cannot write`;
  return Object.keys(fields).length === 0 ? 'fields is empty: give the values to write' : null;
}

function serverSide(input: ResolutionInput): Resolution {
  const { clash } = input.conflict;
  const fields = clash?.fields ?? Object.keys(input.conflict.proposal);
  const outcomes: FieldOutcome[] = [{ fields, took: 'server', by: 'approval' }];
  const clocks = input.now.state === 'row' ? clocksOf(clash?.fields ?? [], input) : clockOfAbsence(input);
  return { notes: NOTES, kind: 'serverWins', clash, clocks, outcomes, effects: [] };
}

/**
 * Rules may still refuse: permissions end, and humans type values. What they would have used was decided. Of an approval
 * that nobody gave, time gives none: the server's side stays.
 */
function writeDecided(input: ResolutionInput, proposal: Proposal): Resolution {
  const rules = input.spec.rules.map((rule) => vetoOnly(rule, input));
  const said = runRules(rules, proposal, input.context.queries);
  if (said.kind === 'failed' || said.kind === 'reject') return { notes: NOTES, ...rejected(said) };
  if (said.kind === 'approve') return isByTime(input) ? serverSide(input) : unapproved(said);
  const { conflict, decision } = input;
  const isMerged = decision.decision === 'merged';
  const operation = isMerged ? operationMerged(conflict.operation) : conflict.operation;
  const values = toWrite(operation, proposal.proposed, input);
  const decided = [...(conflict.clash?.fields ?? []), ...Object.keys(values)];
  const clocks = operation === 'update' ? clocksOf(decided, input) : clockOfAbsence(input);
  const outcomes: FieldOutcome[] = [
    { fields: [...new Set(decided)], took: isMerged ? 'merged' : 'client', by: 'approval' },
  ];
  const { effects } = said;
  if (operation === 'update' && Object.keys(values).length === 0) {
    return { notes: NOTES, kind: 'serverWins', clash: conflict.clash, clocks, outcomes, effects };
  }
  return { notes: NOTES, kind: 'write', operation, values, clocks, merged: isMerged, outcomes, effects };
}

function vetoOnly(rule: BusinessRule, input: ResolutionInput): BusinessRule {
  const decide = (...asked: Parameters<BusinessRule['decide']>): RuleOutcome => {
    const outcome = rule.decide(...asked);
    const isDecided = outcome?.kind === 'use' || (outcome?.kind === 'approve' && isApproved(outcome, input));
    return isDecided ? { ...effectsOnly(outcome), kind: 'accept' } : outcome;
  };
  return { ...rule, decide };
}

/** By a person at all; where the rule names a role, by one who has it or was let stand for it. */
function isApproved(
  { role }: Extract<RuleOutcome, { kind: 'approve' }>,
  input: Pick<ResolutionInput, 'context' | 'askedRole'>,
): boolean {
  if (isByTime(input)) return false;
  return role === undefined || role === input.askedRole || input.context.approvedBy.includes(role);
}

function isByTime({ context }: Pick<ResolutionInput, 'context'>): boolean {
  return context.approvedBy.length === 0;
}

function unapproved({ rule, reason, role, effects }: Extract<RulesSaid, { kind: 'approve' }>): Resolution {
  const message = `${reason}: somebody with role ${role} has to decide`;
  return { notes: NOTES, kind: 'reject', code: 'RULE_REJECTED', message, cause: null, rule, effects };
}

function effectsOnly(outcome: RuleOutcome): Omit<RuleOutcome, 'kind'> {
  const { kind: _, ...rest } = outcome;
  return rest;
}

function clocksOf(fields: readonly string[], { now, decidedAt, context }: ResolutionInput): Clocks {
  if (now.state !== 'row') return {};
  return Object.fromEntries(
    [...new Set(fields)].map((field) => [
      field,
      hlcOfWrite({ client: decidedAt, replaced: serverClock(now.row, field), node: context.node }),
    ]),
  );
}

/** Of a row that is made, deleted or stays deleted. */
function clockOfAbsence({ now, decidedAt, context }: ResolutionInput): Clocks {
  const replaced = now.state === 'row' ? rowClock(now.row) : now.state === 'tombstone' ? now.hlc : null;
  return { [ALL_OTHER_FIELDS]: hlcOfWrite({ client: decidedAt, replaced, node: context.node }) };
}
