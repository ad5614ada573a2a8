/**
 * `npm run bench:gateway [-- --devices N --seconds N --pushes N --json FILE]`: what devices wait for. Pushes of 50 rows,
 * written back to the source and answered with their verdicts, from one device and from eight; and thousands of devices,
 * each with a connection of its own, that pull while somebody pushes. The devices are a process of their own.
 */
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startGatewayProcess } from '../dev/gateway-process.ts';
import { startStack } from '../dev/stack.ts';
import { startWorkerProcess } from '../dev/worker-process.ts';
import { table } from '../src/cli/table.ts';
import { followRun, startRun } from '../src/client.ts';
import { ask, type BenchDevice, benchDevices } from './gateway-client.ts';
import type { DevicesOptions, DevicesReport, Times } from './gateway-devices.ts';
import { startPostgresBench } from './postgres.ts';
import { quantile } from './quantile.ts';
import { postgresAccounts } from './upload-accounts.ts';

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '120' },
    pushes: { type: 'string', default: '40' },
    json: { type: 'string' },
  },
});
const ROWS = 50;
const PULLS = 2;
const PUSHERS = 8;
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

type Line = Times & { readonly work: string };

/** What each row has, by what was pushed last: devices say what they changed it from. */
const amounts = new Map<number, string>();
const secret = randomBytes(32).toString('hex');
const shop = await startPostgresBench(say);
const stack = await startStack({
  configPath: fileURLToPath(new URL('./gateway.config.ts', import.meta.url)),
  database: 'syncline_bench_gateway',
  schemas: ['bench'],
  environment: { ...shop.environment, JWT_SECRET: secret },
  say,
});
const toStop: (() => Promise<void>)[] = [];
try {
  const worker = await startWorkerProcess({ ...stack, config: stack.configPath });
  toStop.push(worker.stop);
  await postgresAccounts(shop.source).create();
  await followRun(
    stack.client,
    await startRun(stack.client, stack.config, { pipeline: 'shop', mode: 'full' }),
  );
  const gateway = await startGatewayProcess({ ...stack, config: stack.configPath });
  toStop.push(gateway.stop);
  const idleBytes = await residentBytes(gateway.pid);
  const lines = [...(await measurePushes(gateway.url)), ...(await measurePulls(gateway.url))];
  const report = { lines, idleBytes, mostBytes: await residentBytes(gateway.pid, 'VmHWM') };
  print(report);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  for (const stop of toStop.reverse()) await stop();
  await stack.stop();
  await shop.stop();
}

async function measurePushes(url: string): Promise<Line[]> {
  const devices = await pushers(url);
  const lines: Line[] = [];
  for (const count of [1, PUSHERS]) {
    say(`${count} devices push ${ROWS} rows a request`);
    const times: number[] = [];
    const errors: string[] = [];
    const startedAt = performance.now();
    await Promise.all(
      devices.slice(0, count).map(async (device, at) => {
        // The first two warm up. No row is pushed by two of them.
        for (let n = 0; n < Number(values.pushes) + 2; n++) {
          const { ms, problem } = await push(url, device, {
            first: (at * 50 + (n % 50)) * ROWS + 1,
            amount: n + 1,
          });
          if (n >= 2) times.push(ms);
          if (problem !== null) errors.push(problem);
        }
      }),
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    lines.push({
      work: `push of ${ROWS} rows, ${count} at a time`,
      requests: times.length,
      perSecond: times.length / seconds,
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      errors: errors.slice(0, 3),
    });
  }
  return lines;
}

async function pushers(url: string): Promise<{ device: BenchDevice; agent: Agent }[]> {
  const devices = await benchDevices(secret, PUSHERS);
  return Promise.all(
    devices.map(async (device) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      await ask({ agent, device, url: `${url}/v1/sync/register`, body: '{}' });
      return { device, agent };
    }),
  );
}

async function push(
  url: string,
  { device, agent }: { device: BenchDevice; agent: Agent },
  { first, amount }: { first: number; amount: number },
): Promise<{ ms: number; problem: string | null }> {
  const rows = Array.from({ length: ROWS }, (_, at) => {
    const id = first + at;
    const before = amounts.get(id) ?? '0.00';
    amounts.set(id, `${amount}.25`);
    return {
      newDocumentState: { id: String(id), amount: `${amount}.25` },
      assumedMasterState: { id: String(id), amount: before },
    };
  });
  const { status, text, ms } = await ask({
    agent,
    device,
    url: `${url}/v1/sync/accounts/push`,
    headers: { 'idempotency-key': randomUUID() },
    body: JSON.stringify({ rows }),
  });
  if (status !== 200) return { ms, problem: `${status} ${text.slice(0, 200)}` };
  const { results } = JSON.parse(text) as { results: { status: string }[] };
  const bad = results.find((result) => result.status !== 'applied');
  return { ms, problem: bad === undefined ? null : JSON.stringify(bad) };
}

/** One device goes on pushing, so that there is something new. */
async function measurePulls(url: string): Promise<Line[]> {
  say(`${values.devices} devices pull`);
  const [pusher] = await pushers(url);
  let isOver = false;
  const pushing = (async () => {
    for (let n = 0; !isOver; n++) {
      await push(url, pusher as NonNullable<typeof pusher>, { first: (n % 100) * ROWS + 1, amount: n + 100 });
    }
  })();
  const report = await simulate({
    url,
    secret,
    devices: Number(values.devices),
    seconds: Number(values.seconds),
    pulls: PULLS,
  });
  isOver = true;
  await pushing;
  return [
    { work: 'registration', ...report.registered },
    { work: 'first pull, 100 rows', ...report.first },
    { work: 'pull of what is new', ...report.pulled },
  ];
}

function simulate(options: DevicesOptions): Promise<DevicesReport> {
  const script = fileURLToPath(new URL('./gateway-devices.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    said += part;
  });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      if (code === 0) resolve(JSON.parse(said) as DevicesReport);
      else reject(new Error(`The devices ended with ${code}`));
    });
  });
}

/** Now, or the most there was. */
async function residentBytes(pid: number, name: 'VmRSS' | 'VmHWM' = 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1_024;
}

function print({
  lines,
  idleBytes,
  mostBytes,
}: {
  lines: Line[];
  idleBytes: number;
  mostBytes: number;
}): void {
  process.stdout.write(
    `${table(lines, [
      { head: 'work', of: (line) => line.work },
      { head: 'requests', of: (line) => line.requests },
      { head: 'a second', of: (line) => Math.round(line.perSecond) },
      { head: 'p50 ms', of: (line) => Math.round(line.p50) },
      { head: 'p99 ms', of: (line) => Math.round(line.p99) },
      { head: 'errors', of: (line) => line.errors.join('; ') },
    ])}\n`,
  );
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MB`;
  process.stdout.write(`gateway: ${megabytes(idleBytes)} idle, ${megabytes(mostBytes)} at most\n`);
}
