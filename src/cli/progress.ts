/** Progress of a run at the terminal: bars on stderr for a TTY, else a line every ten seconds. */
import { MultiBar, type SingleBar } from 'cli-progress';
import { count } from './output.ts';

export type EntityProgress = {
  readonly entity: string;
  readonly status: string;
  readonly rowsDone: number;
  readonly rowsEstimated: number;
  readonly rowsPerSecond: number;
};

export type ProgressView = { show(entities: readonly EntityProgress[]): void; stop(): void };

const LINE_EVERY_MS = 10_000;

export function progressView(stream: NodeJS.WriteStream = process.stderr): ProgressView {
  return stream.isTTY ? bars(stream) : lines(stream);
}

function bars(stream: NodeJS.WriteStream): ProgressView {
  const multi = new MultiBar({
    stream,
    hideCursor: true,
    format: '{entity} {bar} {percentage}% {value}/{total} rows, {rate} rows/s {status}',
  });
  const byEntity = new Map<string, SingleBar>();
  return {
    show: (entities) => {
      for (const at of entities) {
        const payload = { entity: at.entity.padEnd(20), rate: count(at.rowsPerSecond), status: at.status };
        const total = Math.max(at.rowsEstimated, at.rowsDone, 1);
        const bar = byEntity.get(at.entity) ?? multi.create(total, 0, payload);
        byEntity.set(at.entity, bar);
        bar.setTotal(total);
        bar.update(at.rowsDone, payload);
      }
    },
    stop: () => multi.stop(),
  };
}

function lines(stream: NodeJS.WriteStream): ProgressView {
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show: (entities) => {
      if (performance.now() - shownAt < LINE_EVERY_MS) return;
      shownAt = performance.now();
      const parts = entities.map(
        (at) =>
          `${at.entity} ${count(at.rowsDone)}/${count(at.rowsEstimated)} rows (${count(at.rowsPerSecond)}/s)`,
      );
      if (parts.length > 0) stream.write(`${parts.join(', ')}\n`);
    },
    stop: () => undefined,
  };
}
