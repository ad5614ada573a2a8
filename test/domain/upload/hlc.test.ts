import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareHlcs,
  encodeHlc,
  type Hlc,
  type HlcParts,
  hlcOfWrite,
  laterHlc,
  MAX_DRIFT_MS,
  parseHlc,
  receiveHlc,
  sendHlc,
  sourceHlc,
} from '../../../src/domain/upload/hlc.ts';

const NODE_CHARACTERS = [...'ABCXYZabcxyz0189_.:-'];
const parts: fc.Arbitrary<HlcParts> = fc.record({
  ms: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 ** 48 - 1 })),
  counter: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffff })),
  node: fc
    .array(fc.constantFrom(...NODE_CHARACTERS), { minLength: 1, maxLength: 64 })
    .map((characters) => characters.join('')),
});

const at = (ms: number, counter = 0, node = 'n'): Hlc => encodeHlc({ ms, counter, node });

describe('the text of a clock', () => {
  test('holds its parts', () => {
    expect(at(1, 2)).toBe('0000000000010002-n');
    fc.assert(
      fc.property(parts, (clock) => {
        expect(parseHlc(encodeHlc(clock))).toEqual(clock);
      }),
    );
  });

  test('byte order is the order of (ms, counter, node)', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const expected = a.ms - b.ms || a.counter - b.counter || Buffer.compare(bytes(a.node), bytes(b.node));
        expect(Math.sign(compareHlcs(encodeHlc(a), encodeHlc(b)))).toBe(Math.sign(expected));
        expect(Math.sign(Buffer.compare(bytes(encodeHlc(a)), bytes(encodeHlc(b))))).toBe(Math.sign(expected));
      }),
    );
  });

  test.each([
    '',
    '0000000000010002',
    '0000000000010002-',
    '000000000001000-n',
    '00000000000100022-n',
    '000000000001000A-n',
    ' 0000000000010002-n',
    '0000000000010002-n\n',
    '0000000000010002-ü',
    '0000000000010002-a b',
    `0000000000010002-${'n'.repeat(65)}`,
  ])('%j is none', (text) => {
    expect(parseHlc(text)).toBeNull();
  });

  test.each([
    { ms: -1 },
    { ms: 2 ** 48 },
    { ms: 1.5 },
    { counter: -1 },
    { counter: 0x10000 },
    { node: '' },
    { node: 'a b' },
    { node: 'n'.repeat(65) },
  ])('%j is out of range', (wrong) => {
    expect(() => encodeHlc({ ms: 1, counter: 1, node: 'n', ...wrong })).toThrow(RangeError);
  });

  test('a clock that is none is not gone on from', () => {
    expect(() => sendHlc({ last: 'yesterday', nowMs: 1, node: 'n' })).toThrow(/yesterday/);
  });
});

describe('sending and receiving', () => {
  test.each([
    { last: null, now: 10, expected: at(10, 0) },
    { last: at(9, 7), now: 10, expected: at(10, 0) },
    { last: at(10, 7), now: 10, expected: at(10, 8) },
    { last: at(11, 7), now: 10, expected: at(11, 8) },
    { last: at(10, 0xffff), now: 10, expected: at(11, 0) },
  ])('sends at $now after $last: $expected', ({ last, now, expected }) => {
    expect(sendHlc({ last, nowMs: now, node: 'n' })).toBe(expected);
  });

  test.each([
    { last: null, remote: at(9, 3, 'd'), now: 10, expected: at(10, 0) },
    { last: null, remote: at(10, 3, 'd'), now: 10, expected: at(10, 4) },
    { last: at(10, 5), remote: at(10, 3, 'd'), now: 10, expected: at(10, 6) },
    { last: at(10, 3), remote: at(10, 5, 'd'), now: 10, expected: at(10, 6) },
    { last: at(12, 5), remote: at(11, 9, 'd'), now: 10, expected: at(12, 6) },
    { last: at(11, 9), remote: at(12, 5, 'd'), now: 10, expected: at(12, 6) },
    { last: at(9, 9), remote: at(9, 9, 'd'), now: 10, expected: at(10, 0) },
    { last: at(10, 1), remote: at(10, 0xffff, 'd'), now: 10, expected: at(11, 0) },
    { last: null, remote: at(0, 0, 'd'), now: 1_800_000_000_000, expected: at(1_800_000_000_000, 0) },
  ])('receives $remote at $now after $last: $expected', ({ last, remote, now, expected }) => {
    expect(receiveHlc({ last, remote, nowMs: now, node: 'n' })).toEqual({ kind: 'received', hlc: expected });
  });

  test('a clock more than 60 s ahead is refused with the time of the server', () => {
    const now = 1_000_000;
    const receive = (remoteMs: number, last: Hlc | null = null) =>
      receiveHlc({ last, remote: at(remoteMs, 0, 'd'), nowMs: now, node: 'n' });
    expect(receive(now + MAX_DRIFT_MS).kind).toBe('received');
    expect(receive(now + MAX_DRIFT_MS + 1)).toEqual({ kind: 'clockAhead', serverMs: now, aheadMs: 60_001 });
    expect(receive(now + MAX_DRIFT_MS + 1, at(now + 1)).kind).toBe('clockAhead');
  });

  test('a device that knows the row’s clock may use it after ours stepped back', () => {
    const ahead = at(1_000_000, 4);
    expect(receiveHlc({ last: ahead, remote: at(1_000_000, 5, 'd'), nowMs: 1_000, node: 'n' })).toEqual({
      kind: 'received',
      hlc: at(1_000_000, 6),
    });
  });
});

type Event = { process: number; restart: boolean; stepMs: number; remoteMs: number | null };

test('clocks of a row only go forward, over 3 processes with clocks of their own, restarts and steps back', () => {
  const event: fc.Arbitrary<Event> = fc.record({
    process: fc.integer({ min: 0, max: 2 }),
    restart: fc.boolean(),
    stepMs: fc.integer({ min: -5_000, max: 5_000 }),
    remoteMs: fc.option(fc.integer({ min: -90_000, max: 90_000 }), { nil: null }),
  });
  const skews = fc.tuple(fc.nat(40_000), fc.nat(40_000), fc.nat(40_000));
  fc.assert(
    fc.property(skews, fc.array(event, { minLength: 1, maxLength: 60 }), (skewMs, events) => {
      const clocksMs = skewMs.map((skew) => 10_000_000 + skew);
      let leases = 0;
      const nodes = clocksMs.map(() => `p${leases++}`);
      let row: Hlc | null = null;
      for (const { process, restart, stepMs, remoteMs } of events) {
        if (restart) nodes[process] = `p${leases++}`;
        const nowMs = (clocksMs[process] as number) + stepMs;
        clocksMs[process] = nowMs;
        const next: Hlc | null = advance(row, { nowMs, node: nodes[process] as string, remoteMs });
        if (next === null) continue;
        if (row !== null) expect(compareHlcs(next, row)).toBe(1);
        row = next;
      }
    }),
  );
});

function advance(
  last: Hlc | null,
  { nowMs, node, remoteMs }: { nowMs: number; node: string; remoteMs: number | null },
): Hlc | null {
  if (remoteMs === null) return sendHlc({ last, nowMs, node });
  const remote = at(nowMs + remoteMs, 0xffff, 'device');
  const received = receiveHlc({ last, remote, nowMs, node });
  if (received.kind === 'clockAhead') {
    expect(remoteMs).toBeGreaterThan(MAX_DRIFT_MS);
    return null;
  }
  expect(compareHlcs(received.hlc, remote)).toBe(1);
  return received.hlc;
}

describe('the clock of what is written', () => {
  test.each([
    { client: at(9, 0, 'd'), replaced: null, expected: at(9, 0, 'd') },
    { client: at(9, 0, 'd'), replaced: at(8, 5), expected: at(9, 0, 'd') },
    { client: at(7, 0, 'd'), replaced: at(8, 5), expected: at(8, 6) },
    { client: at(8, 5), replaced: at(8, 5), expected: at(8, 6) },
    { client: at(8, 0xffff, 'd'), replaced: at(8, 0xffff, 'e'), expected: at(9, 0) },
  ])('$client over $replaced is $expected', ({ client, replaced, expected }) => {
    expect(hlcOfWrite({ client, replaced, node: 'n' })).toBe(expected);
  });

  test('is later than what it replaces, and not earlier than its writer’s', () => {
    fc.assert(
      fc.property(parts, parts, (client, replaced) => {
        fc.pre(replaced.ms < 2 ** 48 - 1);
        const written = hlcOfWrite({ client: encodeHlc(client), replaced: encodeHlc(replaced), node: 'n' });
        expect(compareHlcs(written, encodeHlc(replaced))).toBe(1);
        expect(compareHlcs(written, encodeHlc(client))).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('the later of two clocks; none is older than any', () => {
    expect(laterHlc(at(1), at(2))).toBe(at(2));
    expect(laterHlc(at(2), at(1))).toBe(at(2));
    expect(laterHlc(null, at(0))).toBe(at(0));
    expect(laterHlc(at(0), null)).toBe(at(0));
    expect(laterHlc(null, null)).toBeNull();
  });
});

describe('the clock of a change of the source (C19)', () => {
  const noon = '1970-01-01T00:00:00.010999Z';
  test.each([
    { changedAt: '1970-01-01T00:00:00.007999Z', source: 'erp', expected: at(7, 0, 'erp') },
    { changedAt: noon, source: 'erp', expected: at(10, 0, 'erp') },
    { changedAt: '9999-12-31T00:00:00.000000Z', source: 'erp', expected: at(10, 0, 'erp') },
    { changedAt: '1969-12-31T00:00:00.000000Z', source: 'erp', expected: at(0, 0, 'erp') },
    { changedAt: noon, source: 'my erp/1', expected: at(10, 0, 'my_erp_1') },
    { changedAt: noon, source: '', expected: at(10, 0, '_') },
    { changedAt: noon, source: 's'.repeat(80), expected: at(10, 0, 's'.repeat(64)) },
    { changedAt: null, source: 'erp', expected: null },
  ])('$changedAt of $source is $expected', ({ changedAt, source, expected }) => {
    expect(sourceHlc({ changedAt, sourceNow: noon, source })).toBe(expected);
  });
});

function bytes(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}
