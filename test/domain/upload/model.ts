/**
 * A little server that carries out what decideChange decides, and devices that edit offline: the model that histories
 * of edits are played on.
 */
import { decideChange } from '../../../src/domain/upload/decide.ts';
import type {
  Change,
  Clocks,
  CurrentRow,
  Decision,
  FieldTexts,
  RowNow,
} from '../../../src/domain/upload/decision.ts';
import { compareHlcs, type Hlc, laterHlc } from '../../../src/domain/upload/hlc.ts';
import type { UploadSpec } from '../../../src/domain/upload/upload-spec.ts';
import { ALL_OTHER_FIELDS, type FieldStamps, type RowVersion } from '../../../src/domain/upload/versions.ts';
import { context, spec } from './kit.ts';

export const MODEL_COLUMNS = {
  a: 'text',
  b: 'numeric',
  c: 'timestamp with time zone',
  amount: 'numeric',
  currency: 'text',
};
export const FIELDS = Object.keys(MODEL_COLUMNS);
export const MODEL_SPEC: UploadSpec = spec({ groups: [{ fields: ['amount', 'currency'] }] });

export type Mutation = {
  readonly id: string;
  readonly key: string;
  readonly change: Change;
  /** Fields that its user changed; the change may hold others, as they were. */
  readonly meant: readonly string[];
};

/** What a device was told to be in the row, and by which clock. `field` `*`: the row's deletion. */
type Acknowledged = {
  readonly key: string;
  readonly field: string;
  readonly hlc: Hlc;
  readonly value: string | null;
};

export class Server {
  readonly rows = new Map<string, Exclude<RowNow, { state: 'unknown' }>>();
  readonly acknowledged: Acknowledged[] = [];
  /** Steps that a field's clock, or a row's, went back. Must stay empty. */
  readonly wentBack: string[] = [];
  private readonly ledger = new Set<string>();
  private xid = 100;
  private starts = 0;

  now(key: string): RowNow {
    return this.rows.get(key) ?? { state: 'unknown' };
  }

  restart(): void {
    this.starts++;
  }

  /** @returns null when the ledger knows the mutation. */
  apply(mutation: Mutation): Decision | null {
    const { id, key, change } = mutation;
    if (this.ledger.has(id)) return null;
    this.ledger.add(id);
    const now = this.now(key);
    const decision = decideChange({
      spec: MODEL_SPEC,
      columns: MODEL_COLUMNS,
      change,
      now,
      context: context({ key, node: `srv${this.starts}` }),
    });
    const before = this.clocksOf(key);
    this.carryOut(key, now, decision);
    this.watchClocks(key, before);
    this.acknowledge(mutation, decision);
    return decision;
  }

  clockOf(key: string, field: string): Hlc | null {
    const now = this.now(key);
    if (now.state === 'unknown') return null;
    if (now.state === 'tombstone') return now.hlc;
    return (now.row.stamps[field] ?? now.row.stamps[ALL_OTHER_FIELDS])?.hlc ?? null;
  }

  /** Rows that changed after this position, in its order. */
  feed(after: number): { key: string; xid: number; now: RowNow }[] {
    return [...this.rows]
      .map(([key, now]) => ({ key, now, xid: Number(versionOf(now).xid) }))
      .filter(({ xid }) => xid > after)
      .sort((left, right) => left.xid - right.xid);
  }

  private carryOut(key: string, now: RowNow, decision: Decision): void {
    if (!('clocks' in decision) || (decision.kind !== 'write' && Object.keys(decision.clocks).length === 0))
      return;
    const version: RowVersion = { incarnation: 1, xid: String(++this.xid) };
    const { clocks } = decision;
    if (decision.kind === 'write' && decision.operation === 'delete') {
      this.rows.set(key, { state: 'tombstone', version, hlc: clocks[ALL_OTHER_FIELDS] ?? null });
    } else if (now.state === 'row') {
      const values = { ...now.row.values, ...(decision.kind === 'write' ? decision.values : {}) };
      const stamps = stamped(now.row.stamps, {
        clocks,
        written: 'values' in decision ? decision.values : {},
        version,
      });
      this.rows.set(key, { state: 'row', row: rowOf(values, version, stamps) });
    } else if (decision.kind === 'write') {
      const stamps = { [ALL_OTHER_FIELDS]: { xid: version.xid, hlc: clocks[ALL_OTHER_FIELDS] ?? null } };
      const empty = Object.fromEntries(FIELDS.map((field) => [field, null]));
      this.rows.set(key, { state: 'row', row: rowOf({ ...empty, ...decision.values }, version, stamps) });
    } else if (now.state === 'tombstone') {
      this.rows.set(key, { ...now, version, hlc: clocks[ALL_OTHER_FIELDS] ?? now.hlc });
    }
  }

  private clocksOf(key: string): Map<string, Hlc | null> {
    return new Map(FIELDS.map((field) => [field, this.clockOf(key, field)]));
  }

  private watchClocks(key: string, before: ReadonlyMap<string, Hlc | null>): void {
    for (const [field, old] of before) {
      const now = this.clockOf(key, field);
      if (old !== null && (now === null || compareHlcs(now, old) < 0)) this.wentBack.push(`${key}.${field}`);
    }
  }

  private acknowledge({ key, change, meant }: Mutation, decision: Decision): void {
    const hlcOf = (field: string): Hlc => change.fieldHlcs[field] ?? change.hlc;
    const told = (field: string): void => {
      this.acknowledged.push({ key, field, hlc: hlcOf(field), value: change.values[field] ?? null });
    };
    if (decision.kind !== 'write' && decision.kind !== 'same') return;
    if (change.operation === 'delete') {
      this.acknowledged.push({ key, field: ALL_OTHER_FIELDS, hlc: change.hlc, value: null });
      return;
    }
    const lost = new Set(
      decision.kind === 'write'
        ? decision.outcomes.flatMap(({ took, fields }) => (took === 'client' ? [] : fields))
        : [],
    );
    for (const field of meant) if (!lost.has(field)) told(field);
  }

  /** A group is as late as the latest of its fields: it is decided as one. */
  private clockOfUnit(key: string, field: string): Hlc | null {
    const group = MODEL_SPEC.groups.find(({ fields }) => fields.includes(field));
    const fields = group?.fields ?? [field];
    return fields.map((one) => this.clockOf(key, one)).reduce(laterHlc, null);
  }

  /** Acknowledged changes that are neither in the row nor behind a later clock. */
  lost(): Acknowledged[] {
    return this.acknowledged.filter(({ key, field, hlc, value }) => {
      const now = this.now(key);
      if (now.state === 'unknown') return true;
      const clock = this.clockOfUnit(key, field);
      if (clock === null || compareHlcs(clock, hlc) < 0) return true;
      if (compareHlcs(clock, hlc) > 0) return false;
      return field === ALL_OTHER_FIELDS
        ? now.state === 'row'
        : now.state === 'row' && now.row.values[field] !== value;
    });
  }
}

function rowOf(values: FieldTexts, version: RowVersion, stamps: FieldStamps): CurrentRow {
  const hlc = Object.values(stamps).reduce<Hlc | null>((latest, stamp) => laterHlc(latest, stamp.hlc), null);
  return { values, version, stamps, hlc };
}

/** A field that only has its clock raised keeps its version. */
function stamped(
  stamps: FieldStamps,
  { clocks, written, version }: { clocks: Clocks; written: FieldTexts; version: RowVersion },
): FieldStamps {
  const changed = Object.entries(clocks).map(([field, hlc]) => {
    const known = stamps[field] ?? stamps[ALL_OTHER_FIELDS];
    return [field, { xid: Object.hasOwn(written, field) ? version.xid : (known?.xid ?? version.xid), hlc }];
  });
  return { ...stamps, ...Object.fromEntries(changed) };
}

function versionOf(now: Exclude<RowNow, { state: 'unknown' }>): RowVersion {
  return now.state === 'row' ? now.row.version : now.version;
}
