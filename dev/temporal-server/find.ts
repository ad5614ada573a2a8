import { isAtLeast, oldestServer } from './version.ts';

/** Where one line of what is going on goes. */
export type Log = (line: string) => void;

/** A running server, or a binary to start one with. */
export type Found =
  | { kind: 'server'; address: string }
  | { kind: 'binary'; path: string; serverVersion: string };

/** What finding a server touches of the world. */
export type Probes = {
  /** `TEMPORAL_ADDRESS`. */
  configuredAddress(): string | undefined;
  /** The path of `temporal` on PATH. */
  onPath(): Promise<string | null>;
  /** The path of the cached binary, when there is one. */
  cached(): Promise<string | null>;
  /** Runs `work` while no other process makes a binary. */
  whileLocked<T>(work: () => Promise<T>): Promise<T>;
  /** Ways to make a binary, in order; each gives the path of a new one in a temporary folder, or throws. */
  makers: readonly { name: string; make(): Promise<string> }[];
  /** Moves a binary into the cache and returns its path there. */
  keep(path: string): Promise<string>;
  serverVersionOf(path: string): Promise<string>;
};

type Attempt = { found: Found | null; reason: string };

/** Finds a Temporal server or makes the binary of one. Throws one error that says what was tried and what to do. */
export async function findTemporal(probes: Probes, log: Log): Promise<Found> {
  const address = probes.configuredAddress();
  if (address) return { kind: 'server', address };
  const reasons = ['TEMPORAL_ADDRESS: not set'];

  const onPath = await judge(probes, '`temporal` on PATH', await probes.onPath());
  if (onPath.found) return onPath.found;
  reasons.push(onPath.reason);

  const cached = async () => judge(probes, 'cached binary', await probes.cached());
  const early = await cached();
  if (early.found) return early.found;

  return probes.whileLocked(async () => {
    // Another process may have made it while we waited for the lock.
    const late = await cached();
    if (late.found) return late.found;
    reasons.push(late.reason);
    for (const maker of probes.makers) {
      const made = await makeBinary(probes, maker, log);
      if (made.found) return made.found;
      reasons.push(made.reason);
    }
    throw new Error(explain(reasons));
  });
}

async function judge(probes: Probes, name: string, path: string | null): Promise<Attempt> {
  if (path === null) return { found: null, reason: `${name}: none` };
  try {
    const serverVersion = await probes.serverVersionOf(path);
    if (isAtLeast(serverVersion, oldestServer)) {
      return { found: { kind: 'binary', path, serverVersion }, reason: '' };
    }
    return {
      found: null,
      reason: `${name}: ${path} has server ${serverVersion}, older than ${oldestServer}`,
    };
  } catch (error) {
    return { found: null, reason: `${name}: ${path} does not run: ${messageOf(error)}` };
  }
}

async function makeBinary(probes: Probes, maker: Probes['makers'][number], log: Log): Promise<Attempt> {
  try {
    const made = await judge(probes, maker.name, await maker.make());
    if (made.found?.kind !== 'binary') return made;
    const path = await probes.keep(made.found.path);
    log(`temporal: server ${made.found.serverVersion} cached as ${path}`);
    return { found: { ...made.found, path }, reason: '' };
  } catch (error) {
    const reason = `${maker.name}: ${messageOf(error)}`;
    log(`temporal: no ${reason}`);
    return { found: null, reason };
  }
}

function explain(reasons: readonly string[]): string {
  const tried = reasons.map((reason) => `  - ${reason.replaceAll('\n', '\n      ')}`).join('\n');
  return `There is no Temporal server to use, and none could be made:
${tried}
Do one of these:
  - start a server of your own and set TEMPORAL_ADDRESS, e.g. TEMPORAL_ADDRESS=localhost:7233 (docker compose up temporal starts one)
  - install the Temporal CLI so that \`temporal\` is on PATH: https://docs.temporal.io/cli (server ${oldestServer} or newer)
  - run this once with access to the internet: the CLI is downloaded and cached
  - install Go 1.26.4 or newer: the CLI is built and cached, in about 3 minutes, with 4 GB of temporary space`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
