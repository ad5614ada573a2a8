const COUNTS = [
  'CAMPAIGN_KILLS',
  'CAMPAIGN_ROWS',
  'CAMPAIGN_SCHEDULES',
  'CAMPAIGN_HISTORIES',
  'CAMPAIGN_MERGES',
  'CAMPAIGN_UPLOADS',
  'CAMPAIGN_CONFLICTS',
  'CAMPAIGN_FEED_CHANGES',
  'CAMPAIGN_FEED_SECONDS',
  'CAMPAIGN_FEED_HISTORIES',
  'CAMPAIGN_COMMITS',
  'CAMPAIGN_HOSTILE',
  'CAMPAIGN_SOCKETS',
  'CAMPAIGN_DEVICE_SEQUENCES',
  'CAMPAIGN_SIMULATOR_ROWS',
] as const;
type Count = (typeof COUNTS)[number];

/** A count of this campaign, from its command line. */
export function campaignCount(name: Count): number {
  const count = read(name);
  if (count !== null) return count;
  throw new Error(`${name} is not set: start campaigns with npm run test:campaign`);
}

/** For properties that are tests too: how often in a campaign, else `inTests`. */
export function countOr(inTests: number, name: Count): number {
  return read(name) ?? inTests;
}

function read(name: Count): number | null {
  const count = Number(process.env[name]);
  return Number.isInteger(count) && count > 0 ? count : null;
}
