import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EntityProgress } from '../../src/workflows/messages.ts';
import { progressMarkdown, runProgress } from '../../src/workflows/progress.ts';

const entity = (change: Partial<EntityProgress> = {}): EntityProgress => ({
  entity: 'sales',
  mode: 'full',
  status: 'RUNNING',
  stage: 'copying',
  rowsDone: 250_000,
  rowsEstimated: 1_000_000,
  rowsPerSecond: 5_000,
  ...change,
});

test('time left is what is left by the rate of those at work', () => {
  const waiting = entity({
    entity: 'items',
    status: 'WAITING',
    stage: 'waiting',
    rowsDone: 0,
    rowsPerSecond: 900,
  });
  expect(runProgress('RUNNING', [entity(), waiting])).toMatchObject({
    rowsDone: 250_000,
    rowsEstimated: 2_000_000,
    rowsPerSecond: 5_000,
    secondsLeft: 350,
  });
});

test.each([
  ['RUNNING', 0, null],
  ['PAUSED', 5_000, null],
  ['CANCELLING', 5_000, null],
  ['SUCCESS', 0, 0],
  ['YIELDED', 0, 0],
] as const)('%s at %d rows/s: %s seconds left', (status, rowsPerSecond, secondsLeft) => {
  expect(runProgress(status, [entity({ rowsPerSecond })]).secondsLeft).toBe(secondsLeft);
});

test('an estimate that was too low counts as reached: never more done than estimated', () => {
  const any = fc.array(fc.record({ done: fc.nat(1e9), estimated: fc.nat(1e9), rate: fc.nat(1e6) }), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(any, (all) => {
      const progress = runProgress(
        'RUNNING',
        all.map(({ done, estimated, rate }) =>
          entity({ rowsDone: done, rowsEstimated: estimated, rowsPerSecond: rate }),
        ),
      );
      expect(progress.rowsDone).toBeLessThanOrEqual(progress.rowsEstimated);
      expect(progress.secondsLeft ?? 0).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('the details are a Markdown table that names cannot break', () => {
  const progress = runProgress('RUNNING', [entity(), entity({ entity: 'a|b\nc', rowsDone: 12 })]);
  expect(
    progressMarkdown(progress, ['pause by ann:\nmonth end']),
  ).toBe(`**RUNNING** · 250,012 of about 2,000,000 rows · 10,000 rows/s · 3 min left

| entity | mode | status | stage | rows | of about | rows/s |
|---|---|---|---|--:|--:|--:|
| sales | full | RUNNING | copying | 250,000 | 1,000,000 | 5,000 |
| a\\|b c | full | RUNNING | copying | 12 | 1,000,000 | 5,000 |

- pause by ann: month end`);
});

test('before anything is known, the details are one line', () => {
  expect(progressMarkdown(runProgress('RUNNING', []))).toBe('**RUNNING** · 0 of about 0 rows');
});
