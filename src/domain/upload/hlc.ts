/**
 * Hybrid logical clocks: `hex12(ms)hex4(counter)-node`, lower case, so that byte order is time order and ties fall to
 * the node. Kulkarni et al., "Logical Physical Clocks" (2014). Every process leases a fresh node, and the clock that
 * it goes on from is the row's, read under the row's lock: so causality survives restarts and clocks that step back.
 */
import { instantToMicros, minInstant } from '../instants.ts';

export type Hlc = string;

export type HlcParts = {
  /** Milliseconds since 1970, below 2^48. */
  readonly ms: number;
  /** Below 2^16. */
  readonly counter: number;
  /** Who ticked: 1–64 of `A-Z a-z 0-9 _ . : -`. */
  readonly node: string;
};

type Tick = {
  /** The clock to go on from: the row's. null: it has none yet. */
  readonly last: Hlc | null;
  readonly nowMs: number;
  /** Whose clock ticks. */
  readonly node: string;
};

export type Received =
  | { readonly kind: 'received'; readonly hlc: Hlc }
  /** Refused, and nothing was moved: the sender sets its clock to `serverMs` and stamps its edits anew. */
  | { readonly kind: 'clockAhead'; readonly serverMs: number; readonly aheadMs: number };

/** How far another clock may be ahead of ours. There is no bound for the past: devices are offline for weeks. */
export const MAX_DRIFT_MS = 60_000;

const MAX_MS = 2 ** 48 - 1;
const MAX_COUNTER = 0xffff;
const NODE = /^[A-Za-z0-9_.:-]{1,64}$/;
const HLC = /^([0-9a-f]{12})([0-9a-f]{4})-([A-Za-z0-9_.:-]{1,64})$/;

/** @throws RangeError when a part is outside of its range. */
export function encodeHlc({ ms, counter, node }: HlcParts): Hlc {
  requireRange('milliseconds', ms, MAX_MS);
  requireRange('counter', counter, MAX_COUNTER);
  if (!NODE.test(node)) throw new RangeError(`Not a node of a clock: ${JSON.stringify(node)}`);
  return `${ms.toString(16).padStart(12, '0')}${counter.toString(16).padStart(4, '0')}-${node}`;
}

function requireRange(what: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new RangeError(`The ${what} of a clock must be a whole number from 0 to ${max}, not ${value}`);
}

/** @returns null when the text is no clock. */
export function parseHlc(text: string): HlcParts | null {
  const match = HLC.exec(text);
  if (match === null) return null;
  const [, ms, counter, node] = match as unknown as [string, string, string, string];
  return { ms: Number.parseInt(ms, 16), counter: Number.parseInt(counter, 16), node };
}

/** Negative, 0 or positive, as a comparison for sorting. Clocks are ASCII, so this is PostgreSQL's order in COLLATE "C". */
export function compareHlcs(left: Hlc, right: Hlc): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** null counts as older than any. */
export function laterHlc(left: Hlc | null, right: Hlc | null): Hlc | null {
  if (left === null || right === null) return left ?? right;
  return compareHlcs(left, right) >= 0 ? left : right;
}

/** The clock of an event of our own. */
export function sendHlc({ last, nowMs, node }: Tick): Hlc {
  const before = partsOf(last);
  const ms = Math.max(before.ms, nowMs);
  return tick(ms, ms === before.ms ? before.counter : -1, node);
}

/**
 * The clock after a message of another's came in. A clock ahead of ours is accepted where the row is as far already:
 * it moves nothing, and comes from a device that heard of it before our own clock stepped back.
 */
export function receiveHlc({ last, remote, nowMs, node }: Tick & { readonly remote: Hlc }): Received {
  const before = partsOf(last);
  const theirs = partsOf(remote);
  const aheadMs = theirs.ms - nowMs;
  if (aheadMs > MAX_DRIFT_MS && theirs.ms > before.ms) {
    return { kind: 'clockAhead', serverMs: nowMs, aheadMs };
  }
  const ms = Math.max(before.ms, theirs.ms, nowMs);
  const counters = [before, theirs].filter((clock) => clock.ms === ms).map(({ counter }) => counter);
  return { kind: 'received', hlc: tick(ms, Math.max(-1, ...counters), node) };
}

/**
 * The clock to keep for a value that replaces another: its writer's own, so that concurrent writers compare by when
 * they wrote and not by when they were heard; and where the writer knew of the newer value, or was told to win, a tick
 * after that, so that a value never has an older clock than the one that it replaced.
 */
export function hlcOfWrite(write: {
  readonly client: Hlc;
  readonly replaced: Hlc | null;
  readonly node: string;
}): Hlc {
  const { client, replaced, node } = write;
  if (replaced === null || compareHlcs(client, replaced) > 0) return client;
  return sendHlc({ last: replaced, nowMs: 0, node });
}

/**
 * C19: the clock of a change that was made in the source; nobody's clock advances by it. Fractions of a millisecond
 * are cut. null: the source does not say when.
 * @throws RangeError when an instant is none.
 */
export function sourceHlc(change: {
  /** UTC instants, see domain/instants.ts. */
  readonly changedAt: string | null;
  readonly sourceNow: string;
  /** Name of the source; what a node cannot have becomes `_`. */
  readonly source: string;
}): Hlc | null {
  if (change.changedAt === null) return null;
  const ms = instantToMicros(minInstant(change.changedAt, change.sourceNow)) / 1_000n;
  const node = change.source.replace(/[^A-Za-z0-9_.:-]/g, '_').slice(0, 64) || '_';
  return encodeHlc({ ms: ms < 0n ? 0 : Number(ms), counter: 0, node });
}

function partsOf(hlc: Hlc | null): HlcParts {
  if (hlc === null) return { ms: -1, counter: 0, node: '' };
  const parts = parseHlc(hlc);
  if (parts === null) throw new RangeError(`Not a hybrid logical clock: ${JSON.stringify(hlc)}`);
  return parts;
}

/** A counter that is full carries into the milliseconds. */
function tick(ms: number, counter: number, node: string): Hlc {
  return counter < MAX_COUNTER
    ? encodeHlc({ ms, counter: counter + 1, node })
    : encodeHlc({ ms: ms + 1, counter: 0, node });
}
