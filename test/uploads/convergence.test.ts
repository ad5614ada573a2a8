/**
 * Histories of offline writers, with duplicates, replays and late work, through the real engine: source and mirror end
 * as the model does, in which nothing that was acknowledged is lost (test/domain/upload/convergence.test.ts).
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyUpload } from '../../src/activities/apply-upload.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import type { FieldTexts } from '../../src/domain/upload/decision.ts';
import { countOr } from '../campaign/counts.ts';
import { FIELDS, type Mutation, Server } from '../domain/upload/model.ts';
import { Device, type Edit } from '../domain/upload/writers.ts';
import { contextOf, createKit, type Kit } from '../runs/run-kit.ts';
import { process, stage } from './upload-kit.ts';

const MINUTES = 30 * 60_000;
/** A history takes a hundred times what it takes in the model. */
const HISTORIES = Math.max(15, Math.floor(countOr(0, 'CAMPAIGN_UPLOADS') / 50));

let kit: Kit;
let deps: ActivityDeps;

beforeAll(async () => {
  kit = await createKit({
    sql: `CREATE SCHEMA shop;
      CREATE TABLE shop.things (k text COLLATE "C" PRIMARY KEY, a text, b numeric, c timestamptz, amount numeric, currency text);
      ${LEDGER_DDL.join(';\n')};`,
    entities: {
      things: {
        read: { table: 'shop.things' },
        key: 'k',
        mirror: 'shop.things',
        upload: {
          writeBack: 'source',
          writable: FIELDS as [string, ...string[]],
          operations: ['insert', 'update', 'delete'],
          groups: [{ fields: ['amount', 'currency'] }],
        },
      },
    },
  });
  await kit.run('full');
  deps = kit.worker();
}, 60_000);
afterAll(() => kit?.close());

/** Remembers what arrived, in its order. */
class Recorder extends Server {
  readonly arrived: Mutation[] = [];

  override apply(mutation: Mutation) {
    this.arrived.push(mutation);
    return super.apply(mutation);
  }
}

const VALUES: Readonly<Record<string, readonly string[]>> = {
  a: ['one', 'two', 'three'],
  b: ['1', '2', '3.5'],
  c: ['2026-01-01 00:00:00+00', '2026-01-01 00:00:00.000001+00', '2026-01-02 00:00:00+00'],
  amount: ['5', '6', '7'],
  currency: ['EUR', 'USD', 'CHF'],
};

const values: fc.Arbitrary<FieldTexts> = fc
  .uniqueArray(fc.constantFrom(...FIELDS), { minLength: 1, maxLength: 3 })
  .chain((fields) =>
    fc
      .tuple(...fields.map((field) => fc.constantFrom(...(VALUES[field] as readonly string[]))))
      .map((texts) => Object.fromEntries(fields.map((field, i) => [field, texts[i] as string]))),
  );

// Versions are the store's own: devices of the model cannot know them.
const edit: fc.Arbitrary<Edit> = fc.record({
  key: fc.constantFrom('k1', 'k2'),
  kind: fc.constantFrom('set', 'set', 'set', 'create', 'delete'),
  values,
  base: fc.constant('image' as const),
  whole: fc.constantFrom('document', 'fields'),
});

const device = fc.nat(4);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('edit' as const), device, edit }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      device,
      at: fc.nat(9),
      answer: fc.constantFrom('heard' as const, 'lost' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replay' as const), device, at: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pull' as const), device }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function play(skewsMs: readonly number[], steps: readonly Step[]): Recorder {
  const devices = skewsMs.map((skewMs, i) => new Device(`d${i}`, skewMs));
  const server = new Recorder();
  const beginning = { a: 'zero', b: '0', c: null, amount: '0', currency: 'GBP' };
  for (const key of ['k1', 'k2']) {
    devices[0]?.edit({ key, kind: 'create', values: beginning, base: 'image', whole: 'fields' }, 900_000);
    devices[0]?.push(server, { at: 0, answer: 'heard' });
  }
  for (const writer of devices) writer.pull(server);
  for (const [count, next] of steps.entries()) {
    const writer = devices[next.device % devices.length] as Device;
    if (next.kind === 'edit') writer.edit(next.edit, 1_000_000 + 1_000 * count);
    if (next.kind === 'push') writer.push(server, next);
    if (next.kind === 'replay') writer.replay(server, next.at);
    if (next.kind === 'pull') writer.pull(server);
  }
  for (const writer of devices)
    while (writer.pending.length > 0) writer.push(server, { at: 0, answer: 'heard' });
  return server;
}

let histories = 0;

function wire({ id, key, change }: Mutation, history: string) {
  const { operation, values: wanted, baseImage, hlc } = change;
  return {
    mutation: `${history}/${id}`,
    entity: 'things',
    row: `${history}-${key}`,
    operation,
    ...(operation !== 'delete' && {
      values: { ...wanted, ...(operation === 'insert' && { k: `${history}-${key}` }) },
    }),
    ...(baseImage !== null && { base: { values: baseImage } }),
    hlc,
  };
}

/** Uploads as they arrive, one after the other; worked on in any order, and some by two workers. */
async function send(server: Recorder, history: string, order: readonly number[]): Promise<void> {
  const uploads: Mutation[][] = [];
  for (const mutation of server.arrived) {
    const last = uploads.at(-1);
    const sameDevice = last?.[0]?.id.split('/')[0] === mutation.id.split('/')[0];
    if (sameDevice && (last?.length ?? 0) < 4) last?.push(mutation);
    else uploads.push([mutation]);
  }
  const refs = uploads.map((mutations, i) => ({
    device: `${history}-${mutations[0]?.id.split('/')[0]}`,
    key: `u${i}`,
    mutations,
  }));
  for (const { mutations, ...ref } of refs) {
    await stage(
      deps,
      mutations.map((mutation) => wire(mutation, history)),
      ref,
    );
  }
  const shuffled = [...refs.keys()].sort((left, right) => placeOf(left, order) - placeOf(right, order));
  for (let i = 0; i < shuffled.length; i += 2) {
    // Two workers at once; what has to wait for others' changes of its rows is left.
    await Promise.all(shuffled.slice(i, i + 2).map((at) => tryOnce(refs[at] as (typeof refs)[number])));
  }
  for (const { device: name, key } of refs) await process(deps, { device: name, key });
}

function placeOf(at: number, order: readonly number[]): number {
  return order[at % order.length] ?? 0;
}

async function tryOnce({ device: name, key }: { device: string; key: string }): Promise<void> {
  await applyUpload(deps, { device: name, key, pipeline: 'p', timeBoxMs: 60_000 }, contextOf());
}

async function rowsOf(history: string, of: 'source' | 'mirror'): Promise<Map<string, FieldTexts>> {
  const db = of === 'source' ? kit.source : kit.store.pool;
  const { rows } = await db.query<{ k: string; texts: FieldTexts }>(
    `SELECT k, jsonb_build_object('a', a, 'b', b::text, 'c', c::text, 'amount', amount::text, 'currency', currency) AS texts
       FROM shop.things WHERE k LIKE $1 ${of === 'mirror' ? 'AND sync_deleted_at IS NULL' : ''} ORDER BY k`,
    [`${history}-%`],
  );
  return new Map(rows.map(({ k, texts }) => [k.slice(history.length + 1), texts]));
}

test(
  `${HISTORIES} histories of 3 to 5 writers end as in the model, in the source and in the mirror`,
  async () => {
    const skews = fc.array(fc.integer({ min: -50_000, max: 50_000 }), { minLength: 3, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        skews,
        fc.array(step, { minLength: 5, maxLength: 30 }),
        fc.array(fc.nat(100), { minLength: 1, maxLength: 10 }),
        async (skewsMs, steps, order) => {
          const history = `h${++histories}`;
          const server = play(skewsMs, steps);
          expect(server.lost()).toEqual([]);
          await send(server, history, order);
          const expected = new Map(
            [...server.rows]
              .flatMap(([key, now]) => (now.state === 'row' ? [[key, now.row.values] as const] : []))
              .sort(),
          );
          expect(await rowsOf(history, 'source')).toEqual(expected);
          expect(await rowsOf(history, 'mirror')).toEqual(expected);
        },
      ),
      { numRuns: HISTORIES, endOnFailure: true },
    );
    const { rows } = await kit.store.pool.query(
      `SELECT count(*)::int AS open FROM syncline.mutation WHERE state <> 'done'`,
    );
    expect(rows).toEqual([{ open: 0 }]);
  },
  MINUTES,
);
