import { expect, test } from 'vitest';
import { createMetrics, WINDOW_MS } from '../../src/gateway/request-metrics.ts';

test('counts by route and status, with times to 9 %', () => {
  const metrics = createMetrics(() => 1_000_000);
  for (let i = 1; i <= 100; i++) metrics.note({ route: 'GET /a', status: i === 100 ? 500 : 200, ms: i });
  metrics.note({ route: 'GET /b', status: 304, ms: 0 });
  const [a, b] = metrics.read().routes;
  expect(a).toMatchObject({ route: 'GET /a', requests: 100, byStatus: { 200: 99, 500: 1 } });
  expect(Math.abs((a?.p50Ms ?? 0) / 50 - 1)).toBeLessThan(0.1);
  expect(Math.abs((a?.p99Ms ?? 0) / 99 - 1)).toBeLessThan(0.1);
  expect(b).toMatchObject({ requests: 1, byStatus: { 304: 1 } });
});

test('forgets what is older than the window, slice by slice', () => {
  let now = 0;
  const metrics = createMetrics(() => now);
  metrics.note({ route: 'GET /a', status: 200, ms: 5 });
  now = WINDOW_MS - 1;
  metrics.note({ route: 'GET /a', status: 200, ms: 5 });
  expect(metrics.read().routes[0]?.requests).toBe(2);
  now = WINDOW_MS + 1;
  expect(metrics.read().routes[0]?.requests).toBe(1);
  metrics.note({ route: 'GET /a', status: 200, ms: 5 });
  expect(metrics.read().routes[0]?.requests).toBe(2);
  now = 3 * WINDOW_MS;
  expect(metrics.read().routes).toEqual([]);
  metrics.count('rowsPulled', 7);
  expect(metrics.read().counters.rowsPulled).toBe(7);
});
