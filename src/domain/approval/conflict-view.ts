/**
 * What the query `conflict` answers: where the conflict stands, who may decide, and both sides. The workflow knows no
 * values, since its history must not hold them; the worker that answers adds them on the way out.
 */
import type { FeedSpec } from '../access/feed-spec.ts';
import type { FieldTexts } from '../upload/decision.ts';
import { parseHlc } from '../upload/hlc.ts';
import { ALL_OTHER_FIELDS, type FieldStamps } from '../upload/versions.ts';
import type { ApprovalState } from './approval.ts';
import { decidable } from './handle-event.ts';
import { wantedOf } from './may-decide.ts';

export type ConflictSide = {
  /** null: this side has no row. */
  readonly values: FieldTexts | null;
  /** UTC, ISO 8601; null where nobody knows. */
  readonly changedAt: string | null;
};

export type ConflictSides = {
  /** Of the conflict in the store: ahead of the workflow's while a decision is being written. */
  readonly round: number;
  /** Fields as the device saw them; null when it did not say. */
  readonly base: FieldTexts | null;
  /** Fields of an earlier change that the device got accepted from the same base: compared with instead of the base. */
  readonly accepted: FieldTexts;
  /** What taking the device's side would write. */
  readonly device: ConflictSide;
  readonly server: ConflictSide;
  /** What a merge made that is not trusted; null where none was tried. */
  readonly draft: FieldTexts | null;
  /** Fields that not everybody may read: their values are left out here. */
  readonly withheld: readonly string[];
};

export type ConflictView = ApprovalState & {
  /** UTC, ISO 8601. */
  readonly since: string;
  readonly clashing: readonly string[];
  /** For people: `anyone`, `role CFO`. */
  readonly mayDecide: string;
  /** null: they could not be read, `sidesProblem` says why. */
  readonly sides: ConflictSides | null;
  readonly sidesProblem: string | null;
};

/** The metadata of the answer that a worker adds the sides to; holds the conflict's id. No data can have it. */
export const SIDES_WANTED = 'syncline-conflict-sides';

/** Without the sides: what the workflow knows. */
export function viewOf(state: ApprovalState): ConflictView {
  return {
    ...state,
    since: new Date(state.openedAtMs).toISOString(),
    clashing: state.conflict.clash?.fields ?? [],
    mayDecide: wantedOf(state.spec.resolvers, decidable(state)),
    sides: null,
    sidesProblem: 'this answer came from a worker that does not add them',
  };
}

export type SidesInput = {
  readonly round: number;
  readonly base: FieldTexts | null;
  readonly accepted: FieldTexts;
  readonly client: FieldTexts;
  readonly server: FieldTexts | null;
  readonly draft: FieldTexts | null;
  readonly clashing: readonly string[];
  readonly deviceHlc: string | null;
  /** Of the server's row as the conflict has it; null: unknown, or the row moved on. */
  readonly serverStamps: FieldStamps | null;
};

/** Nobody's permissions are known here, so fields that some do not see are seen by nobody. */
export function sidesOf(input: SidesInput, feed: Pick<FeedSpec, 'fields'> | null): ConflictSides {
  const { round, base, accepted, client, server, draft, clashing, deviceHlc, serverStamps } = input;
  const all = [base, accepted, client, server, draft].flatMap((side) => Object.keys(side ?? {}));
  const guards = feed?.fields ?? {};
  const isGuarded = (name: string): boolean => Object.hasOwn(guards, name) && guards[name]?.read != null;
  const withheld = [...new Set(all)].filter(isGuarded).sort();
  const allowed = (side: FieldTexts): FieldTexts =>
    Object.fromEntries(Object.entries(side).filter(([name]) => !isGuarded(name)));
  const shown = (side: FieldTexts | null): FieldTexts | null => side && allowed(side);
  return {
    round,
    base: shown(base),
    accepted: allowed(accepted),
    device: { values: shown(client), changedAt: instantOf(deviceHlc) },
    server: { values: shown(server), changedAt: instantOf(latest(serverStamps, clashing)) },
    draft: shown(draft),
    withheld,
  };
}

/** When the fields that clash changed last; of a row that clashes as a whole, when any of it did. */
function latest(stamps: FieldStamps | null, clashing: readonly string[]): string | null {
  if (stamps === null) return null;
  const names = clashing.length > 0 ? clashing : Object.keys(stamps);
  const clocks = names.flatMap((name) => (stamps[name] ?? stamps[ALL_OTHER_FIELDS])?.hlc ?? []);
  return clocks.sort().at(-1) ?? null;
}

function instantOf(hlc: string | null): string | null {
  const parts = hlc === null ? null : parseHlc(hlc);
  return parts === null ? null : new Date(parts.ms).toISOString();
}
