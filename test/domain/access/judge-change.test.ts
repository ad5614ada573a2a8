import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideOutOfSight, rowSeenBy, whyNotAllowed } from '../../../src/domain/access/judge-change.ts';
import { judgeReceived } from '../../../src/domain/access/judge-push.ts';
import type { EntityScope } from '../../../src/domain/access/scope.ts';
import { EVERYTHING } from '../../../src/domain/access/scope.ts';
import type { RowNow } from '../../../src/domain/upload/decision.ts';
import { verdictOf } from '../../../src/domain/upload/verdict.ts';

const SCOPE: EntityScope = {
  partitions: { region: ['CA', 'US'], team: ['1'] },
  hidden: ['salary'],
  readOnly: ['bonus'],
};
const version = { incarnation: 1, xid: '7' };
const there = (region: string | null, team: string | null): RowNow => ({
  state: 'row',
  row: { values: { region, team, salary: '1' }, version, stamps: {}, hlc: null },
});
const gone = (region: string): RowNow => ({
  state: 'tombstone',
  version,
  hlc: null,
  values: { region, team: '1' },
});
const UNKNOWN: RowNow = { state: 'unknown' };

const operation = fc.constantFrom('insert' as const, 'update' as const, 'delete' as const);
const value = fc.constantFrom('US', 'CA', 'DE', '1', '2', null);
const values = fc.dictionary(fc.constantFrom('region', 'team', 'name', 'salary', 'bonus'), value, {
  maxKeys: 4,
});
const row = fc.oneof(
  fc.constant(UNKNOWN),
  fc.tuple(value, value).map(([region, team]) => there(region, team)),
  fc.constantFrom('US', 'DE').map(gone),
  fc.constant<RowNow>({ state: 'tombstone', version, hlc: null }),
);

test('what is said of a row that is out of sight is what is said of none, but for a key that is taken', () => {
  fc.assert(
    fc.property(operation, values, row, (kind, sent, now) => {
      const change = { operation: kind, values: sent, operations: {} };
      if (rowSeenBy(SCOPE, now).state !== 'unknown') {
        expect(decideOutOfSight(SCOPE, change, now)).toBeNull();
      } else if (kind !== 'insert') {
        expect(decideOutOfSight(SCOPE, change, now)).toEqual(decideOutOfSight(SCOPE, change, UNKNOWN));
      } else {
        expect(decideOutOfSight(SCOPE, change, now)?.kind).toBe(now.state === 'row' ? 'reject' : undefined);
      }
    }),
  );
});

test('at receipt and at apply the answers are the same', () => {
  fc.assert(
    fc.property(operation, values, (kind, sent) => {
      const change = { operation: kind, values: sent, operations: {} };
      const received = judgeReceived(SCOPE, { operation: kind, values: sent, isKnown: false });
      if (kind === 'insert') {
        const open = { ...SCOPE, hidden: [], readOnly: [] };
        const why = whyNotAllowed(open, { operation: kind, values: sent, described: [] });
        expect(received).toEqual(why === null ? null : { status: 'rejected', ...why });
        return;
      }
      const decided = decideOutOfSight(SCOPE, change, UNKNOWN);
      const { status, fields } = verdictOf(decided as NonNullable<typeof decided>);
      expect(received).toEqual({ status, ...(kind === 'update' && { clashing: fields }) });
    }),
  );
});

test('a change that is let through leaves the row in sight, and writes no field that it may not', () => {
  fc.assert(
    fc.property(
      operation,
      values,
      fc.array(fc.constantFrom('region', 'notes', 'salary')),
      (kind, sent, described) => {
        const why = whyNotAllowed(SCOPE, { operation: kind, values: sent, described });
        const fields = [...Object.keys(sent), ...described];
        if (fields.some((field) => field === 'salary' || field === 'bonus'))
          expect(why?.code).toBe('NOT_ALLOWED');
        if (why !== null || kind === 'delete') return;
        expect(described).not.toContain('region');
        const after = { region: 'US', team: '1', ...sent };
        expect(['CA', 'US']).toContain(after.region);
        expect(after.team).toBe('1');
        if (kind === 'insert') expect(Object.keys(sent)).toEqual(expect.arrayContaining(['region', 'team']));
      },
    ),
  );
});

test('nothing of it concerns who sees every row, or whom nobody limits', () => {
  fc.assert(
    fc.property(operation, values, row, (kind, sent, now) => {
      const change = { operation: kind, values: sent, operations: {} };
      for (const scope of [null, EVERYTHING]) {
        expect(decideOutOfSight(scope, change, now)).toBeNull();
        expect(rowSeenBy(scope, now)).toBe(now);
      }
      expect(whyNotAllowed(EVERYTHING, { operation: kind, values: sent, described: [] })).toBeNull();
    }),
  );
});
