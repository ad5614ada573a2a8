import { expect, it } from 'vitest';
import { statusText } from '../../src/cli/status-text.ts';
import { summaryText } from '../../src/cli/summary.ts';
import { NO_ROWS, type RunSummary } from '../../src/domain/run.ts';
import type { EntityStatus, Status } from '../../src/service/status.ts';

const ENTITY: EntityStatus = {
  entity: 'orders',
  pipeline: 'shop',
  watermark: '2026-01-31T08:00:00.000000Z',
  ageSeconds: 125,
  needsFull: false,
  quarantined: 0,
  waitingForRefresh: 0,
  lastRun: {
    runId: 'r1',
    mode: 'full',
    status: 'SUCCESS',
    startedAt: '2026-01-31T08:00:00.000000Z',
    finishedAt: null,
    error: null,
  },
  degraded: [],
};

const QUIET: Status = {
  running: [],
  entities: [ENTITY],
  sources: [],
  feedLag: { seconds: 0, pid: null, application: null },
  temporal: { answers: true, waiting: [], queuesWithoutWorker: [] },
};

const RUN: Status['running'][number] = {
  runId: 'r2',
  pipeline: 'shop',
  mode: 'full',
  status: 'RUNNING',
  trigger: 'cli',
  requestedBy: 'ada',
  source: 'main',
  sourceKind: 'postgres',
  workflowId: 'sync/shop/full',
  startedAt: '2026-01-31T08:00:00.000000Z',
  finishedAt: null,
  seconds: 30,
  pausedAt: null,
  pausedBy: null,
  error: null,
  entities: [
    {
      entity: 'orders',
      mode: 'full',
      status: 'RUNNING',
      rowsDone: 50,
      rowsEstimated: 100,
      rowsPerSecond: 5,
      counts: NO_ROWS,
      nullChangedAt: 0,
      futureChangedAt: 0,
      watermarkFrom: null,
      watermarkTo: null,
      degraded: [],
      error: null,
    },
  ],
};

it('is short when nothing runs and nothing is wrong', () => {
  expect(statusText(QUIET).split('\n')).toEqual([
    'No run is under way.',
    '',
    expect.stringMatching(/^entity +pipeline +fresh up to \(UTC\) +age +last run$/),
    expect.stringMatching(/^orders +shop +2026-01-31 08:00:00 +2 min +SUCCESS$/),
  ]);
});

it('shows what runs, who paused it and how it goes on', () => {
  const text = statusText({ ...QUIET, running: [RUN] });
  expect(text).toContain('shop full, at work, for 30 s (run r2)\n  orders: 50 %, 50/100 rows');
  const paused = statusText({
    ...QUIET,
    running: [{ ...RUN, pausedAt: '2026-01-31T08:00:10.000000Z', pausedBy: 'ada' }],
  });
  expect(paused).toContain('paused by ada at 2026-01-31 08:00:10 UTC');
  expect(paused).toContain('→ `syncline resume shop`');
});

it.each<[string, Partial<Status>, RegExp]>([
  [
    'an entity that never ran',
    { entities: [{ ...ENTITY, watermark: null, ageSeconds: null, lastRun: null, needsFull: true }] },
    /orders +shop +– +– +never +next run is full/,
  ],
  [
    'why the last run of an entity failed, and the next step',
    {
      entities: [
        {
          ...ENTITY,
          lastRun: {
            ...(ENTITY.lastRun as NonNullable<EntityStatus['lastRun']>),
            status: 'FAILED',
            error: { code: 'MASS_DELETE', message: 'too many are gone' },
          },
        },
      ],
    },
    /! orders: MASS_DELETE: too many are gone\n {2}→ .*--allow-mass-delete/,
  ],
  [
    'a degraded mode once for all entities that have it',
    {
      entities: ['orders', 'items'].map((entity) => ({
        ...ENTITY,
        entity,
        degraded: [{ code: 'SOURCE_IS_REPLICA', message: 'a replica' }],
      })),
    },
    /! orders, items: SOURCE_IS_REPLICA: a replica$/,
  ],
  [
    'a source that is left alone',
    {
      sources: [
        {
          source: 'main',
          failures: 5,
          openUntil: '2026-01-31T08:01:00.000000Z',
          lastError: { code: 'SOURCE_UNAVAILABLE', message: 'no route' },
        },
      ],
    },
    /! source main: 5 failures in a row; left alone until 2026-01-31 08:01:00 UTC: no route\n {2}→ `syncline check`/,
  ],
  [
    'a source that refused the login',
    {
      sources: [
        {
          source: 'erp',
          failures: 1,
          openUntil: '2026-01-31T08:01:00.000000Z',
          lastError: { code: 'SOURCE_AUTH', message: 'ORA-28000: locked', remedy: 'Have it unlocked.' },
        },
      ],
    },
    /! source erp: its login was refused; left alone until 2026-01-31 08:01:00 UTC: ORA-28000: locked\n {2}→ Have it unlocked\./,
  ],
  [
    'a source that refused the login some time ago',
    {
      sources: [
        {
          source: 'erp',
          failures: 1,
          openUntil: null,
          lastError: { code: 'SOURCE_AUTH', message: 'ORA-28000: locked' },
        },
      ],
    },
    /! source erp: its login was refused; the next run tries it once: ORA-28000: locked\n {2}→ `syncline check`/,
  ],
  [
    'who holds the feed back',
    { feedLag: { seconds: 61, pid: 4242, application: 'psql' } },
    /! the feed is held back for 61 s by process 4242 \(psql\).*\n {2}→ .*pg_terminate_backend\(4242\)/,
  ],
  [
    'a prepared transaction that holds the feed back',
    { feedLag: { seconds: 61, pid: null, application: 'prepared transaction tx-1' } },
    /by prepared transaction tx-1\n {2}→ COMMIT PREPARED 'tx-1' or ROLLBACK PREPARED 'tx-1'/,
  ],
  [
    'runs that wait',
    {
      temporal: {
        answers: true,
        waiting: [
          {
            workflowId: 'sync/shop/full',
            pipeline: 'shop',
            mode: 'full',
            startedAt: '2026-01-31T08:00:00.000Z',
          },
        ],
        queuesWithoutWorker: ['syncline'],
      },
    },
    /shop full, waits for its turn since 2026-01-31 08:00:00 UTC[\s\S]*! No worker polls task queue syncline: start one with `syncline worker`/,
  ],
  [
    'that Temporal does not answer',
    { temporal: { answers: false, message: 'The Temporal server does not answer' } },
    /! The Temporal server does not answer\n {2}→/,
  ],
])('tells of %s', (_, change, expected) => {
  expect(statusText({ ...QUIET, ...change })).toMatch(expected);
});

it('keeps silent about a transaction as short as ours', () => {
  expect(statusText({ ...QUIET, feedLag: { seconds: 1, pid: 4242, application: 'psql' } })).toBe(
    statusText(QUIET),
  );
});

const SUMMARY: RunSummary = {
  runId: 'r1',
  pipeline: 'shop',
  mode: 'incremental',
  status: 'PARTIAL',
  counts: { ...NO_ROWS, fetched: 1_000 },
  entities: [
    {
      entity: 'orders',
      mode: 'full',
      status: 'SUCCESS',
      watermark: null,
      counts: { ...NO_ROWS, fetched: 1_000, inserted: 997, quarantined: 2, skipped: 1 },
    },
    {
      entity: 'items',
      mode: 'incremental',
      status: 'FAILED',
      watermark: null,
      counts: NO_ROWS,
      error: { code: 'SOURCE_QUERY', message: 'no such table' },
    },
  ],
};

it('sums a run up, and says what is left to do', () => {
  const text = summaryText(SUMMARY);
  expect(text).toMatch(/^PARTIAL: 1,000 rows fetched\nentity +mode +status/);
  expect(text).not.toContain('tombstoned');
  expect(text).toContain('orders: 2 rows set aside\n  → `syncline quarantine list --entity orders`');
  expect(text).toContain('orders: 1 duplicate left out\n  → `syncline skipped orders`');
  expect(text).toMatch(/items: SOURCE_QUERY: no such table\n {2}→ .*syncline plan/);
});

it('says of an increment that yielded to whom', () => {
  expect(summaryText({ ...SUMMARY, status: 'YIELDED', yieldedTo: 'r9', entities: [] })).toContain('run r9');
});
