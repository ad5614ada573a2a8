/** The first two levels of a decision: what does not clash is merged, what does goes to the policies of its fields. */
import type {
  Change,
  Clash,
  ColumnTypes,
  CurrentRow,
  FieldTexts,
  RowNow,
  WriteOperation,
} from './decision.ts';
import { type Detection, detect, type Unit } from './detect.ts';
import { decideExistence } from './existence.ts';
import { type FieldFacts, own, wholeRow } from './facts.ts';
import { decideUnit, policyOfField, type UnitDecision } from './policies.ts';
import type { Policy, UploadSpec } from './upload-spec.ts';

export type PlanInput = {
  readonly spec: UploadSpec;
  /** Of the columns that take part: all that the mirror has of the row, but not its own bookkeeping. */
  readonly columns: ColumnTypes;
  readonly change: Change;
  readonly now: RowNow;
};

export type DecidedUnit = { readonly unit: Unit; readonly decision: UnitDecision };

/** A clash that goes to the next levels. */
export type Open = {
  readonly by: 'rules' | 'manual';
  readonly fields: readonly string[];
  readonly draft: FieldTexts | null;
  readonly reason: string;
};

export type Plan = {
  readonly operation: WriteOperation;
  readonly clash: Clash | null;
  /** The row as it would be written; of a delete, as it is. Of what is open, the client's side. */
  readonly proposed: FieldTexts;
  readonly units: readonly DecidedUnit[];
  /** Units that only the server changed. */
  readonly serverOnly: readonly Unit[];
  readonly confirmed: readonly FieldFacts[];
  readonly open: readonly Open[];
  /** Of a whole row: the policy by which the client's side is taken. */
  readonly by: 'noClash' | Policy;
};

export type Planned =
  | { readonly kind: 'nothing'; readonly gone: boolean; readonly confirmed: readonly FieldFacts[] }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'serverWins'; readonly clash: Clash; readonly by: Policy }
  | { readonly kind: 'plan'; readonly plan: Plan };

export function plan(input: PlanInput): Planned {
  const invalid = invalidChange(input);
  if (invalid !== null) return { kind: 'invalid', message: invalid };
  const detection = detectFor(input);
  switch (detection.kind) {
    case 'nothing':
      return detection;
    case 'whole':
      return planWhole(input, detection.operation);
    case 'existence':
      return planExistence(input, detection);
    case 'fields':
      return planFields(input, detection);
  }
}

function invalidChange({ change, columns }: PlanInput): string | null {
  const unknown = [change.values, change.operations]
    .flatMap((fields) => Object.keys(fields))
    .find((field) => !Object.hasOwn(columns, field));
  return unknown === undefined ? null : `There is no column ${unknown}`;
}

export function detectFor({ spec, columns, change, now }: PlanInput): Detection {
  const { groups, merge } = spec;
  const addsUp = (field: string): boolean =>
    own(merge, field)?.kind === 'counter' && policyOfField(field, spec, change.policy) === 'merge';
  return detect({ change, now, columns, groups, merge, addsUp });
}

const NOTHING = { units: [], serverOnly: [], confirmed: [], open: [] };

function planWhole(input: PlanInput, operation: 'insert' | 'revive' | 'delete'): Planned {
  const { values, unknown } = rowOfClient(input, operation);
  if (unknown.length > 0) {
    return { kind: 'invalid', message: `${unknown.join(', ')}: operations need the value that they change` };
  }
  return {
    kind: 'plan',
    plan: { ...NOTHING, operation, clash: null, proposed: values, by: 'noClash' },
  };
}

function planExistence(input: PlanInput, detection: Extract<Detection, { kind: 'existence' }>): Planned {
  const { clash, server } = detection;
  const operation = operationOf(server);
  const { values, unknown } = rowOfClient(input, operation);
  const decided = decideExistence(input, clash);
  if (decided.took === 'server') return { kind: 'serverWins', clash, by: decided.by };
  const left = decided.took === 'open' || unknown.length > 0;
  const by = decided.by === 'rules' && unknown.length === 0 ? 'rules' : 'manual';
  const reason = server === 'row' ? 'The row changed since the device saw it' : 'The row was deleted';
  const open: Open[] = left ? [{ by, fields: clash.fields, draft: null, reason }] : [];
  return { kind: 'plan', plan: { ...NOTHING, operation, clash, proposed: values, open, by: decided.by } };
}

/** What taking the client's side does to a row that one side deleted. */
export function operationOf(server: RowNow['state']): 'delete' | 'revive' | 'insert' {
  return server === 'row' ? 'delete' : server === 'tombstone' ? 'revive' : 'insert';
}

export function rowOfClient(
  { change, columns, spec, now }: PlanInput,
  operation: WriteOperation,
): ReturnType<typeof wholeRow> {
  if (operation === 'delete') return { values: now.state === 'row' ? now.row.values : {}, unknown: [] };
  const { values, unknown } = wholeRow({ change, columns, merge: spec.merge });
  const known = Object.entries(values).filter(([field]) => Object.hasOwn(columns, field));
  return { values: Object.fromEntries(known), unknown };
}

function planFields(input: PlanInput, detection: Extract<Detection, { kind: 'fields' }>): Planned {
  const { row } = input.now as { readonly row: CurrentRow };
  const { clash, units, confirmed } = detection;
  const invalid = units.flatMap(({ fields }) => fields).find((facts) => facts.invalid !== null);
  if (invalid !== undefined) return { kind: 'invalid', message: `${invalid.field}: ${invalid.invalid}` };
  const active = units.filter(({ byClient, byServer, clashes }) => byClient && (clashes || !byServer));
  const decided = active.map((unit) => ({ unit, decision: decideUnit(unit, { ...input, row }) }));
  const proposed = Object.assign({}, row.values, ...decided.map(({ decision }) => decision.values));
  return {
    kind: 'plan',
    plan: {
      operation: 'update',
      clash,
      proposed,
      units: decided,
      serverOnly: units.filter(({ byClient }) => !byClient),
      confirmed,
      open: decided.flatMap(openOf),
      by: 'noClash',
    },
  };
}

function openOf({ unit, decision }: DecidedUnit): Open[] {
  if (decision.kind === 'taken') return [];
  const { by, draft, reason } = decision;
  return [{ by, draft, reason, fields: unit.fields.map(({ field }) => field) }];
}
