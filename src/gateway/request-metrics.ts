/**
 * How requests went, by route, over the last minutes: counts by status and the times that they took. In fixed memory:
 * times are counted in steps of 9 %, in slices of time of which the oldest is used again.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayApp } from './app.ts';
import type { GatewayDeps } from './deps.ts';

const SLICES = 10;
const SLICE_MS = 30_000;
export const WINDOW_MS = SLICES * SLICE_MS;
/** Eight steps for each doubling: 2^(1/8) is 9 %. From 1/16 ms to more than an hour. */
const STEPS = 8;
const SMALLEST_MS = 1 / 16;
const BUCKETS = 26 * STEPS;

type Slice = {
  /** Which slice of all time it is; -1: none yet. */
  number: number;
  readonly times: Uint32Array;
  readonly byStatus: Map<number, number>;
};

/** What the gateway's routes count beside requests, since the process began. */
export type Counter = 'rowsPulled' | 'rowsPushed' | 'eventsSent';

export type RouteMetrics = {
  readonly route: string;
  readonly requests: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Milliseconds, to 9 %. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

export type RequestMetrics = {
  note(request: { readonly route: string; readonly status: number; readonly ms: number }): void;
  count(counter: Counter, by: number): void;
  read(): { readonly counters: Readonly<Record<Counter, number>>; readonly routes: readonly RouteMetrics[] };
};

const metricsByDeps = new WeakMap<GatewayDeps, RequestMetrics>();

/** One for a gateway, whoever asks. */
export function metricsOf(deps: GatewayDeps): RequestMetrics {
  const known = metricsByDeps.get(deps);
  if (known !== undefined) return known;
  const made = createMetrics(deps.now);
  metricsByDeps.set(deps, made);
  return made;
}

/** Streams last as long as their readers do, and are left out. */
export function measureRequests(app: GatewayApp, deps: GatewayDeps): void {
  const metrics = metricsOf(deps);
  app.addHook('onResponse', async (request: FastifyRequest, reply: FastifyReply) => {
    if (String(reply.raw.getHeader('content-type') ?? '').startsWith('text/event-stream')) return;
    const route = request.is404 ? 'unknown' : `${request.method} ${request.routeOptions.url ?? ''}`;
    metrics.note({ route, status: reply.statusCode, ms: reply.elapsedTime });
  });
}

/** @param now milliseconds since 1970. */
export function createMetrics(now: () => number): RequestMetrics {
  const routes = new Map<string, Slice[]>();
  const counters: Record<Counter, number> = { rowsPulled: 0, rowsPushed: 0, eventsSent: 0 };
  return {
    note: ({ route, status, ms }) => {
      const slices = routes.get(route) ?? Array.from({ length: SLICES }, emptySlice);
      routes.set(route, slices);
      const number = Math.floor(now() / SLICE_MS);
      const slice = slices[number % SLICES] as Slice;
      if (slice.number !== number) begin(slice, number);
      const bucket = bucketOf(ms);
      slice.times[bucket] = (slice.times[bucket] as number) + 1;
      slice.byStatus.set(status, (slice.byStatus.get(status) ?? 0) + 1);
    },
    count: (counter, by) => {
      counters[counter] += by;
    },
    read: () => {
      const oldest = Math.floor(now() / SLICE_MS) - SLICES;
      const read = [...routes].map(([route, slices]) =>
        sumOf(
          route,
          slices.filter(({ number }) => number > oldest),
        ),
      );
      return {
        counters: { ...counters },
        routes: read.filter(({ requests }) => requests > 0).sort((a, b) => (a.route < b.route ? -1 : 1)),
      };
    },
  };
}

function emptySlice(): Slice {
  return { number: -1, times: new Uint32Array(BUCKETS), byStatus: new Map() };
}

function begin(slice: Slice, number: number): void {
  slice.number = number;
  slice.times.fill(0);
  slice.byStatus.clear();
}

function bucketOf(ms: number): number {
  const step = Math.floor(Math.log2(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) * STEPS);
  return Math.min(step, BUCKETS - 1);
}

/** The upper end of a bucket. */
const msOf = (bucket: number): number => SMALLEST_MS * 2 ** ((bucket + 1) / STEPS);

function sumOf(route: string, slices: readonly Slice[]): RouteMetrics {
  const times = new Float64Array(BUCKETS);
  const byStatus: Record<string, number> = {};
  for (const slice of slices) {
    slice.times.forEach((count, bucket) => {
      times[bucket] = (times[bucket] as number) + count;
    });
    for (const [status, count] of slice.byStatus) byStatus[status] = (byStatus[status] ?? 0) + count;
  }
  const requests = times.reduce((sum, count) => sum + count, 0);
  return { route, requests, byStatus, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

function quantile(times: Float64Array, share: number): number {
  const total = times.reduce((sum, count) => sum + count, 0);
  let left = Math.ceil(total * share);
  for (let bucket = 0; bucket < times.length; bucket++) {
    left -= times[bucket] as number;
    if (left <= 0) return Math.round(msOf(bucket) * 1_000) / 1_000;
  }
  return 0;
}
