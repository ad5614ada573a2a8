/** The course of a batch with a database that does what the test says: nothing here needs a server. */
import { describe, expect, test } from 'vitest';
import { writeBatch } from '../../../src/connectors/write-back/batch.ts';
import type { WriteDialect, WriteSession, WrittenTable } from '../../../src/connectors/write-back/dialect.ts';
import { CommitUnheard, DeferredViolation, RowBusy } from '../../../src/connectors/write-back/outcomes.ts';
import type { Mutation, Verdict, WriteEntity } from '../../../src/connectors/write-contract.ts';
import { SyncError } from '../../../src/domain/errors.ts';
import { mutation, writeOptions } from '../write-kit.ts';

const THINGS: WriteEntity = { entity: 'things', table: 'things', key: ['id'] };

/** A database of ledger keys; each COMMIT does what comes next in `commits`, and works when nothing is left. */
type Commit = 'unheard, done' | 'unheard, lost' | 'refused';

const FULL = new SyncError('SOURCE_BUSY', { message: 'full' });

function database(commits: Commit[], { busy = new Set<string>(), sessionsMax = 100 } = {}) {
  const ledger = new Set<string>();
  let sessions = 0;
  const open = (): WriteSession<WrittenTable> => {
    const own: string[] = [];
    return {
      describe: async (spec) => ({ spec }),
      around: null,
      savepoint: async () => undefined,
      rollBackToSavepoint: async () => undefined,
      apply: async (_, { ledgerKey, key }) => {
        if (busy.has(key as string)) throw new RowBusy('LOCKED', null);
        const outcome = { state: 'applied', operation: 'update', key: key as string } as const;
        if (ledger.has(ledgerKey)) return { kind: 'duplicate', outcome, row: null };
        own.push(ledgerKey);
        return { kind: 'applied', key: key as string, row: null };
      },
      applyWave: async (_, wave) => ({ verdicts: new Map(), left: wave }),
      commit: async () => {
        const what = own.includes('bad') ? 'refused' : commits.shift();
        if (what === 'refused') throw new DeferredViolation('violated');
        if (what !== 'unheard, lost') for (const key of own) ledger.add(key);
        if (what !== undefined) throw new CommitUnheard('cut');
      },
    };
  };
  const dialect: WriteDialect<WrittenTable> = {
    sourceName: 'shop',
    maxLedgerKeyChars: 20,
    wave: { min: 2, max: 10 },
    relativeCodes: new Set(),
    inSession: async (_, work) => {
      if (++sessions > sessionsMax) throw FULL;
      return work(open());
    },
    isLost: (error) => error instanceof CommitUnheard,
    refusal: (error) => ({ kind: 'rejected', code: String(error), message: '' }),
    asSyncError: (error) => new SyncError('INTERNAL', { message: String(error) }),
  };
  return { dialect, ledger, sessions: () => sessions };
}

const change = (key: string, ledgerKey = `k${key}`): Mutation =>
  mutation({ entity: 'things', key, ledgerKey });
const kinds = (verdicts: readonly Verdict[]) => verdicts.map(({ kind }) => kind);

describe('an unanswered COMMIT', () => {
  test.each<Commit[][]>([
    [['unheard, done']],
    [['unheard, lost']],
    [['unheard, lost', 'unheard, done']],
    [['unheard, lost', 'unheard, lost', 'unheard, lost']],
  ])('%j: its own doing is no duplicate', async (commits) => {
    const { dialect, ledger } = database([...commits]);
    const verdicts = await writeBatch(dialect, [change('1'), change('2')], writeOptions([THINGS]));
    expect(kinds(verdicts)).toEqual(['applied', 'applied']);
    expect([...ledger].sort()).toEqual(['k1', 'k2']);
  });

  test('too often: the caller is told that the outcome is unknown, and may repeat the call', async () => {
    const { dialect } = database(['unheard, lost', 'unheard, lost', 'unheard, lost', 'unheard, done']);
    const batch = [change('1')];
    await expect(writeBatch(dialect, batch, writeOptions([THINGS]))).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      details: { outcome: 'unknown' },
    });
    expect(kinds(await writeBatch(dialect, batch, writeOptions([THINGS])))).toEqual(['duplicate']);
  });
});

test('without a session to ask the ledger, an unanswered COMMIT stays unknown', async () => {
  const run = (commits: Commit[], sessionsMax: number) =>
    writeBatch(database(commits, { sessionsMax }).dialect, [change('1')], writeOptions([THINGS]));
  await expect(run(['unheard, done'], 1)).rejects.toMatchObject({ details: { outcome: 'unknown' } });
  await expect(run([], 0)).rejects.toBe(FULL);
});

test('a refused COMMIT finds the mutation that is to blame, in few transactions', async () => {
  const { dialect, ledger, sessions } = database([]);
  const batch = Array.from({ length: 64 }, (_, i) => change(String(i), i === 37 ? 'bad' : `k${i}`));
  const verdicts = await writeBatch(dialect, batch, writeOptions([THINGS]));
  expect(verdicts.flatMap(({ kind }, i) => (kind === 'applied' ? [] : [[i, kind]]))).toEqual([
    [37, 'rejected'],
  ]);
  expect(ledger.size).toBe(63);
  expect(sessions()).toBeLessThan(20);
});

test('a row that stays locked is given up after so many tries, alone', async () => {
  const { dialect, sessions } = database([], { busy: new Set(['2']) });
  const batch = [change('1'), change('2'), change('2', 'later'), change('3')];
  const verdicts = await writeBatch(dialect, batch, writeOptions([THINGS], { lockTries: 3 }));
  expect(kinds(verdicts)).toEqual(['applied', 'busy', 'busy', 'applied']);
  expect(sessions()).toBe(3);
});
