import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import {
  type EntityProgress,
  type ProgressStream,
  progressText,
  progressView,
} from '../../src/cli/progress.ts';

const RUNNING: EntityProgress = {
  entity: 'orders',
  status: 'RUNNING',
  rowsDone: 45_000,
  rowsEstimated: 100_000,
  rowsPerSecond: 1_000,
};

it.each([
  { change: {}, text: '45 %, 45,000/100,000 rows, 1,000 rows/s, 55 s left' },
  { change: {}, paused: true, text: '45 %, 45,000/100,000 rows, 1,000 rows/s, paused' },
  { change: { rowsDone: 0, rowsPerSecond: 0 }, text: '0 %, 0/100,000 rows, 0 rows/s' },
  { change: { rowsEstimated: 0 }, text: '45,000 rows, 1,000 rows/s' },
  { change: { rowsEstimated: 9 }, text: '45,000 rows, 1,000 rows/s' },
  { change: { status: 'PARTIAL' }, text: '45,000 rows, 1,000 rows/s, PARTIAL' },
])('says how an entity gets on: $text', ({ change, paused = false, text }) => {
  expect(progressText({ ...RUNNING, ...change }, { paused })).toBe(text);
});

function stream(options: { isTTY: boolean }): { stream: ProgressStream; written: () => string } {
  const chunks: string[] = [];
  const writable = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return {
    stream: Object.assign(writable, { isTTY: options.isTTY, columns: 120, cursorTo, moveCursor, clearLine }),
    written: () => chunks.join(''),
  };
}

const cursorTo = (): boolean => true;
const moveCursor = cursorTo;
const clearLine = cursorTo;

it('writes a line every ten seconds where there is no terminal', () => {
  const { stream: out, written } = stream({ isTTY: false });
  let nowMs = 0;
  const view = progressView({ stream: out, nowMs: () => nowMs });
  view.show({ paused: false, entities: [] });
  const second = { ...RUNNING, entity: 'items', rowsEstimated: 0, rowsDone: 7 };
  for (nowMs of [0, 500, 9_999, 10_000, 19_000]) view.show({ paused: false, entities: [RUNNING, second] });
  nowMs = 20_000;
  view.show({ paused: false, entities: [{ ...RUNNING, status: 'SUCCESS' }] });
  view.stop();
  const line = 'orders: 45 %, 45,000/100,000 rows, 1,000 rows/s, 55 s left; items: 7 rows, 1,000 rows/s\n';
  expect(written()).toBe(line.repeat(2));
});

it('draws bars at a terminal, and gives the cursor back', () => {
  const { stream: out, written } = stream({ isTTY: true });
  const view = progressView({ stream: out });
  view.show({ paused: false, entities: [RUNNING] });
  view.show({ paused: false, entities: [{ ...RUNNING, rowsDone: 90_000, status: 'SUCCESS' }] });
  view.stop();
  const shown = written();
  view.stop();
  expect(written()).toBe(shown);
  expect(shown).toMatch(/orders +█{24} 90,000 rows, 1,000 rows\/s, SUCCESS/);
  const [hidden, back] = ['\u001b[?25l', '\u001b[?25h'].map((code) => shown.lastIndexOf(code)) as [
    number,
    number,
  ];
  expect(back).toBeGreaterThan(hidden);
});

it('draws nothing of a run that was never seen', () => {
  const { stream: out, written } = stream({ isTTY: true });
  progressView({ stream: out }).stop();
  expect(written()).toBe('');
});
