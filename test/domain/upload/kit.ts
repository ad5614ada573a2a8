/** Short ways to say changes, rows and specs in tables of tests. */

import type { DecideContext } from '../../../src/domain/upload/decide-input.ts';
import type {
  Change,
  ColumnTypes,
  CurrentRow,
  FieldTexts,
  RowNow,
} from '../../../src/domain/upload/decision.ts';
import { encodeHlc, type Hlc } from '../../../src/domain/upload/hlc.ts';
import type { UploadSpec } from '../../../src/domain/upload/upload-spec.ts';
import type { FieldStamps, RowVersion } from '../../../src/domain/upload/versions.ts';

export const COLUMNS: ColumnTypes = {
  id: 'integer',
  name: 'text',
  salary: 'numeric(10,2)',
  phone: 'text',
  amount: 'numeric',
  currency: 'character(3)',
  seen_at: 'timestamp with time zone',
  active: 'boolean',
  notes: 'text',
  visits: 'integer',
  tags: 'jsonb',
};

export const ROW: FieldTexts = {
  id: '7',
  name: 'Ada',
  salary: '1000.00',
  phone: '1',
  amount: '5',
  currency: 'EUR',
  seen_at: '2026-01-01 10:00:00+00',
  active: 't',
  notes: 'one two three',
  visits: '3',
  tags: '["a", "b"]',
};

export function at(ms: number, node = 'dev'): Hlc {
  return encodeHlc({ ms, counter: 0, node });
}

/** A version of incarnation 1. */
export function seen(xid: number, incarnation = 1): RowVersion {
  return { incarnation, xid: String(xid) };
}

export function change(parts: Partial<Change> = {}): Change {
  return {
    operation: 'update',
    values: {},
    operations: {},
    baseImage: null,
    baseVersion: null,
    hlc: at(100),
    fieldHlcs: {},
    policy: null,
    ...parts,
  };
}

/** The row of version 20 with these values; a field in `stamps` was changed by the transaction and at the time given. */
export function row(
  values: FieldTexts = {},
  stamps: Readonly<Record<string, readonly [xid: number, ms: number | null]>> = {},
): { readonly state: 'row'; readonly row: CurrentRow } {
  return {
    state: 'row',
    row: { values: { ...ROW, ...values }, version: seen(20), stamps: stampsOf(stamps), hlc: null },
  };
}

function stampsOf(stamps: Readonly<Record<string, readonly [number, number | null]>>): FieldStamps {
  return Object.fromEntries(
    Object.entries(stamps).map(([field, [xid, ms]]) => [
      field,
      { xid: String(xid), hlc: ms === null ? null : at(ms, 'srv') },
    ]),
  );
}

export function tombstone(ms: number | null = null): RowNow {
  return { state: 'tombstone', version: seen(20), hlc: ms === null ? null : at(ms, 'srv') };
}

export const UNKNOWN: RowNow = { state: 'unknown' };

export function spec(parts: Partial<UploadSpec> = {}): UploadSpec {
  return {
    writeBack: { to: 'mirror' },
    writable: Object.keys(COLUMNS).filter((name) => name !== 'id'),
    operations: ['insert', 'update', 'delete'],
    policy: 'lastWriteWins',
    fieldPolicies: {},
    groups: [],
    merge: {},
    clientMayChoose: [],
    rules: [],
    approval: {
      resolvers: 'anyone',
      remindAfterMs: null,
      escalateAfterMs: null,
      escalateTo: null,
      expireAfterMs: null,
      onExpire: 'server',
    },
    references: {},
    timeZone: 'UTC',
    ...parts,
  };
}

export function context(parts: Partial<DecideContext> = {}): DecideContext {
  return {
    entity: 'employees',
    key: '7',
    device: 'dev',
    user: 'ada',
    permissions: new Set(),
    approvedBy: [],
    queries: {},
    node: 'srv',
    ...parts,
  };
}
