/** Did the row move since a conflict was shown to a human (C17), and what is to be shown now? */
import type { ColumnTypes, FieldTexts, RowNow } from './decision.ts';
import type { Detection, Unit } from './detect.ts';
import { own } from './facts.ts';
import { detectFor, operationOf, type PlanInput, rowOfClient } from './plan.ts';
import { clientSide, decideUnit } from './policies.ts';
import type { HumanDecision, OpenConflict } from './resolution.ts';
import { sameValue } from './same-value.ts';
import { formatVersion } from './versions.ts';

/** Fields that the decision speaks of and that are not as they were; all of them when the row came or went. */
export function movedFields(input: PlanInput, conflict: OpenConflict, decision: HumanDecision): string[] {
  const { columns, now } = input;
  const fields = fieldsAtStake(input, conflict, decision);
  const { snapshot } = conflict;
  if (snapshot.state === 'row' && now.state === 'row') {
    return fields.filter((field) => !isSame(columns, field, [snapshot.row.values, now.row.values]));
  }
  return isSameAbsence(snapshot, now) ? [] : fields;
}

function isSame(columns: ColumnTypes, field: string, [then, now]: [FieldTexts, FieldTexts]): boolean {
  const type = own(columns, field);
  return type !== undefined && sameValue(type, own(then, field) ?? null, own(now, field) ?? null);
}

function isSameAbsence(snapshot: RowNow, now: RowNow): boolean {
  if (snapshot.state === 'tombstone' && now.state === 'tombstone') {
    return formatVersion(snapshot.version) === formatVersion(now.version);
  }
  return snapshot.state === 'unknown' && now.state === 'unknown';
}

/** Who lets a row be deleted, or come back, decides on all of it. Groups are decided as one. */
function fieldsAtStake(
  { columns, spec }: PlanInput,
  conflict: OpenConflict,
  decision: HumanDecision,
): string[] {
  if (conflict.operation !== 'update') return Object.keys(columns);
  const named = [
    ...(conflict.clash?.fields ?? []),
    ...Object.keys(conflict.proposal),
    ...(decision.decision === 'merged' ? Object.keys(decision.fields) : []),
  ];
  const groups = spec.groups.filter(({ fields }) => fields.some((field) => named.includes(field)));
  const all = new Set([...named, ...groups.flatMap(({ fields }) => fields)]);
  return [...all].filter((field) => Object.hasOwn(columns, field));
}

export type Reopened = { readonly conflict: OpenConflict; readonly draft: FieldTexts | null };

/** The same change against the row as it is now. null: the row is as the device wants it. */
export function reopen(input: PlanInput): Reopened | null {
  const { now } = input;
  const detection = detectFor(input);
  if (detection.kind === 'nothing') return null;
  if (detection.kind === 'fields') return reopenFields(input, detection);
  const operation = detection.kind === 'whole' ? detection.operation : operationOf(detection.server);
  const proposal = operation === 'delete' ? {} : rowOfClient(input, operation).values;
  const clash = detection.kind === 'whole' ? null : detection.clash;
  return { conflict: { operation, clash, proposal, snapshot: now }, draft: null };
}

function reopenFields(input: PlanInput, detection: Extract<Detection, { kind: 'fields' }>): Reopened {
  const units = detection.units.filter(
    ({ byClient, byServer, clashes }) => byClient && (clashes || !byServer),
  );
  const { clash } = detection;
  const proposal = Object.assign({}, ...units.map(changedSide)) as FieldTexts;
  const drafts = units.flatMap((unit) => draftOf(unit, input));
  return {
    conflict: { operation: 'update', clash, proposal, snapshot: input.now },
    draft: drafts.length === 0 ? null : Object.assign({}, ...drafts),
  };
}

function changedSide(unit: Unit): FieldTexts {
  const side = clientSide(unit);
  const changed = unit.fields.filter(
    ({ field, type, current }) =>
      Object.hasOwn(side, field) && !sameValue(type, current, side[field] ?? null),
  );
  return Object.fromEntries(changed.map(({ field }) => [field, side[field] ?? null]));
}

function draftOf(unit: Unit, input: PlanInput): FieldTexts[] {
  if (input.now.state !== 'row') return [];
  const decided = decideUnit(unit, { ...input, row: input.now.row });
  return decided.kind === 'open' && decided.draft !== null ? [decided.draft] : [];
}
