/**
 * Conflict detection: what a change means for the row as it is. Only fields that both sides changed since the base,
 * to different values, clash; fields of one group count as one.
 */
import type { Change, Clash, ColumnTypes, RowNow } from './decision.ts';
import { type FieldFacts, factsOf, fieldsSent } from './facts.ts';
import { sameValue } from './same-value.ts';
import type { MergeSpec } from './upload-spec.ts';
import { formatVersion } from './versions.ts';

/** A field, or the fields of a group, that are decided as one. */
export type Unit = {
  readonly fields: readonly FieldFacts[];
  /** Position in the spec's groups; null for a field of its own. */
  readonly group: number | null;
  readonly byClient: boolean;
  readonly byServer: boolean;
  readonly clashes: boolean;
};

export type Detection =
  /** The row is as the device wants it. `gone`: it wants it deleted. `confirmed`: fields that both set to one value. */
  | { readonly kind: 'nothing'; readonly gone: boolean; readonly confirmed: readonly FieldFacts[] }
  /** Nothing stands against it. */
  | { readonly kind: 'whole'; readonly operation: 'insert' | 'revive' | 'delete' }
  /** One side deleted the row that the other changed. */
  | { readonly kind: 'existence'; readonly clash: Clash; readonly server: 'row' | 'tombstone' | 'unknown' }
  | {
      readonly kind: 'fields';
      readonly clash: Clash | null;
      /** Units that either side changed. */
      readonly units: readonly Unit[];
      readonly confirmed: readonly FieldFacts[];
    };

export type DetectInput = {
  readonly change: Change;
  readonly now: RowNow;
  readonly columns: ColumnTypes;
  /** Fields that are decided as one. */
  readonly groups: readonly { readonly fields: readonly string[] }[];
  /** Fields to which both sides add: two equal changes are two. */
  readonly addsUp: (field: string) => boolean;
  readonly merge: Readonly<Record<string, MergeSpec>>;
};

export function detect(input: DetectInput): Detection {
  const { change, now } = input;
  if (change.operation === 'delete') return detectDelete(input);
  if (now.state !== 'row') return detectWithoutRow(change, now);
  const all = unitsOf(input);
  const units = all.filter(({ byClient, byServer }) => byClient || byServer);
  const clashing = units.filter(({ clashes }) => clashes);
  const confirmed = all.flatMap(({ fields, byServer, clashes }) =>
    clashes ? [] : fields.filter((facts) => (facts.byClient && byServer) || isAddition(facts, change)),
  );
  if (!units.some(({ byClient, byServer, clashes }) => byClient && (clashes || !byServer))) {
    return { kind: 'nothing', gone: false, confirmed };
  }
  return { kind: 'fields', clash: clashOf(change, clashing), units, confirmed };
}

/**
 * A value that the server has had all along, set by a device that did not say that it saw it: a row that it made anew
 * offline, say. It is as late as the device's clock, or an older change would pass later.
 */
function isAddition(facts: FieldFacts, { values, baseImage, baseVersion }: Change): boolean {
  const { field, byClient, byServer } = facts;
  const isUnseen = baseVersion === null && !Object.hasOwn(baseImage ?? {}, field);
  return isUnseen && Object.hasOwn(values, field) && !byClient && !byServer;
}

function clashOf(change: Change, clashing: readonly Unit[]): Clash | null {
  if (clashing.length === 0) return null;
  return {
    kind: isCreate(change) ? 'createCreate' : 'fields',
    fields: clashing.flatMap(({ fields }) => fields.map(({ field }) => field)),
  };
}

function detectDelete(input: DetectInput): Detection {
  const { now } = input;
  if (now.state !== 'row') return { kind: 'nothing', gone: true, confirmed: [] };
  const changed = unitsOf(input)
    .flatMap(({ fields }) => fields)
    .filter(({ byServer }) => byServer)
    .map(({ field }) => field);
  if (changed.length === 0) return { kind: 'whole', operation: 'delete' };
  return { kind: 'existence', clash: { kind: 'deleteUpdate', fields: changed }, server: 'row' };
}

/**
 * C14: who has a base, or says that it updates, knows a row that is gone: a clash, never an insert. A device that knows
 * the very delete may create the row again.
 */
function detectWithoutRow(change: Change, now: Exclude<RowNow, { state: 'row' }>): Detection {
  const knowsOfDelete =
    now.state === 'tombstone' &&
    change.baseVersion !== null &&
    formatVersion(change.baseVersion) === formatVersion(now.version);
  if (change.operation === 'insert' && (!hasBase(change) || knowsOfDelete)) {
    return { kind: 'whole', operation: now.state === 'tombstone' ? 'revive' : 'insert' };
  }
  return {
    kind: 'existence',
    clash: { kind: 'updateDelete', fields: fieldsSent(change) },
    server: now.state,
  };
}

/** A version alone is that of a deleted row, which the device makes anew. */
function isCreate({ operation, baseImage }: Change): boolean {
  return operation === 'insert' && baseImage === null;
}

function hasBase({ baseImage, baseVersion }: Change): boolean {
  return baseImage !== null || baseVersion !== null;
}

/** Every column is in one unit. */
function unitsOf({ change, now, columns, groups, addsUp, merge }: DetectInput): Unit[] {
  if (now.state !== 'row') return [];
  const facts = (field: string): FieldFacts => {
    const found = factsOf({ change, row: now.row, columns, merge }, field);
    return isCreate(change) ? asCreated(found, change) : found;
  };
  const known = groups.map(({ fields }) => fields.filter((field) => Object.hasOwn(columns, field)));
  const grouped = new Set(known.flat());
  const singles = Object.keys(columns).filter((field) => !grouped.has(field));
  return [
    ...known.map((fields, group) => unitOf(fields.map(facts), { group, addsUp })),
    ...singles.map((field) => unitOf([facts(field)], { group: null, addsUp })),
  ];
}

/** Of two rows created under one key neither is the other's base. */
function asCreated(facts: FieldFacts, change: Change): FieldFacts {
  const sent = Object.hasOwn(change.values, facts.field) ? change.values[facts.field] : undefined;
  const byClient = sent !== undefined || facts.operations.length > 0;
  return { ...facts, base: undefined, wanted: sent, byClient, byServer: byClient };
}

function unitOf(
  fields: readonly FieldFacts[],
  { group, addsUp }: { readonly group: number | null; readonly addsUp: DetectInput['addsUp'] },
): Unit {
  const byClient = fields.some((field) => field.byClient);
  const byServer = fields.some((field) => field.byServer);
  const differs = fields.some((field) => isDifferent(field) || (group === null && isSum(field, addsUp)));
  return { fields, group, byClient, byServer, clashes: byClient && byServer && differs };
}

/** A field of a group that the device did not speak of makes no difference by itself. */
function isDifferent({ type, current, wanted, byClient }: FieldFacts): boolean {
  return wanted === undefined ? byClient : !sameValue(type, wanted, current);
}

/** Without a base there is no knowing what a side added. */
function isSum({ field, base, byClient, byServer }: FieldFacts, addsUp: DetectInput['addsUp']): boolean {
  return byClient && byServer && base !== undefined && addsUp(field);
}
