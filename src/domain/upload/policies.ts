/** Policies of fields: which side a clash of one field, or of a group, goes to; and what is left open. */
import { isClientLater } from './clocks.ts';
import type { Change, CurrentRow, FieldTexts } from './decision.ts';
import type { Unit } from './detect.ts';
import { type FieldFacts, own } from './facts.ts';
import { mergeField } from './merge-field.ts';
import type { Policy, UploadSpec } from './upload-spec.ts';

export type UnitDecision =
  | {
      readonly kind: 'taken';
      readonly took: 'client' | 'server' | 'merged';
      readonly by: 'noClash' | Policy;
      readonly values: FieldTexts;
    }
  /** Left to the next levels: business rules, then a human. `values`: the client's side, as far as it is known. */
  | {
      readonly kind: 'open';
      readonly by: 'rules' | 'manual';
      readonly values: FieldTexts;
      readonly draft: FieldTexts | null;
      readonly reason: string;
    };

export type PolicyContext = {
  readonly spec: UploadSpec;
  readonly change: Change;
  readonly row: CurrentRow;
};

/**
 * The policy that counts for rows, and for fields without one of their own. A device chooses only among those that it
 * may, and only here: a field or group that the configuration names a policy for keeps it.
 */
export function defaultPolicy(
  spec: UploadSpec,
  asked: Policy | null,
): { policy: Policy; ignored: Policy | null } {
  if (asked === null) return { policy: spec.policy, ignored: null };
  return spec.clientMayChoose.includes(asked)
    ? { policy: asked, ignored: null }
    : { policy: spec.policy, ignored: asked };
}

/** Of a field that is in no group. */
export function policyOfField(field: string, spec: UploadSpec, asked: Policy | null): Policy {
  return own(spec.fieldPolicies, field) ?? defaultPolicy(spec, asked).policy;
}

function policyOf(unit: Unit, { spec, change }: PolicyContext): Policy {
  if (unit.group === null) return policyOfField(unit.fields[0]?.field ?? '', spec, change.policy);
  return spec.groups[unit.group]?.policy ?? defaultPolicy(spec, change.policy).policy;
}

/** Of units that the device changed. */
export function decideUnit(unit: Unit, context: PolicyContext): UnitDecision {
  return unit.clashes
    ? byPolicy(policyOf(unit, context), unit, context)
    : { kind: 'taken', took: 'client', by: 'noClash', values: clientSide(unit) };
}

function byPolicy(policy: Policy, unit: Unit, context: PolicyContext): UnitDecision {
  switch (policy) {
    case 'clientWins':
      return takeClient(unit, policy);
    case 'serverWins':
      return { kind: 'taken', took: 'server', by: policy, values: {} };
    case 'lastWriteWins':
      return isClientLater(unit, context.change, context.row)
        ? takeClient(unit, policy)
        : { kind: 'taken', took: 'server', by: policy, values: {} };
    case 'merge':
      return merge(unit, context);
    case 'rules':
      return open(unit, { by: 'rules', reason: `No rule decides ${names(unit)}` });
    case 'manual':
      return open(unit, { by: 'manual', reason: `Both sides changed ${names(unit)}` });
  }
}

/** A group is taken whole: not without a field of it that the device neither sent nor saw. */
function takeClient(unit: Unit, by: Policy): UnitDecision {
  const unknown = unit.fields.find(({ wanted }) => wanted === undefined);
  if (unknown === undefined) return { kind: 'taken', took: 'client', by, values: clientSide(unit) };
  return open(unit, { by: 'manual', reason: `The device did not say what it has in ${unknown.field}` });
}

function merge(unit: Unit, context: PolicyContext): UnitDecision {
  const [facts] = unit.fields as readonly [FieldFacts];
  const spec = unit.group === null ? own(context.spec.merge, facts.field) : undefined;
  if (spec === undefined) {
    return mergeFailed(unit, context, { reason: `Nothing says how ${names(unit)} merges`, draft: null });
  }
  const { change, row } = context;
  const merged = mergeField(spec, facts, { clientIsLater: isClientLater(unit, change, row) });
  if (merged.kind === 'merged') {
    return { kind: 'taken', took: 'merged', by: 'merge', values: { [facts.field]: merged.text } };
  }
  const draft = merged.draft === undefined ? null : { [facts.field]: merged.draft };
  return mergeFailed(unit, context, { reason: `${facts.field}: ${merged.reason}`, draft });
}

function mergeFailed(
  unit: Unit,
  context: PolicyContext,
  failure: { readonly reason: string; readonly draft: FieldTexts | null },
): UnitDecision {
  const next = context.spec.onFailedMerge ?? 'manual';
  const decided = byPolicy(next, unit, context);
  return decided.kind === 'open' ? { ...decided, ...failure } : decided;
}

function open(unit: Unit, { by, reason }: { by: 'rules' | 'manual'; reason: string }): UnitDecision {
  return { kind: 'open', by, values: clientSide(unit), draft: null, reason };
}

/** What the device wants in the fields of a unit, as far as anybody knows. */
export function clientSide(unit: Unit): FieldTexts {
  return Object.fromEntries(
    unit.fields.flatMap(({ field, wanted }) => (wanted === undefined ? [] : [[field, wanted]])),
  );
}

function names(unit: Unit): string {
  return unit.fields.map(({ field }) => field).join(' and ');
}
