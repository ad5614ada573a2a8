/**
 * A process of simulated devices, each with a connection of its own that stays open: they register, pull the first page,
 * and then pull what is new at moments of their own. Started by gateway.ts; prints one JSON document.
 */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type BenchDevice, benchDevices, inLanes } from './gateway-client.ts';
import { quantile } from './quantile.ts';

export type DevicesOptions = {
  readonly url: string;
  readonly secret: string;
  readonly devices: number;
  /** For how long they pull what is new. */
  readonly seconds: number;
  /** Pulls of each device in that time. */
  readonly pulls: number;
};

export type Times = {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly errors: readonly string[];
};

export type DevicesReport = { readonly registered: Times; readonly first: Times; readonly pulled: Times };

/** Registrations and first pulls under way at a time. */
const LANES = 32;
const MAX_ERRORS_TOLD = 5;

const options = JSON.parse(process.argv[2] as string) as DevicesOptions;
const { url, secret, devices: count, seconds, pulls } = options;
const agent = new Agent({ keepAlive: true, maxSockets: count, maxFreeSockets: count });
const devices = await benchDevices(secret, count);
const agents = new Map<BenchDevice, Agent>(
  devices.map((device) => [device, new Agent({ keepAlive: true, maxSockets: 1 })]),
);
const cursors = new Map<BenchDevice, string>();

const registered = await measure((note) =>
  inLanes(devices, LANES, (device) =>
    note(ask({ agent, url: `${url}/v1/sync/register`, device, body: '{}' })),
  ),
);
agent.destroy();
const first = await measure((note) => inLanes(devices, LANES, (device) => note(pull(device))));
const pulled = await measure(async (note) => {
  await Promise.all(
    devices.map(async (device) => {
      for (let n = 0; n < pulls; n++) {
        const slotMs = (seconds * 1_000) / pulls;
        await sleep(n === 0 ? Math.random() * slotMs : slotMs);
        await note(pull(device));
      }
    }),
  );
});
process.stdout.write(`${JSON.stringify({ registered, first, pulled } satisfies DevicesReport)}\n`);
process.exit(0);

async function pull(device: BenchDevice): Promise<Awaited<ReturnType<typeof ask>>> {
  const cursor = cursors.get(device);
  const from = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const answered = await ask({
    agent: agents.get(device) as Agent,
    url: `${url}/v1/sync/accounts/pull?limit=100${from}`,
    device,
  });
  if (answered.status === 200) {
    const { checkpoint } = JSON.parse(answered.text) as { checkpoint: { cursor: string } };
    cursors.set(device, checkpoint.cursor);
  }
  return answered;
}

type Note = (asked: ReturnType<typeof ask>) => Promise<void>;

async function measure(work: (note: Note) => Promise<void>): Promise<Times> {
  const times: number[] = [];
  const errors = new Map<string, number>();
  const startedAt = performance.now();
  await work(async (asked) => {
    const failed = await asked.then(
      ({ status, text, ms }) => {
        times.push(ms);
        return status === 200 ? null : `${status} ${text.slice(0, 200)}`;
      },
      (error: Error) => error.message,
    );
    if (failed !== null) errors.set(failed, (errors.get(failed) ?? 0) + 1);
  });
  return {
    requests: times.length,
    perSecond: times.length / ((performance.now() - startedAt) / 1_000),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    errors: [...errors].slice(0, MAX_ERRORS_TOLD).map(([what, often]) => `${often} × ${what}`),
  };
}
