import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type FeedSpec,
  type PartitionSpec,
  unsendablePartitions,
} from '../../../src/domain/access/feed-spec.ts';
import type { Grants } from '../../../src/domain/access/principal.ts';
import { EVERYTHING, isInScope, mayWriteField, visibleFields } from '../../../src/domain/access/scope.ts';
import { membershipsOf, scopeOf } from '../../../src/domain/access/scope-of.ts';

const PARTITIONS: Record<string, PartitionSpec> = {
  region: {
    kind: 'set',
    claim: 'regions',
    groups: { NA: ['US', 'CA', 'MX'], BIG: ['US', 'DE'], SELF: ['NA'] },
  },
  level: { kind: 'levels', claim: 'level', levels: ['public', 'internal', 'secret'] },
  team: { kind: 'membership', entity: 'members', userColumn: 'person', valueColumn: 'team' },
};

const FEED: FeedSpec = {
  maxAgeMs: 1,
  filter: [],
  partitions: { region: 'region', clearance: 'level', team_id: 'team' },
  fields: {
    salary: { read: 'salary:read', write: 'salary:write' },
    bonus: { read: null, write: 'boss' },
    notes: { read: 'boss', write: null },
  },
};

const anna: Grants = { user: 'anna', roles: ['device'], permissions: [], partitions: {} };

const of = (who: Partial<Grants>, memberships: Record<string, string[]> = {}) =>
  scopeOf({ who: { ...anna, ...who }, feed: FEED, partitions: PARTITIONS, memberships });

describe('partitions', () => {
  test('are values of the claim, and what its groups stand for', () => {
    const region = (...claimed: string[]) => of({ partitions: { region: claimed } }).partitions.region;
    expect(region('DE', 'NA', 'BIG')).toEqual(['CA', 'DE', 'MX', 'US']);
    // A group stands for its values, not for other groups, nor for a value of its own name.
    expect(region('SELF')).toEqual(['NA']);
    expect(region('NA')).not.toContain('NA');
    expect(region()).toEqual([]);
    expect(region('__proto__', 'constructor')).toEqual(['__proto__', 'constructor']);
  });

  test('are the levels up to the highest that the claim names', () => {
    const levels = (...claimed: string[]) => of({ partitions: { level: claimed } }).partitions.clearance;
    expect(levels('internal')).toEqual(['internal', 'public']);
    expect(levels('public', 'secret')).toEqual(['internal', 'public', 'secret']);
    expect(levels('top', '')).toEqual([]);
    expect(levels()).toEqual([]);
  });

  test('are what the synced table says, whatever a token says', () => {
    expect(of({ partitions: { team: ['9'] } }, { team: ['2', '1', '2'] }).partitions.team_id).toEqual([
      '1',
      '2',
    ]);
    expect(of({ partitions: { team: ['9'] } }).partitions.team_id).toEqual([]);
    expect(Object.keys(membershipsOf(FEED, PARTITIONS))).toEqual(['team']);
  });

  test('let nobody see anything where the configuration has no such partition', () => {
    const scope = scopeOf({ who: anna, feed: FEED, partitions: {}, memberships: {} });
    expect(scope.partitions).toEqual({ region: [], clearance: [], team_id: [] });
  });

  test('hold for everybody but admins', () => {
    for (const role of ['device', 'approver', 'operator', 'Admin', 'administrator', '']) {
      expect(of({ roles: [role] }).partitions.region).toEqual([]);
    }
    expect(of({ roles: ['device', 'admin'] })).toEqual(EVERYTHING);
  });
});

test('devices can make rows where they may send every partition column', () => {
  const spec = {
    feed: FEED,
    upload: { operations: ['insert', 'update'], writable: ['region'] },
    localColumns: [{ name: 'clearance' }],
  };
  expect(unsendablePartitions(spec, ['id'])).toEqual(['team_id']);
  expect(unsendablePartitions(spec, ['team_id', 'id'])).toEqual([]);
  expect(unsendablePartitions({ ...spec, feed: null }, ['id'])).toEqual([]);
  const updates = { operations: ['update'], writable: [] };
  expect(unsendablePartitions({ ...spec, upload: updates }, ['id'])).toEqual([]);
});

test('fields ask for a permission or a role, and what is not seen is not written', () => {
  expect(of({})).toMatchObject({ hidden: ['notes', 'salary'], readOnly: ['bonus'] });
  expect(of({ permissions: ['salary:read'] })).toMatchObject({
    hidden: ['notes'],
    readOnly: ['bonus', 'salary'],
  });
  const blind = of({ permissions: ['salary:write'] });
  expect(blind.hidden).toContain('salary');
  expect(mayWriteField(blind, 'salary')).toBe(false);
  const boss = of({ roles: ['boss'], permissions: ['salary:read', 'salary:write'] });
  expect(boss).toMatchObject({ hidden: [], readOnly: [] });
  expect(visibleFields(of({}), { id: 1, salary: 2, bonus: 3 })).toEqual({ id: 1, bonus: 3 });
});

const word = fc.constantFrom(
  'US',
  'CA',
  'MX',
  'DE',
  'NA',
  'BIG',
  'SELF',
  'public',
  'internal',
  'secret',
  'x',
);
const words = fc.array(word, { maxLength: 5 });
const grants = fc.record({
  roles: fc.subarray(['device', 'boss', 'operator']),
  permissions: fc.subarray(['salary:read', 'salary:write']),
  partitions: fc.record({ region: words, level: words }),
});
const row = fc.record({
  region: fc.option(word),
  clearance: fc.option(word),
  team_id: fc.option(fc.constantFrom('1', '2')),
});

test('a row is in scope when each of its columns is, and never by NULL', () => {
  fc.assert(
    fc.property(grants, fc.subarray(['1', '2']), row, (who, team, values) => {
      const scope = of(who, { team });
      const each = Object.entries(scope.partitions).map(([column, allowed]) => {
        const value = values[column as keyof typeof values];
        return value !== null && allowed.includes(value);
      });
      expect(isInScope(scope, values)).toBe(each.every(Boolean));
      const withNull = { ...values, region: null };
      expect(isInScope(scope, withNull)).toBe(false);
      const { region: _, ...without } = values;
      expect(isInScope(scope, without)).toBe(false);
    }),
  );
});

test('more claims and permissions never show less', () => {
  fc.assert(
    fc.property(grants, grants, row, (few, more, values) => {
      const both = {
        roles: [...few.roles, ...more.roles],
        permissions: [...few.permissions, ...more.permissions],
        partitions: {
          region: [...few.partitions.region, ...more.partitions.region],
          level: [...few.partitions.level, ...more.partitions.level],
        },
      };
      const [one, all] = [of(few, { team: ['1'] }), of(both, { team: ['1', '2'] })];
      if (isInScope(one, values)) expect(isInScope(all, values)).toBe(true);
      for (const field of ['salary', 'bonus', 'notes']) {
        if (mayWriteField(one, field)) expect(mayWriteField(all, field)).toBe(true);
        if (!one.hidden.includes(field)) expect(all.hidden).not.toContain(field);
      }
    }),
  );
});

test('the same rights give the same scope, in whatever order they are said', () => {
  fc.assert(
    fc.property(grants, (who) => {
      const reversed = {
        roles: who.roles.toReversed(),
        permissions: who.permissions.toReversed(),
        partitions: {
          level: who.partitions.level.toReversed(),
          region: [...who.partitions.region, ...who.partitions.region],
        },
      };
      expect(JSON.stringify(of(reversed))).toBe(JSON.stringify(of(who)));
    }),
  );
});
