import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideHighMark, type MarkLimits, type TransactionView } from '../../src/domain/decide-high-mark.ts';
import { addMs, subtractMs } from '../../src/domain/instants.ts';

const now = '2026-03-01T12:00:00.500000Z';
const ago = (ms: number): string => subtractMs(now, ms);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const quiet: TransactionView = {
  now,
  oldest: null,
  prepared: null,
  hiddenUntilGranted: null,
  replayedUpTo: null,
  subscribes: false,
};
const limits: MarkLimits = { slackMs: 10 * SECOND, maxTransactionMs: null, degradedOverlapMs: 15 * MINUTE };
const open = (ms: number) => ({ since: ago(ms), what: 'pid 7' });

describe('the high mark (C3), clause by clause', () => {
  it.each<{
    clause: string;
    seen?: Partial<TransactionView>;
    limit?: Partial<MarkLimits>;
    previous?: string;
    mark: string;
    codes?: string[];
    held?: boolean;
  }>([
    { clause: 'nothing open: now less the slack', mark: ago(10 * SECOND) },
    {
      clause: 'an open transaction: its start less the slack',
      seen: { oldest: open(HOUR) },
      mark: ago(HOUR + 10 * SECOND),
      held: true,
    },
    {
      clause: 'microseconds count',
      seen: { oldest: { since: '2026-03-01T11:00:00.000001Z', what: 'pid 7' } },
      limit: { slackMs: 0 },
      mark: '2026-03-01T11:00:00.000001Z',
      held: true,
    },
    {
      clause: 'a start after the clock was read does not raise it',
      seen: { oldest: open(-SECOND) },
      mark: ago(10 * SECOND),
    },
    {
      clause: 'longer than maxTransaction: no longer awaited, and said',
      seen: { oldest: open(HOUR) },
      limit: { maxTransactionMs: MINUTE },
      mark: ago(MINUTE + 10 * SECOND),
      codes: ['TRANSACTION_NOT_AWAITED'],
      held: true,
    },
    {
      clause: 'shorter than maxTransaction: awaited',
      seen: { oldest: open(SECOND) },
      limit: { maxTransactionMs: MINUTE },
      mark: ago(11 * SECOND),
      held: true,
    },
    {
      clause: 'prepared, with a previous mark: frozen there, without creeping back by the slack',
      seen: { prepared: open(MINUTE) },
      previous: ago(HOUR),
      mark: ago(HOUR),
      held: true,
    },
    {
      clause: 'prepared, but an older transaction is open',
      seen: { prepared: open(MINUTE), oldest: open(2 * HOUR) },
      previous: ago(HOUR),
      mark: ago(2 * HOUR + 10 * SECOND),
      held: true,
    },
    {
      clause: 'prepared, first run: below it by the overlap',
      seen: { prepared: open(MINUTE) },
      mark: ago(16 * MINUTE + 10 * SECOND),
      codes: ['PREPARED_TRANSACTION'],
      held: true,
    },
    {
      clause: 'prepared, first run, maxTransaction known',
      seen: { prepared: open(MINUTE) },
      limit: { maxTransactionMs: HOUR },
      mark: ago(HOUR + MINUTE + 10 * SECOND),
      codes: ['PREPARED_TRANSACTION'],
      held: true,
    },
    {
      clause: 'statistics hidden: the overlap',
      seen: { hiddenUntilGranted: 'GRANT it' },
      mark: ago(15 * MINUTE + 10 * SECOND),
      codes: ['TRANSACTIONS_HIDDEN'],
    },
    {
      clause: 'statistics hidden, longer maxTransaction',
      seen: { hiddenUntilGranted: 'GRANT it' },
      limit: { maxTransactionMs: HOUR },
      mark: ago(HOUR + 10 * SECOND),
      codes: ['TRANSACTIONS_HIDDEN'],
    },
    {
      clause: 'a replica: what it replayed, and the overlap',
      seen: { replayedUpTo: ago(MINUTE) },
      mark: ago(16 * MINUTE + 10 * SECOND),
      codes: ['SOURCE_IS_REPLICA'],
    },
    {
      clause: 'a subscriber: the overlap',
      seen: { subscribes: true },
      mark: ago(15 * MINUTE + 10 * SECOND),
      codes: ['SOURCE_SUBSCRIBES'],
    },
    {
      clause: 'the clock stepped back (C2)',
      previous: addMs(now, MINUTE),
      mark: ago(10 * SECOND),
      codes: ['SOURCE_CLOCK_BEHIND'],
    },
  ])('$clause', ({ seen, limit, previous, mark, codes = [], held = false }) => {
    const decided = decideHighMark({ ...quiet, ...seen }, { ...limits, ...limit }, previous ?? null);
    expect(decided.mark).toBe(mark);
    expect(decided.degraded.map((entry) => entry.code)).toEqual(codes);
    expect(decided.heldBackBy !== null).toBe(held);
  });

  it('is never above now less the slack, nor above any transaction that it awaits', () => {
    const ms = fc.integer({ min: 0, max: 10 * HOUR });
    const maybe = fc.option(ms.map(open));
    const view = fc.record({
      oldest: maybe,
      prepared: maybe,
      hidden: fc.boolean(),
      replayed: fc.option(ms),
      previous: fc.option(ms),
    });
    fc.assert(
      fc.property(view, ({ oldest, prepared, hidden, replayed, previous }) => {
        const seen = {
          ...quiet,
          oldest,
          prepared,
          hiddenUntilGranted: hidden ? 'GRANT it' : null,
          replayedUpTo: replayed === null ? null : ago(replayed),
        };
        const { mark } = decideHighMark(seen, limits, previous === null ? null : ago(previous));
        expect(mark <= ago(limits.slackMs)).toBe(true);
        if (oldest !== null) expect(mark < oldest.since).toBe(true);
        if (prepared !== null && previous !== null) expect(mark <= ago(previous)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
