/** What a worker adds to the answer of a conflict's query, and what it leaves alone. */
import type { Payload } from '@temporalio/common';
import { afterEach, expect, test, vi } from 'vitest';
import { SIDES_WANTED, sidesOf } from '../../src/domain/approval/conflict-view.ts';
import { SyncError } from '../../src/domain/errors.ts';
import { querySidesCodec, type SidesOfConflict } from '../../src/query-sides.ts';

afterEach(() => void vi.useRealTimers());

const bytes = (text: string): Uint8Array => Buffer.from(text);
const textOf = (part: Uint8Array | null | undefined): string => Buffer.from(part ?? []).toString();
const marked: Payload = {
  metadata: { encoding: bytes('json/plain'), [SIDES_WANTED]: bytes('c1') },
  data: bytes('{"round":2,"sides":null}'),
};
const side = { values: { salary: '2' }, changedAt: null };
const sides = { round: 2, base: null, accepted: {}, device: side, server: side, draft: null, withheld: [] };

function codecOf(read: SidesOfConflict) {
  const warnings: unknown[] = [];
  const codec = querySidesCodec(read, { warn: (...args: unknown[]) => void warnings.push(args) });
  return { codec, warnings };
}

test('only what is marked outside of its data is touched, and the mark does not leave', async () => {
  const asked: string[] = [];
  const { codec } = codecOf(async (id) => {
    asked.push(id);
    return sides;
  });
  const plain: Payload = {
    metadata: { encoding: bytes('json/plain') },
    data: bytes(JSON.stringify({ [SIDES_WANTED]: 'c1', sides: null })),
  };
  const nothing: Payload = { metadata: { encoding: bytes('binary/null') } };
  const [first, second, third] = await codec.encode([plain, marked, nothing]);
  expect([first, third]).toEqual([plain, nothing]);
  expect(asked).toEqual(['c1']);
  expect(Object.keys(second?.metadata ?? {})).toEqual(['encoding']);
  expect(JSON.parse(textOf(second?.data))).toEqual({ round: 2, sides, sidesProblem: null });
  expect(await codec.decode([marked])).toEqual([marked]);
});

test('a store that fails leaves the rest of the answer, with a code and no words of the database', async () => {
  const { codec, warnings } = codecOf(async () => {
    throw new Error('value "7654321" is out of range');
  });
  const [answer] = await codec.encode([marked]);
  expect(JSON.parse(textOf(answer?.data))).toEqual({
    ...{ round: 2, sides: null, sidesProblem: 'they could not be read (STORE_UNAVAILABLE)' },
  });
  expect(warnings).toHaveLength(1);
});

test('a store that says nothing is not waited for', async () => {
  vi.useFakeTimers();
  const { codec } = codecOf(() => new Promise(() => undefined));
  const asked = codec.encode([marked]);
  await vi.advanceTimersByTimeAsync(5_000);
  const [answer] = await asked;
  expect(JSON.parse(textOf(answer?.data)).sidesProblem).toContain('STORE_UNAVAILABLE');
});

test('an entity that is gone from the configuration shows nothing: nobody knows what is guarded', async () => {
  const { codec } = codecOf(async () => {
    throw new SyncError('CONFIG_UNKNOWN', { message: 'no such entity' });
  });
  const [answer] = await codec.encode([marked]);
  expect(JSON.parse(textOf(answer?.data)).sidesProblem).toContain('CONFIG_UNKNOWN');
});

const input = {
  round: 1,
  base: { salary: '1', phone: null },
  accepted: { salary: '8', phone: '7' },
  client: { salary: '2' },
  server: { salary: '3', phone: '5', name: 'Ann' },
  draft: { salary: '4' },
  clashing: ['salary'],
  deviceHlc: `${(1_767_225_600_000).toString(16).padStart(12, '0')}0000-d1`,
  serverStamps: {
    salary: { xid: '9', hlc: `${(1_767_225_500_000).toString(16).padStart(12, '0')}0000-source:s` },
    name: { xid: '9', hlc: `${(1_767_225_900_000).toString(16).padStart(12, '0')}0000-source:s` },
  },
};

test('a guarded field is left out on every side; a side’s time is that of what clashes', () => {
  const fields = { salary: { read: 'PAY', write: null }, name: { read: null, write: 'HR' } };
  expect(sidesOf(input, { fields })).toEqual({
    round: 1,
    base: { phone: null },
    accepted: { phone: '7' },
    device: { values: {}, changedAt: '2026-01-01T00:00:00.000Z' },
    server: { values: { phone: '5', name: 'Ann' }, changedAt: '2025-12-31T23:58:20.000Z' },
    draft: {},
    withheld: ['salary'],
  });
});

test('what nobody knows is null', () => {
  const bare = {
    ...input,
    accepted: {},
    base: null,
    server: null,
    draft: null,
    deviceHlc: null,
    serverStamps: null,
  };
  expect(sidesOf(bare, null)).toEqual({
    ...{ round: 1, base: null, accepted: {}, draft: null, withheld: [] },
    device: { values: { salary: '2' }, changedAt: null },
    server: { values: null, changedAt: null },
  });
});
