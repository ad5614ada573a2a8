import { expect, it } from 'vitest';
import { killWorkers } from './kill-workers.ts';

// 20 kills with 300,000 rows: `npm run test:campaign`.
it.concurrent.each(['postgres', 'oracle'] as const)(
  'survives three killed workers in one full run from %s: nothing lost, nothing doubled',
  {
    timeout: 300_000,
  },
  async (source) => {
    const rows = 30_000;
    const report = await killWorkers({ rows, kills: 3, source });

    expect(report).toMatchObject({ lost: 0, different: 0, mirrorRows: rows });
    expect(report.takenOver).toBeGreaterThanOrEqual(3);
    expect(report.summary.status).toBe('SUCCESS');
    // Every row was counted by exactly one load that committed.
    expect(report.summary.counts).toMatchObject({ fetched: rows, inserted: rows });
  },
);
