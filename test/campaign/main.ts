/**
 * `npm run test:campaign [-- --kills N --rows N --schedules N --histories N --merges N --uploads N --conflicts N --commits N
 * --hostile N --sockets N --device-sequences N --feed-changes N --feed-seconds N --feed-histories N --simulator-rows N]`: fault
 * campaigns longer than fit into `npm test`: workers killed in one full run, and while a conflict waits; interleavings of
 * the model of C1; histories of deduplicated rows (C23); merges of each type of value; histories of offline writers; the
 * conflicts of one upload; commits at sources whose outcome nobody heard; the feed under 16 writers and long transactions,
 * and histories of partitions; hostile requests of every call of the gateway, and clients that keep it waiting; histories of
 * devices on bad networks; random rows of all types through the Oracle simulator.
 * It starts what it needs, and ends with 1 when a promise was broken.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    rows: { type: 'string', default: '300000' },
    schedules: { type: 'string', default: '100000' },
    histories: { type: 'string', default: '500' },
    merges: { type: 'string', default: '100000' },
    uploads: { type: 'string', default: '10000' },
    conflicts: { type: 'string', default: '3000' },
    'feed-changes': { type: 'string', default: '1000000' },
    'feed-seconds': { type: 'string', default: '60' },
    'feed-histories': { type: 'string', default: '2000' },
    commits: { type: 'string', default: '50' },
    hostile: { type: 'string', default: '100000' },
    sockets: { type: 'string', default: '1000' },
    'device-sequences': { type: 'string', default: '500' },
    'simulator-rows': { type: 'string', default: '20000' },
  },
});

const child = spawn(
  process.execPath,
  [
    fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url)),
    'run',
    '--config',
    fileURLToPath(new URL('./vitest.config.ts', import.meta.url)),
  ],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      CAMPAIGN_KILLS: values.kills,
      CAMPAIGN_ROWS: values.rows,
      CAMPAIGN_SCHEDULES: values.schedules,
      CAMPAIGN_HISTORIES: values.histories,
      CAMPAIGN_MERGES: values.merges,
      CAMPAIGN_UPLOADS: values.uploads,
      CAMPAIGN_CONFLICTS: values.conflicts,
      CAMPAIGN_FEED_CHANGES: values['feed-changes'],
      CAMPAIGN_FEED_SECONDS: values['feed-seconds'],
      CAMPAIGN_FEED_HISTORIES: values['feed-histories'],
      CAMPAIGN_COMMITS: values.commits,
      CAMPAIGN_HOSTILE: values.hostile,
      CAMPAIGN_SOCKETS: values.sockets,
      CAMPAIGN_DEVICE_SEQUENCES: values['device-sequences'],
      CAMPAIGN_SIMULATOR_ROWS: values['simulator-rows'],
    },
  },
);
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
