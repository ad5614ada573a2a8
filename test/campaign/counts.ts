/** A count of this campaign, from its command line. */
export function campaignCount(name: string): number {
  const count = Number(process.env[name]);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Error(`${name} is not set: start campaigns with npm run test:campaign`);
}
