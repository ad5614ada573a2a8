/**
 * `npm run demo`: the main job on real servers. `--exit` ends it by itself: 0 only when every check held. The source is
 * the Oracle simulator, or with ERP_CONNECT, ERP_USER and ERP_PASSWORD an Oracle.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { table } from '../../src/cli/table.ts';
import { count } from '../../src/cli/text.ts';
import { type Stack, startStack } from '../stack.ts';
import { type DemoSource, startDemoSource } from './source.ts';
import { type Story, tellStory } from './story.ts';
import type { OpenConflict } from './telling.ts';

const EXIT_CODES = { well: 0, unwell: 1, failed: 1, interrupted: 130 } as const;

type Started = { readonly source: DemoSource; readonly stack: Stack; readonly seconds: number };

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Ctrl-C may come more than once: from the terminal, and handed on by whatever started us. */
const interrupted = new Promise<'interrupted'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => resolve('interrupted'));
});
const toStop: (() => Promise<unknown>)[] = [];
const exits = process.argv.includes('--exit');
const ended = await Promise.race([demonstrate(), interrupted]);
if (ended === 'well' || ended === 'unwell') {
  if (!exits) {
    say('Ctrl-C ends it.');
    await interrupted;
  }
} else if (ended === 'interrupted') say('\nInterrupted');
// What was broken off fails as its servers go, some of it in timers of the Temporal client: nobody asks any more.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, () => undefined);
if (!exits || ended === 'interrupted') say('Stopping what was started');
for (const stop of toStop.reverse()) await stop().catch((error: unknown) => say(String(error)));
// What was interrupted in its middle may still wait for servers that are gone.
process.exit(EXIT_CODES[ended]);

/** 'failed': it could not be told to its end. */
async function demonstrate(): Promise<'well' | 'unwell' | 'failed'> {
  try {
    const started = await setUp();
    const workSince = performance.now();
    const audience = exits ? 'leaves' : 'stays';
    const story = await tellStory({ ...started, audience, say, atEnd: (stop) => toStop.push(stop) });
    const isWell = report(story, started, (performance.now() - workSince) / 1000);
    if (story.openConflict !== null) offer(story.openConflict);
    return isWell ? 'well' : 'unwell';
  } catch (error) {
    say(`demo failed: ${error instanceof Error ? error.message : String(error)}`);
    return 'failed';
  }
}

async function setUp(): Promise<Started> {
  const beganAt = performance.now();
  say('Syncline demo: setting up (the first time builds or downloads what is missing)');
  const source = await startDemoSource(say);
  toStop.push(source.stop);
  const stack = await startStack({
    configPath: fileURLToPath(new URL('./syncline.config.ts', import.meta.url)),
    database: 'syncline_demo',
    schemas: ['pos', 'hr'],
    environment: { ...source.environment, JWT_SECRET: randomBytes(32).toString('hex') },
    say,
  });
  toStop.push(stack.stop);
  return { source, stack, seconds: (performance.now() - beganAt) / 1000 };
}

/** At the end once more, where people look for what to do next. */
function offer({ howTo, decided }: OpenConflict): void {
  for (const line of ['', ...howTo]) say(line);
  // It fails when the demo ends first.
  decided.then(say, () => undefined);
}

/** @returns whether every check held. */
function report(
  { steps, failures, gatewayUrl }: Story,
  { stack, source, seconds }: Started,
  work: number,
): boolean {
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
  say(`Gateway: ${gatewayUrl}, its API at ${gatewayUrl}/v1/docs`);
  say(`Source: ${source.description}`);
  say(`Mirrors: schemas pos and hr of ${stack.storeDescription}`);
  if (failures.length > 0) {
    say(`demo failed: ${failures.join('; ')}`);
    return false;
  }
  const rows = steps.reduce((sum, step) => sum + step.rows, 0);
  say(
    `demo ok: ${count(rows)} rows read in ${steps.length} runs, ${work.toFixed(0)} s of work after ${seconds.toFixed(0)} s of set-up`,
  );
  return true;
}
