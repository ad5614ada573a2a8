/** Progress of a run at the terminal: bars on stderr for a TTY, else a line every ten seconds. */
import { performance } from 'node:perf_hooks';
import { MultiBar, type SingleBar } from 'cli-progress';
import { count, duration, shortened } from './text.ts';

export type EntityProgress = {
  readonly entity: string;
  readonly status: string;
  readonly rowsDone: number;
  /** 0 while it is not known, as in increments. */
  readonly rowsEstimated: number;
  readonly rowsPerSecond: number;
};

export type RunView = { readonly paused: boolean; readonly entities: readonly EntityProgress[] };

export type ProgressView = {
  show(run: RunView): void;
  /** Leaves what was shown last, and gives the cursor back. May be called again. */
  stop(): void;
};

export type ProgressStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

const LINE_EVERY_MS = 10_000;
const NAME_LENGTH = 24;

export function progressView(
  options: { readonly stream?: ProgressStream; readonly nowMs?: () => number } = {},
): ProgressView {
  const { stream = process.stderr, nowMs = () => performance.now() } = options;
  return stream.isTTY ? bars(stream) : lines(stream, nowMs);
}

/** `45 %, 45,000/100,000 rows, 12,000 rows/s, 5 s left` */
export function progressText(at: EntityProgress, run: { readonly paused: boolean }): string {
  const rate = `${count(at.rowsPerSecond)} rows/s`;
  if (at.status !== 'RUNNING') return [`${count(at.rowsDone)} rows`, rate, at.status].join(', ');
  const left = at.rowsEstimated - at.rowsDone;
  const done =
    left > 0
      ? [`${Math.floor((at.rowsDone / at.rowsEstimated) * 100)} %`, ofTotal(at)]
      : [`${count(at.rowsDone)} rows`];
  const time = left > 0 && at.rowsPerSecond > 0 ? [`${duration(left / at.rowsPerSecond)} left`] : [];
  return [...done, rate, ...(run.paused ? ['paused'] : time)].join(', ');
}

function ofTotal(at: EntityProgress): string {
  return `${count(at.rowsDone)}/${count(at.rowsEstimated)} rows`;
}

function bars(stream: ProgressStream): ProgressView {
  const multi = new MultiBar({
    stream: stream as NodeJS.WriteStream,
    hideCursor: true,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    // Of an increment nobody knows how much there is: its bar fills at the end.
    emptyOnZero: true,
    format: '{name} {bar} {text}',
  });
  const byEntity = new Map<string, SingleBar>();
  let stopped = false;
  return {
    show: ({ paused, entities }) => {
      for (const at of entities) {
        const name = shortened(at.entity, NAME_LENGTH).padEnd(NAME_LENGTH);
        const payload = { name, text: progressText(at, { paused }) };
        const ended = at.status !== 'RUNNING';
        const bar = byEntity.get(at.entity) ?? multi.create(0, 0, payload);
        byEntity.set(at.entity, bar);
        bar.setTotal(ended ? 1 : Math.max(at.rowsEstimated, 0));
        bar.update(ended ? 1 : at.rowsDone, payload);
      }
    },
    stop: () => {
      if (!stopped && byEntity.size > 0) multi.stop();
      stopped = true;
    },
  };
}

function lines(stream: ProgressStream, nowMs: () => number): ProgressView {
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show: ({ paused, entities }) => {
      const open = entities.filter((at) => at.status === 'RUNNING');
      if (open.length === 0 || nowMs() - shownAt < LINE_EVERY_MS) return;
      shownAt = nowMs();
      stream.write(`${open.map((at) => `${at.entity}: ${progressText(at, { paused })}`).join('; ')}\n`);
    },
    stop: () => undefined,
  };
}
