/** Policies where one side deleted the row that the other changed. */
import { changeClock, isLater, latestServerClock } from './clocks.ts';
import type { Change, Clash, RowNow } from './decision.ts';
import { defaultPolicy } from './policies.ts';
import type { Policy, UploadSpec } from './upload-spec.ts';

export type ExistenceInput = {
  readonly spec: UploadSpec;
  readonly change: Change;
  readonly now: RowNow;
};

type Existence = { readonly took: 'client' | 'server' | 'open'; readonly by: Policy };

/**
 * A delete without a clock is not undone by a later change, and one that nobody remembers by no policy at all (C14):
 * a human may. Rows do not merge with their absence.
 */
export function decideExistence({ spec, change, now }: ExistenceInput, clash: Clash): Existence {
  const asked = defaultPolicy(spec, change.policy).policy;
  const by = asked === 'merge' ? (spec.onFailedMerge ?? 'manual') : asked;
  switch (by) {
    case 'serverWins':
      return { took: 'server', by };
    case 'clientWins':
      return { took: now.state === 'unknown' ? 'open' : 'client', by };
    case 'lastWriteWins':
      return { took: isClientChangeLater(change, now, clash) ? 'client' : 'server', by };
    default:
      return { took: 'open', by };
  }
}

function isClientChangeLater(change: Change, now: RowNow, clash: Clash): boolean {
  if (now.state === 'row') return isLater(changeClock(change), latestServerClock(now.row, clash.fields));
  return now.state === 'tombstone' && now.hlc !== null && isLater(changeClock(change), now.hlc);
}
