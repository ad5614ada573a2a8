/** `npm run demo`: the main job on real servers. `--exit` ends it by itself: 0 only when every check held. */
import { fileURLToPath } from 'node:url';
import { table } from '../../src/cli/table.ts';
import { count } from '../../src/cli/text.ts';
import { startStack } from '../stack.ts';
import { type Story, tellStory } from './story.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const exits = process.argv.includes('--exit');
const beganAt = performance.now();
say('Syncline demo: setting up (the first time builds or downloads what is missing)');
const stack = await startStack({
  configPath: fileURLToPath(new URL('./syncline.config.ts', import.meta.url)),
  database: 'syncline_demo',
  schemas: ['pos', 'hr'],
  say,
});
const readyAt = performance.now();
try {
  const story = await tellStory(stack, say);
  report(story);
  if (!exits) await untilInterrupted();
} finally {
  await stack.stop();
}

function report({ steps, failures }: Story): void {
  say('');
  say(
    table(steps, [
      { head: 'step', of: (at) => at.step },
      { head: 'rows read', of: (at) => at.rows },
      { head: 'rows/s', of: (at) => Math.round(at.rows / at.seconds) },
      { head: 'seconds', of: (at) => Number(at.seconds.toFixed(1)) },
      { head: 'quarantined', of: (at) => at.quarantined },
      { head: 'tombstoned', of: (at) => at.tombstoned },
      { head: 'duplicates', of: (at) => at.skipped },
    ]),
  );
  say(`Temporal Web UI: ${stack.uiUrl ?? 'that of your own server'}`);
  say(`Mirrors: schemas pos and hr of ${stack.storeDescription}`);
  const work = ((performance.now() - readyAt) / 1000).toFixed(0);
  const setUp = ((readyAt - beganAt) / 1000).toFixed(0);
  if (failures.length > 0) {
    process.exitCode = 1;
    say(`demo failed: ${failures.join('; ')}`);
    return;
  }
  const rows = steps.reduce((sum, step) => sum + step.rows, 0);
  say(
    `demo ok: ${count(rows)} rows read in ${steps.length} runs, ${work} s of work after ${setUp} s of set-up`,
  );
}

/** The servers stay up to be looked at. */
async function untilInterrupted(): Promise<void> {
  say('Ctrl-C ends it.');
  const alive = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  clearInterval(alive);
}
