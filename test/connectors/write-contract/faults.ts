/**
 * Connections that die while mutations are written: nothing is lost, nothing is applied twice (C12). What every write
 * target has to stand; a kind gives the ways to hang up at a moment.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type {
  Mutation,
  WriteEntity,
  WriteOptions,
  WriteTarget,
} from '../../../src/connectors/write-contract.ts';
import { countOr } from '../../campaign/counts.ts';
import { never } from '../kit.ts';
import { insertOf, mutation, writeOptions } from '../write-kit.ts';

/**
 * What becomes of a COMMIT: 'lost' on its way, 'unheard' when it was done, done so many milliseconds after the connection
 * was lost, or done on a connection that says nothing more ('silent').
 */
export type CommitFault = 'lost' | 'unheard' | 'silent' | { readonly lateMs: number };

export type FaultFixture = {
  readonly target: WriteTarget;
  /** One that waits for nothing longer than a second. */
  impatient(): WriteTarget;
  /** id (the key, given by the database where it is left out), n (whole number). */
  readonly counters: WriteEntity;
  column(name: 'id' | 'n'): string;
  /** Leaves the counters 1 to 6, which are 0. */
  reset(): Promise<void>;
  rows(sql: string): Promise<(string | null)[][]>;
  ledgerRows(keys: readonly string[]): Promise<number>;
  /** Settles when it has struck. */
  atCommit(fault: CommitFault): Promise<void>;
  /** The session is lost at the next statement like this. */
  atStatement(statement: RegExp): Promise<void>;
  /** The faults that have not struck yet. */
  clear(): void;
  close(): Promise<void>;
};

/** Statements by what they do, as the kind sends them for one row, and for several together. */
export type Phases = {
  readonly one: readonly (readonly [name: string, statement: RegExp])[];
  readonly several: readonly (readonly [name: string, statement: RegExp])[];
};

export function writeFaults(phases: Phases, open: () => Promise<FaultFixture>): void {
  describe('write faults', () => {
    let f: FaultFixture;
    beforeAll(async () => {
      f = await open();
    }, 60_000);
    afterAll(() => f?.close());
    beforeEach(() => f.reset());
    afterEach(() => f.clear());

    const options = (): WriteOptions => writeOptions([f.counters]);
    const n = (value: number | string) => ({ [f.column('n')]: String(value) });
    /** Adds one to a counter, if it is what it is expected to be. */
    const step = (from: number, key = '1'): Mutation =>
      mutation({ entity: 'counters', key, values: n(from + 1), base: n(from) });
    const counter = async (): Promise<number> =>
      Number((await f.rows('SELECT n FROM counters WHERE id = 1'))[0]?.[0]);

    test('commits whose outcome nobody heard: none lost, none doubled', async () => {
      const commits = countOr(10, 'CAMPAIGN_COMMITS');
      const sent: string[] = [];
      const failures: unknown[] = [];
      for (let i = 0; i < commits; i++) {
        const fault = i % 25 === 9 ? { lateMs: 5_000 } : i % 2 === 0 ? 'lost' : 'unheard';
        const struck = f.atCommit(fault);
        const next = step(i);
        sent.push(next.ledgerKey);
        const [verdict] = await f.target.writeBatch([next], options());
        await struck;
        if (verdict?.kind !== 'applied' || verdict.row?.[f.column('n')] !== String(i + 1)) {
          failures.push([i, verdict]);
        }
      }
      expect(failures).toEqual([]);
      expect(await counter()).toBe(commits);
      expect(await f.ledgerRows(sent)).toBe(commits);
    });

    test('inserts with generated keys, in batches: each row once, with the key that was given', async () => {
      const keys: string[] = [];
      for (const fault of ['lost', 'unheard', { lateMs: 500 }] as const) {
        const struck = f.atCommit(fault);
        const batch = Array.from({ length: 10 }, (_, i) => insertOf('counters', n(100 + i)));
        const verdicts = await f.target.writeBatch(batch, options());
        await struck;
        for (const [i, verdict] of verdicts.entries()) {
          expect(verdict).toMatchObject({ kind: 'applied', row: n(100 + i) });
          if (verdict.kind === 'applied') keys.push(verdict.key);
        }
      }
      const rows = await f.rows('SELECT id FROM counters WHERE n >= 100');
      expect(rows.map(([id]) => id).sort()).toEqual([...keys].sort());
      expect(new Set(keys).size).toBe(30);
    }, 60_000);

    test('a group whose rows name each other is there once and whole', async () => {
      for (const [round, fault] of (['lost', 'unheard', { lateMs: 500 }] as const).entries()) {
        const group = `g${round}`;
        const parent = { ...insertOf('counters', n(200 + round)), group };
        const child = {
          ...mutation({ entity: 'counters', key: '2', base: n(0) }),
          group,
          takes: { [f.column('n')]: parent.ledgerKey },
        };
        const struck = f.atCommit(fault);
        const verdicts = await f.target.writeBatch([parent, child, { ...step(0), group }], options());
        await struck;
        expect(verdicts).toMatchObject([{ kind: 'applied' }, { kind: 'applied' }, { kind: 'applied' }]);
        const [made, ...more] = await f.rows(`SELECT id FROM counters WHERE n = ${200 + round}`);
        expect(more).toEqual([]);
        expect(await f.rows('SELECT n FROM counters WHERE id = 2')).toEqual([made]);
        await f.reset();
      }
    }, 60_000);

    test.each(phases.one)('a session lost at %s is made up for', async (_, statement) => {
      const struck = f.atStatement(statement);
      expect(await f.target.writeBatch([step(0)], options())).toMatchObject([{ kind: 'applied', row: n(1) }]);
      await struck;
      expect(await counter()).toBe(1);
    });

    test.each(phases.several)('several rows together, lost at %s, are written once', async (_, statement) => {
      const struck = f.atStatement(statement);
      const batch = Array.from({ length: 6 }, (__, i) => step(0, String(i + 1)));
      const verdicts = await f.target.writeBatch(batch, options());
      await struck;
      expect(verdicts).toMatchObject(batch.map(({ key }) => ({ kind: 'applied', key, row: n(1) })));
      expect(await f.rows('SELECT DISTINCT n FROM counters')).toEqual([['1']]);
    });

    test('a socket that says nothing more at COMMIT is found out, and the ledger asked', async () => {
      const struck = f.atCommit('silent');
      expect(await f.target.writeBatch([step(0)], options())).toMatchObject([{ kind: 'applied', row: n(1) }]);
      await struck;
      expect(await counter()).toBe(1);
    });

    describe('while the outcome cannot be known', () => {
      test('the call fails, and the same one later finds what was committed', async () => {
        const impatient = f.impatient();
        const struck = f.atCommit({ lateMs: 3_000 });
        const next = step(0);
        await expect(impatient.writeBatch([next], options())).rejects.toMatchObject({
          code: 'SOURCE_UNAVAILABLE',
          details: { outcome: 'unknown' },
        });
        expect(await counter()).toBe(0);
        await struck;
        expect(await f.target.writeBatch([next], options())).toMatchObject([
          { kind: 'duplicate', outcome: { state: 'applied', operation: 'update', key: '1' }, row: n(1) },
        ]);
        expect(await counter()).toBe(1);
      });

      test('giving up waits for the commit under way, and tells of it', async () => {
        const impatient = f.impatient();
        const struck = f.atCommit({ lateMs: 3_000 });
        const next = step(0);
        await expect(impatient.writeBatch([next], options())).rejects.toMatchObject({
          code: 'SOURCE_UNAVAILABLE',
        });
        expect(await f.target.settle(next.ledgerKey, never)).toEqual({
          state: 'applied',
          operation: 'update',
          key: '1',
        });
        await struck;
      });

      test('giving up on what never came stays so, also when its own COMMIT is not heard', async () => {
        for (const fault of ['lost', 'unheard'] as const) {
          const lost = step(0);
          const struck = f.atCommit(fault);
          expect(await f.target.settle(lost.ledgerKey, never)).toEqual({ state: 'aborted' });
          await struck;
          expect(await f.target.writeBatch([lost], options())).toMatchObject([
            { kind: 'duplicate', outcome: { state: 'aborted' } },
          ]);
        }
        expect(await counter()).toBe(0);
      });
    });
  });
}
