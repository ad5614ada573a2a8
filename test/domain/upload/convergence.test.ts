/**
 * Writers with random edits, offline periods, duplicates, reordering, replays and restarts of the server: everybody
 * ends with one state, and nothing that was acknowledged is lost.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change, FieldTexts } from '../../../src/domain/upload/decision.ts';
import { encodeHlc } from '../../../src/domain/upload/hlc.ts';
import { countOr } from '../../campaign/counts.ts';
import { FIELDS, type Mutation, Server } from './model.ts';
import { type BaseKind, Device, type Edit } from './writers.ts';

const MINUTES = 30 * 60_000;
const HISTORIES = countOr(500, 'CAMPAIGN_UPLOADS');

/** Few values, so that both sides often want the same. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  a: ['one', 'two', 'three'],
  b: ['1', '2', '3.5'],
  c: ['2026-01-01 00:00:00+00', '2026-01-01 00:00:00.000001+00', '2026-01-02 00:00:00+00'],
  amount: ['5', '6', '7'],
  currency: ['EUR', 'USD', 'CHF'],
};

const someValues = (choices: readonly string[] = FIELDS): fc.Arbitrary<FieldTexts> =>
  fc
    .uniqueArray(fc.constantFrom(...choices), { minLength: 1, maxLength: 3 })
    .chain((fields) =>
      fc
        .tuple(...fields.map((field) => fc.constantFrom(...(VALUES[field] as readonly string[]))))
        .map((texts) => Object.fromEntries(fields.map((field, i) => [field, texts[i] as string]))),
    );

const base: fc.Arbitrary<BaseKind> = fc.constantFrom('image', 'version', 'both');

const edit: fc.Arbitrary<Edit> = fc.record({
  key: fc.constantFrom('k1', 'k2'),
  kind: fc.constantFrom('set', 'set', 'set', 'set', 'create', 'delete'),
  values: someValues(),
  base,
  whole: fc.constantFrom('document', 'fields'),
});

type Step =
  | { readonly kind: 'edit'; readonly device: number; readonly edit: Edit }
  | { readonly kind: 'push'; readonly device: number; readonly at: number; readonly answer: 'heard' | 'lost' }
  | { readonly kind: 'replay'; readonly device: number; readonly at: number }
  | { readonly kind: 'pull'; readonly device: number }
  | { readonly kind: 'restart' };

const device = fc.nat(4);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('edit' as const), device, edit }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      device,
      at: fc.nat(9),
      answer: fc.constantFrom('heard' as const, 'heard' as const, 'lost' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replay' as const), device, at: fc.nat(30) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pull' as const), device }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

function play(devices: readonly Device[], steps: readonly Step[]): Server {
  const server = new Server();
  const first = devices[0] as Device;
  for (const key of ['k1', 'k2']) {
    const values = Object.fromEntries(
      FIELDS.map((field) => [field, (VALUES[field] as string[])[0] as string]),
    );
    first.edit({ key, kind: 'create', values, base: 'image', whole: 'document' }, 1_000_000);
    first.push(server, { at: 0, answer: 'heard' });
  }
  for (const writer of devices) writer.pull(server);
  for (const [count, next] of steps.entries()) {
    if (next.kind === 'restart') {
      server.restart();
      continue;
    }
    const writer = devices[next.device % devices.length] as Device;
    if (next.kind === 'edit') writer.edit(next.edit, 1_000_000 + 1_000 * count);
    if (next.kind === 'push') writer.push(server, next);
    if (next.kind === 'replay') writer.replay(server, next.at);
    if (next.kind === 'pull') writer.pull(server);
  }
  for (const writer of devices)
    while (writer.pending.length > 0) writer.push(server, { at: 0, answer: 'heard' });
  for (const writer of devices) writer.pull(server);
  return server;
}

test(
  `${HISTORIES} histories of 3 to 5 writers converge, and lose nothing that was acknowledged`,
  () => {
    const skews = fc.array(fc.integer({ min: -50_000, max: 50_000 }), { minLength: 3, maxLength: 5 });
    let acknowledged = 0;
    fc.assert(
      fc.property(skews, fc.array(step, { minLength: 5, maxLength: 60 }), (skewsMs, steps) => {
        const devices = skewsMs.map((skewMs, i) => new Device(`d${i}`, skewMs));
        const server = play(devices, steps);
        expect(server.wentBack).toEqual([]);
        expect(server.lost()).toEqual([]);
        const [first, ...others] = devices.map(({ replica }) => [...replica].sort());
        for (const other of others) expect(other).toEqual(first);
        expect(new Map(first).size).toBe(server.rows.size);
        for (const [key, { values }] of first ?? []) {
          const now = server.now(key);
          expect(values).toEqual(now.state === 'row' ? now.row.values : null);
        }
        acknowledged += server.acknowledged.length;
      }),
      { numRuns: HISTORIES },
    );
    expect(acknowledged).toBeGreaterThan(HISTORIES);
  },
  MINUTES,
);

const BEGINNING: FieldTexts = { a: 'zero', b: '0', c: null, amount: '0', currency: 'GBP' };

type Write = { readonly values: FieldTexts; readonly ms: number; readonly base: BaseKind };

test(
  `${HISTORIES} sets of concurrent updates end with the latest of each field or group, in any order`,
  () => {
    const write: fc.Arbitrary<Write> = fc.record({
      values: someValues(),
      ms: fc.integer({ min: 2_000_000, max: 2_000_020 }),
      base,
    });
    const writes = fc.array(write, { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(
        writes,
        fc.array(fc.nat(7), { maxLength: 8 }),
        fc.infiniteStream(fc.nat(1_000)),
        (all, again, order) => {
          const server = new Server();
          server.apply({ id: 'first', key: 'k', change: created(), meant: FIELDS });
          const mutations = all.map(mutationOf);
          const twice = again.flatMap((at) => mutations[at] ?? []);
          for (const mutation of shuffled([...mutations, ...twice], order)) server.apply(mutation);
          const now = server.now('k');
          expect(now.state === 'row' && now.row.values).toEqual(latest(mutations));
          expect(server.lost()).toEqual([]);
        },
      ),
      { numRuns: HISTORIES },
    );
  },
  MINUTES,
);

function created(): Change {
  return {
    operation: 'insert',
    values: BEGINNING,
    operations: {},
    baseImage: null,
    baseVersion: null,
    hlc: encodeHlc({ ms: 1_000_000, counter: 0, node: 'first' }),
    fieldHlcs: {},
    policy: null,
  };
}

/** All start from the first version of the row; one without an image sends groups whole. */
function mutationOf({ values, ms, base }: Write, i: number): Mutation {
  const isWhole = base === 'version' && ('amount' in values || 'currency' in values);
  const { amount = null, currency = null } = BEGINNING;
  return {
    id: `m${i}`,
    key: 'k',
    meant: Object.keys(values),
    change: {
      ...created(),
      operation: 'update',
      values: isWhole ? { amount, currency, ...values } : values,
      baseImage: base === 'version' ? null : BEGINNING,
      baseVersion: base === 'image' ? null : { incarnation: 1, xid: '101' },
      hlc: encodeHlc({ ms, counter: 0, node: `d${i}` }),
    },
  };
}

/** The reference: of each unit what the latest writer wants in all of it. */
function latest(mutations: readonly Mutation[]): FieldTexts {
  const byClock = [...mutations].sort((left, right) => (left.change.hlc < right.change.hlc ? -1 : 1));
  const row: Record<string, string | null> = { ...BEGINNING };
  for (const { change } of byClock) {
    const isGroup = 'amount' in change.values || 'currency' in change.values;
    if (isGroup) Object.assign(row, { amount: BEGINNING.amount, currency: BEGINNING.currency });
    Object.assign(row, change.values);
  }
  return row;
}

function shuffled<T>(items: readonly T[], order: Iterable<number>): T[] {
  const numbers = order[Symbol.iterator]();
  return items
    .map((item) => ({ item, place: numbers.next().value as number }))
    .sort((left, right) => left.place - right.place)
    .map(({ item }) => item);
}
