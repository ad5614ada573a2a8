/**
 * C1 as a model: transactions of the source, runs under a lease, and uploads beside them, in random interleavings. With
 * the rule nothing ends stale, missing or wrongly deleted, and no row goes back in time; without it, much does.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPiece } from '../../src/store/load-piece.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import { takeTicket } from '../../src/store/ticket.ts';
import { tombstoneKeys } from '../../src/store/tombstones.ts';
import { countOr } from '../campaign/counts.ts';
import {
  all,
  jobFor,
  mirrorRows,
  openTestStore,
  planOf,
  startRun,
  type TestStore,
  textPiece,
} from './load-kit.ts';
import { type Decision, decideWrite, type MirrorState } from './write-decision.ts';

/** Which of the rule's two halves the model obeys. */
type Rule = { readonly ticket: boolean; readonly refreshList: boolean };

type SourceRow = { value: number; version: number; changedAt: number };
type MirrorRow = { value: number; version: number; deleted: boolean; xid: number };
type Outcome = { stale: number; missing: number; wronglyDeleted: number; wentBack: number };
type Process = Generator<void, void, void>;

const KEYS = 4;
const BUSY_STEPS = 120;
/** Campaigns run many more schedules than tests. */
const MINUTES = 30 * 60_000;

/** mulberry32: the same seed, the same schedule. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class World {
  now = 1;
  readonly source = new Map<number, SourceRow>();
  readonly mirror = new Map<number, MirrorRow>();
  readonly refresh = new Map<number, number>();
  wentBack = 0;
  private versions = 0;
  private watermark = 0;
  private readonly locks = new Set<number>();
  private readonly open = new Set<{ start: number }>();
  private readonly rule: Rule;
  private readonly random: () => number;

  constructor(rule: Rule, random: () => number) {
    this.rule = rule;
    this.random = random;
    for (let key = 0; key < KEYS; key++) {
      if (this.random() > 0.7) continue;
      const row = { value: this.below(3), version: ++this.versions, changedAt: 0 };
      this.source.set(key, row);
      this.mirror.set(key, { ...row, deleted: false, xid: 0 });
    }
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  *pause(most: number): Process {
    for (let i = this.below(most); i > 0; i--) yield;
  }

  /** A write of the mirror from a read made at `ticket`; null: the source did not have the row. */
  private put(key: number, read: SourceRow | null, ticket: number): void {
    const row = this.mirror.get(key);
    const state: MirrorState | null =
      row === undefined
        ? null
        : {
            visible: !this.rule.ticket || row.xid < ticket,
            deleted: row.deleted,
            same: row.value === read?.value,
          };
    const decision = decideWrite(read === null ? 'nothing' : 'row', state);
    if (decision === 'leave and read again' && this.rule.refreshList) this.refresh.set(key, this.now);
    if (decision !== 'insert' && decision !== 'write') return;
    if (read === null) this.mirror.set(key, { ...(row as MirrorRow), deleted: true, xid: this.now });
    else {
      if (row !== undefined && row.version > read.version) this.wentBack++;
      this.mirror.set(key, { ...read, deleted: false, xid: this.now });
    }
  }

  /** changedAt is the time of the statement; the row shows at the commit, some steps later. */
  private *change(key: number, decide: () => number | null): Generator<void, SourceRow | null, void> {
    const transaction = { start: this.now };
    this.open.add(transaction);
    yield;
    while (this.locks.has(key)) yield;
    this.locks.add(key);
    const value = decide();
    const row = value === null ? null : { value, version: ++this.versions, changedAt: this.now };
    yield* this.pause(4);
    if (row === null) this.source.delete(key);
    else this.source.set(key, row);
    this.locks.delete(key);
    this.open.delete(transaction);
    return row;
  }

  *application(): Process {
    yield* this.change(this.below(KEYS), () => (this.random() < 0.15 ? null : this.below(3)));
  }

  /** Writes the source, then, perhaps much later, the mirror: under a ticket from before, and listing its key. */
  *upload(): Process {
    const key = this.below(KEYS);
    const ticket = this.now;
    yield;
    const row = yield* this.change(key, () => this.below(3));
    yield* this.pause(10);
    this.put(key, row, ticket);
    if (this.rule.refreshList) this.refresh.set(key, this.now);
  }

  private mark(): number {
    return Math.min(this.now, ...[...this.open].map(({ start }) => start));
  }

  *increment(): Process {
    const high = this.mark();
    const ticket = this.now;
    const listed = new Map([...this.refresh].filter(([, xid]) => xid < ticket));
    this.now++;
    yield;
    const rows = [...this.source].filter(([key, row]) => row.changedAt >= this.watermark || listed.has(key));
    const gone = [...listed.keys()].filter((key) => !this.source.has(key));
    yield* this.pause(5);
    for (const [key, xid] of listed) if (this.refresh.get(key) === xid) this.refresh.delete(key);
    for (const [key, row] of rows) this.put(key, row, ticket);
    for (const key of gone) this.put(key, null, ticket);
    this.watermark = high;
  }

  *full(): Process {
    const marks: number[] = [];
    for (const part of [0, 1]) {
      marks.push(this.mark());
      const ticket = this.now++;
      yield;
      const rows = new Map([...this.source].filter(([key]) => key % 2 === part));
      yield* this.pause(5);
      for (const [key, row] of rows) this.put(key, row, ticket);
      for (const key of this.mirror.keys())
        if (key % 2 === part && !rows.has(key)) this.put(key, null, ticket);
    }
    this.watermark = Math.min(...marks);
  }

  outcome(): Outcome {
    const rows = [...this.source].map(([key, row]) => ({ row, mirror: this.mirror.get(key) }));
    return {
      stale: rows.filter(({ row, mirror }) => mirror && !mirror.deleted && mirror.value !== row.value).length,
      missing: rows.filter(({ mirror }) => mirror === undefined).length,
      wronglyDeleted: rows.filter(({ mirror }) => mirror?.deleted).length,
      wentBack: this.wentBack,
    };
  }
}

function simulate(seed: number, rule: Rule): Outcome {
  const random = randomFrom(seed);
  const world = new World(rule, random);
  let beside: Process[] = [];
  let run: Process | null = null;
  for (let step = 0; step < BUSY_STEPS || beside.length > 0 || run !== null; step++) {
    world.now++;
    if (step < BUSY_STEPS) {
      if (random() < 0.12) beside.push(world.application());
      if (random() < 0.08) beside.push(world.upload());
      if (run === null && random() < 0.3) run = random() < 0.25 ? world.full() : world.increment();
    }
    const processes: Process[] = run === null ? beside : [...beside, run];
    const next = processes[world.below(processes.length)];
    if (next === undefined || !next.next().done) continue;
    if (next === run) run = null;
    else beside = beside.filter((process) => process !== next);
  }
  for (let i = 0; i < 2; i++) {
    world.now += 2;
    for (const _ of world.increment()) world.now++;
  }
  return world.outcome();
}

const CLEAN: Outcome = { stale: 0, missing: 0, wronglyDeleted: 0, wentBack: 0 };

function total(rule: Rule, seeds: number): Outcome {
  const sum = { ...CLEAN };
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = simulate(seed, rule);
    for (const name of Object.keys(sum) as (keyof Outcome)[]) sum[name] += outcome[name];
  }
  return sum;
}

describe('the model', () => {
  it('ends right, and never goes back in time, with ticket and refresh list', { timeout: MINUTES }, () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(simulate(seed, { ticket: true, refreshList: true })).toEqual(CLEAN);
      }),
      { numRuns: countOr(20_000, 'CAMPAIGN_SCHEDULES') },
    );
  });

  it('would catch either half of the rule missing', () => {
    expect(total({ ticket: false, refreshList: false }, 3_000).wentBack).toBeGreaterThan(100);
    expect(total({ ticket: false, refreshList: true }, 3_000).wentBack).toBeGreaterThan(100);
    expect(total({ ticket: true, refreshList: false }, 3_000)).toMatchObject({
      wentBack: 0,
      stale: expect.toSatisfy((n) => n > 0),
    });
  });
});

describe('the SQL of the load decides as the model does', () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await openTestStore('load_interleaving');
  });
  afterAll(() => test.drop());

  const states: (MirrorState | null)[] = [null];
  for (const visible of [true, false]) {
    for (const deleted of [true, false])
      for (const same of [true, false]) states.push({ visible, deleted, same });
  }
  for (const read of ['row', 'nothing'] as const) {
    for (const [i, state] of states.entries()) {
      it(`${read} read, mirror ${JSON.stringify(state)}: ${decideWrite(read, state)}`, async () => {
        const plan = planOf({ entity: `case_${read}_${i}`, columns: { id: 'integer', value: 'text' } });
        await ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
        const run = await startRun(test.store, plan);
        const table = plan.spec.entity;
        if (state !== null) await all(test.store, `INSERT INTO ${table} (id, value) VALUES (1, 'before')`);
        const early = await takeTicket(test.store.pool);
        if (state !== null) {
          const set = `value = '${state.same ? 'read' : 'other'}', sync_deleted_at = ${state.deleted ? 'now()' : 'NULL'}`;
          await all(test.store, `UPDATE ${table} SET ${set}, sync_xid = pg_current_xact_id()`);
        }
        const ticket = state?.visible === false ? early : await takeTicket(test.store.pool);
        const before = await versionOf(test, table);
        if (read === 'row')
          await loadPiece(
            test.store,
            await jobFor(test.store, plan, { run, ticket }),
            textPiece([['1', 'read']]),
          );
        else await tombstoneKeys(test.store, { ref: run.ref, plan, ticket, keys: ['1'] });
        const listed = await all(test.store, 'SELECT FROM syncline.refresh WHERE entity = $1', [table]);
        const written = (await versionOf(test, table)) !== before;
        const decision: Decision =
          listed.length > 0
            ? 'leave and read again'
            : !written
              ? 'leave'
              : before === ''
                ? 'insert'
                : 'write';
        expect(decision).toBe(decideWrite(read, state));
        const rows = await mirrorRows(test.store, plan);
        if (written)
          expect(rows).toMatchObject([
            read === 'row' ? { value: 'read', deleted: false } : { deleted: true },
          ]);
      });
    }
  }
});

async function versionOf(test: TestStore, table: string): Promise<string> {
  const rows = await all<{ place: string }>(
    test.store,
    `SELECT ctid::text || sync_xid AS place FROM ${table}`,
  );
  return rows.map(({ place }) => place).join();
}
