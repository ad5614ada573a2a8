import { expect, test } from 'vitest';
import { startBareGateway } from './bare-kit.ts';
import { openSlowSockets } from './slow-sockets.ts';

const EACH = 30;

test('clients that keep the gateway waiting are cut off, and others are served meanwhile', async () => {
  const large = JSON.stringify('x'.repeat(2_000_000));
  const gateway = await startBareGateway({
    routes: (app) => {
      app.get('/v1/health', { config: { access: 'public' } }, async () => ({ status: 'alive' }));
      app.get('/large', { config: { access: ['device'] } }, async (_request, reply) => reply.send(large));
      app.post('/post', { config: { access: ['device'] } }, async () => ({ posted: true }));
    },
  });
  // As in production, in a shorter time; Node looks every 5 seconds, whatever is set.
  Object.assign(gateway.app.server, { headersTimeout: 1_000, requestTimeout: 1_000 });
  const slow = await openSlowSockets({
    url: gateway.url,
    count: EACH,
    token: (n) => `anna/phone${n % 3}`,
    large: '/large',
    post: '/post',
  });
  let [isOver, served] = [false, 0];
  const others = async (): Promise<void> => {
    while (!isOver) {
      const reply = await fetch(`${gateway.url}/large`, { headers: { authorization: 'Bearer ben/phone' } });
      expect(await reply.text()).toHaveLength(large.length);
      served += 1;
    }
  };
  const serving = others();
  const told = await Promise.all([slow.told.head, slow.told.body]);
  isOver = true;
  await serving;
  expect(new Set(told.flat())).toEqual(new Set(['HTTP/1.1 408 Request Timeout']));
  expect(served).toBeGreaterThan(5);
  // Those who do not read hold on to their replies for longer, and to nothing else.
  slow.stop();
  await gateway.stop();
});
