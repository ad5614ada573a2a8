/** How old something is, between texts of instants. */
import { msBetween, parseInstant } from '../domain/instants.ts';

/** @returns null where one of the texts is no instant: `infinity`. Never below 0, as two clocks may differ. */
export function secondsBetween(earlier: string, later: string): number | null {
  const [from, to] = [parseInstant(earlier), parseInstant(later)];
  if (from === null || to === null) return null;
  return Math.max(0, Math.round(msBetween(from, to) / 1_000));
}
