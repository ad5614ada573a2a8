/** The last two levels of a decision: business rules, then a human; and what is written in the end. */
import { clocksOfConfirmed, clocksOfTaken, clocksOfWrite } from './clocks.ts';
import { clockOfWhole, isNothingWritten, proposalOf, type SettleInput, toWrite } from './decide-input.ts';
import type { Clash, Decision, FieldTexts, RejectCode } from './decision.ts';
import { outcomesOf, wholeOutcomes } from './outcomes.ts';
import type { Open, Plan } from './plan.ts';
import { type RulesSaid, runRules, type Spoken } from './run-rules.ts';

/** A decision before the notes. */
export type Settled = Decision extends infer D ? (D extends Decision ? Omit<D, 'notes'> : never) : never;

export type Rejected = Extract<Settled, { kind: 'reject' }>;

/** Rules judge what would be written: where nothing would be, they are not asked. */
export function settle(plan: Plan, input: SettleInput): Settled {
  const proposal = proposalOf(plan, input);
  if (isNothingWritten(plan, input)) {
    return finish(plan, input, passed(plan.proposed));
  }
  const said = runRules(input.spec.rules, proposal, input.context.queries);
  if (said.kind === 'failed' || said.kind === 'reject') return rejected(said);
  if (said.kind === 'approve') {
    const { reason, role, effects, proposed, rule } = said;
    const asked = approval(plan, input, { open: plan.open, proposed });
    return { ...asked, by: [...asked.by, `rule:${rule}`], reason, role, effects };
  }
  return finish(plan, input, said);
}

function passed(proposed: FieldTexts): Passed {
  return { kind: 'passed', proposed, spoken: [], effects: [] };
}

type Passed = Extract<RulesSaid, { kind: 'passed' }>;

export function rejected(said: Extract<RulesSaid, { kind: 'failed' | 'reject' }>): Rejected {
  const { rule, effects } = said;
  const [code, message, cause]: [RejectCode, string, string | null] =
    said.kind === 'reject'
      ? ['RULE_REJECTED', said.reason, null]
      : ['RULE_FAILED', `Rule ${rule} failed on this change: ask who runs the server`, said.cause];
  return { kind: 'reject', code, message, cause, rule, effects };
}

function finish(plan: Plan, input: SettleInput, said: Passed): Settled {
  const left = plan.open.filter((open) => !isDecided(open, plan, said.spoken));
  const { proposed, effects } = said;
  if (left.length > 0) {
    const reason = left.map((open) => open.reason).join('; ');
    return { ...approval(plan, input, { open: left, proposed }), reason, role: null, effects };
  }
  if (plan.operation !== 'update') return writeWhole(plan, input, said);
  return writeFields(plan, input, said);
}

/**
 * A rule decides a clash when it gives a value for one of the fields, or accepts the device's and says in `fields`
 * that it is about one of them. Of a row that one side deleted, every rule that accepts decides.
 */
function isDecided(open: Open, plan: Plan, spoken: readonly Spoken[]): boolean {
  if (open.by === 'manual') return false;
  const ofWholeRow = plan.operation !== 'update';
  return spoken.some(
    ({ rule, used }) =>
      ofWholeRow || open.fields.some((field) => used.includes(field) || rule.fields?.includes(field)),
  );
}

type Approval = Omit<Extract<Settled, { kind: 'approve' }>, 'reason' | 'role' | 'effects'>;

function approval(
  plan: Plan,
  input: SettleInput,
  { open, proposed }: { readonly open: readonly Open[]; readonly proposed: FieldTexts },
): Approval {
  const drafts = open.flatMap(({ draft }) => (draft === null ? [] : [draft]));
  const clash: Clash | null =
    open.length === 0 || plan.clash === null
      ? null
      : { kind: plan.clash.kind, fields: open.flatMap(({ fields }) => fields) };
  return {
    kind: 'approve',
    operation: plan.operation,
    clash,
    by: [...new Set(open.map(({ by }) => by))],
    proposal: toWrite(plan.operation, proposed, input),
    draft: drafts.length === 0 ? null : Object.assign({}, ...drafts),
  };
}

function writeWhole(plan: Plan, input: SettleInput, { proposed, spoken, effects }: Passed): Settled {
  const outcomes = wholeOutcomes(plan, spoken);
  return {
    kind: 'write',
    operation: plan.operation,
    values: toWrite(plan.operation, proposed, input),
    clocks: clockOfWhole(input),
    merged: outcomes.some(({ took }) => took !== 'client'),
    outcomes,
    effects,
  };
}

function writeFields(plan: Plan, input: SettleInput, { proposed, spoken, effects }: Passed): Settled {
  const { change, now, columns, context } = input;
  if (now.state !== 'row') throw new RangeError('Fields are written into a row');
  const values = toWrite('update', proposed, input);
  const outcomes = outcomesOf(plan.units, { proposed, spoken, columns });
  const confirmed = clocksOfConfirmed(plan.confirmed, change, now.row);
  if (Object.keys(values).length === 0) {
    return { kind: 'serverWins', clash: plan.clash, clocks: confirmed, outcomes, effects };
  }
  const units = plan.units.map(({ unit }) => unit);
  const written = clocksOfWrite({ values, units, change, row: now.row, node: context.node });
  const ofClient = new Set(outcomes.filter(({ took }) => took === 'client').flatMap(({ fields }) => fields));
  const taken = units.filter(
    ({ clashes, fields }) => clashes && fields.every(({ field }) => ofClient.has(field)),
  );
  const raised = clocksOfTaken(taken, change, now.row);
  const saidBase = change.baseImage !== null || change.baseVersion !== null;
  const others = saidBase && plan.serverOnly.length > 0;
  return {
    kind: 'write',
    operation: 'update',
    values,
    clocks: { ...confirmed, ...raised, ...written },
    merged: others || outcomes.some(({ took }) => took !== 'client'),
    outcomes,
    effects,
  };
}
