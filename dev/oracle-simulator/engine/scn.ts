/**
 * System Change Numbers. Each is the number of a snapshot that a connection of its own holds open, so that AS OF SCN
 * can read exactly what was committed when the number was given. Snapshots are let go after a while, as undo is.
 */

import { OraError } from '../ora-error.ts';
import type { Backend } from './backend.ts';
import type { Answer } from './pipeline.ts';

/** Numbers begin behind this moment's milliseconds, so that they grow over restarts on one database. */
const EPOCH_MS = Date.UTC(2020, 0, 1);

export type HeldSnapshot = {
  readonly scn: number;
  /** PostgreSQL's identifier, for SET TRANSACTION SNAPSHOT. */
  readonly snapshot: string;
  readonly takenAtMs: number;
};

export type ScnKeeper = {
  /** The number of what is committed now. The same as before when nothing was committed since. */
  current(): Promise<number>;
  /** @throws OraError 1555 when its snapshot is gone, 8181 when it was never given */
  at(scn: number): Promise<HeldSnapshot>;
  /** @throws OraError 1555, or 8186 for a moment that no held snapshot is known to show */
  atTime(timeMs: number): Promise<HeldSnapshot>;
  /** The simulator's own transaction of this number, which wrote nothing that a user sees, is no reason for a new SCN. */
  ignore(transactionNumber: bigint): void;
  close(): Promise<void>;
};

export type ScnOptions = {
  readonly connect: () => Promise<Backend>;
  /** Writes down when a number was given. */
  readonly record: (scn: number) => Promise<void>;
  /** At most so many are held. */
  readonly maxHeld: number;
  readonly maxAgeMs: number;
};

/** Of transactions that are ignored; older ones are in all held snapshots. */
const MAX_IGNORED = 1_000;

type Kept = HeldSnapshot & {
  readonly backend: Backend;
  /** `xmin:xmax:xip`. */
  readonly visible: string;
  /** Until when it was seen that nothing else was committed. */
  sameUntilMs: number;
};

export async function createScnKeeper(options: ScnOptions): Promise<ScnKeeper> {
  return new Keeper(options, await options.connect());
}

class Keeper implements ScnKeeper {
  readonly #options: ScnOptions;
  /** Looks at what is visible; holds nothing. */
  readonly #lookout: Backend;
  readonly #free: Backend[] = [];
  readonly #ignored = new Set<bigint>();
  readonly #sweep: NodeJS.Timeout;
  #kept: Kept[] = [];
  #lastScn = Date.now() - EPOCH_MS;
  /** Above all that were let go. */
  #lowest = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: ScnOptions, lookout: Backend) {
    this.#options = options;
    this.#lookout = lookout;
    this.#sweep = setInterval(
      () => void this.#inTurn(() => this.#letGoOfOld()).catch(() => undefined),
      30_000,
    );
    this.#sweep.unref();
  }

  current(): Promise<number> {
    return this.#inTurn(async () => (await this.#currentSnapshot()).scn);
  }

  at(scn: number): Promise<HeldSnapshot> {
    return this.#inTurn(async () => {
      await this.#letGoOfOld();
      if (!Number.isInteger(scn) || scn < 0) throw invalidScn();
      const newest = this.#kept.at(-1);
      if ((newest === undefined || scn > newest.scn) && scn > (await this.#currentSnapshot()).scn)
        throw invalidScn();
      const found = this.#kept.findLast((kept) => kept.scn <= scn);
      if (found === undefined || scn < this.#lowest) throw tooOld();
      return found;
    });
  }

  atTime(timeMs: number): Promise<HeldSnapshot> {
    return this.#inTurn(async () => {
      await this.#letGoOfOld();
      const now = await this.#currentSnapshot();
      if (timeMs >= now.takenAtMs) {
        if (timeMs <= Date.now()) return now;
        throw new OraError(8186, 'invalid timestamp specified');
      }
      const found = this.#kept.findLast((kept) => kept.takenAtMs <= timeMs);
      // Between two snapshots it is not known which commits a moment had seen.
      if (found === undefined || timeMs > found.sameUntilMs) throw tooOld();
      return found;
    });
  }

  ignore(transactionNumber: bigint): void {
    const [oldest] = this.#ignored;
    if (oldest !== undefined && this.#ignored.size >= MAX_IGNORED) this.#ignored.delete(oldest);
    this.#ignored.add(transactionNumber);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#queue.catch(() => undefined);
    const backends = [this.#lookout, ...this.#free, ...this.#kept.map(({ backend }) => backend)];
    this.#kept = [];
    await Promise.all(backends.map((backend) => backend.close()));
  }

  async #currentSnapshot(): Promise<Kept> {
    const visible = textOf(await this.#lookout.send([{ text: 'SELECT pg_current_snapshot()' }]));
    const newest = this.#kept.at(-1);
    if (newest !== undefined && isSame(newest.visible, visible, this.#ignored)) {
      newest.sameUntilMs = Date.now();
      return newest;
    }
    return await this.#take();
  }

  async #take(): Promise<Kept> {
    const scn = Math.max(this.#lastScn + 1, Date.now() - EPOCH_MS);
    // In front of the snapshot: it is a commit, too.
    await this.#options.record(scn);
    const backend = this.#free.pop() ?? (await this.#options.connect());
    const answers = await backend.send([
      { text: 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY' },
      { text: 'SELECT pg_current_snapshot()' },
      { text: 'SELECT pg_export_snapshot()' },
    ]);
    const takenAtMs = Date.now();
    this.#lastScn = scn;
    const kept: Kept = {
      scn,
      visible: textOf(answers.slice(1)),
      snapshot: textOf(answers.slice(2)),
      takenAtMs,
      sameUntilMs: takenAtMs,
      backend,
    };
    this.#kept.push(kept);
    await this.#letGoOfOld();
    return kept;
  }

  async #letGoOfOld(): Promise<void> {
    const { maxHeld, maxAgeMs } = this.#options;
    const oldest = Date.now() - maxAgeMs;
    const keptFrom = this.#kept.findIndex((kept) => kept.sameUntilMs >= oldest);
    const gone = Math.max(this.#kept.length - maxHeld, keptFrom < 0 ? this.#kept.length : keptFrom);
    for (const { backend, scn } of this.#kept.splice(0, gone)) {
      this.#lowest = scn + 1;
      await backend.send([{ text: 'COMMIT' }]);
      this.#free.push(backend);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work, work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function textOf(answers: readonly Answer[]): string {
  return answers[0]?.rows[0]?.[0] ?? '';
}

function invalidScn(): OraError {
  return new OraError(8181, 'specified number is not a valid system change number');
}

export function tooOld(): OraError {
  return new OraError(1555, 'snapshot too old: rollback segment number  with name "" too small');
}

type Snapshot = { readonly xmax: bigint; readonly running: ReadonlySet<bigint> };

/** Whether nothing was committed between two snapshots, what is ignored left out. */
function isSame(before: string, now: string, ignored: ReadonlySet<bigint>): boolean {
  if (before === now) return true;
  const old = parsed(before);
  const recent = parsed(now);
  // Ended since: what ran then and runs no more, and what began since and does not run.
  const hasEnded = (xid: bigint): boolean => !isRunning(xid, recent) && !ignored.has(xid);
  for (const xid of old.running) if (hasEnded(xid)) return false;
  if (recent.xmax - old.xmax > BigInt(recent.running.size + ignored.size)) return false;
  for (let xid = old.xmax; xid < recent.xmax; xid++) if (hasEnded(xid)) return false;
  return true;
}

function isRunning(xid: bigint, { xmax, running }: Snapshot): boolean {
  return xid >= xmax || running.has(xid);
}

function parsed(text: string): Snapshot {
  const [, xmax = '0', list = ''] = text.split(':');
  return { xmax: BigInt(xmax), running: new Set(list.split(',').filter(Boolean).map(BigInt)) };
}
