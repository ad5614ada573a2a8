import type { RowCounts } from '../domain/run.ts';

export const NO_ROWS: RowCounts = {
  fetched: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  skipped: 0,
  tombstoned: 0,
  quarantined: 0,
  lateRows: 0,
  refreshed: 0,
};
