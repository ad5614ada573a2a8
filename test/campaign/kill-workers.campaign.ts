import { expect, it } from 'vitest';
import { killWorkers } from '../e2e/kill-workers.ts';
import { campaignCount } from './counts.ts';

const kills = campaignCount('CAMPAIGN_KILLS');
const rows = campaignCount('CAMPAIGN_ROWS');

it.each(['postgres', 'oracle'] as const)(
  `survives ${kills} killed workers in one full run of ${rows} rows from %s`,
  async (source) => {
    const report = await killWorkers({ rows, kills, source });
    expect(report).toMatchObject({ lost: 0, different: 0, mirrorRows: rows });
    expect(report.takenOver).toBeGreaterThanOrEqual(kills);
    expect(report.summary.status).toBe('SUCCESS');
    expect(report.summary.counts).toMatchObject({ fetched: rows, inserted: rows });
  },
);
