import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { expect, test } from 'vitest';
import { type BareGateway, startBareGateway } from './bare-kit.ts';

type Gate = { readonly promise: Promise<void>; open(): void };

function gate(): Gate {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

test('requests under way finish, streams are told to come back, and nothing new is taken', async () => {
  const [begun, finish, streaming] = [gate(), gate(), gate()];
  let streamClosed = false;
  const gateway: BareGateway = await startBareGateway({
    routes: (app) => {
      app.get('/slow', { config: { access: 'public' } }, async () => {
        begun.open();
        await finish.promise;
        return { finished: true };
      });
      app.get('/stream', { config: { access: 'public' }, sse: 'only' } as never, async (_request, reply) => {
        reply.sse.keepAlive();
        reply.sse.onClose(() => {
          streamClosed = true;
        });
        await reply.sse.send({ data: 'hello' });
        streaming.open();
      });
    },
  });
  const slow = fetch(`${gateway.url}/slow`);
  const stream = await fetch(`${gateway.url}/stream`, { headers: { accept: 'text/event-stream' } });
  const events = stream.text();
  await Promise.all([begun.promise, streaming.promise]);

  const stopped = gateway.stop();
  expect(await events).toMatch(/data: .*hello[\s\S]*retry: \d{4}\n/);
  expect(gateway.app.draining.aborted).toBe(true);
  await expect(fetch(`${gateway.url}/slow`)).rejects.toThrow();
  finish.open();
  expect(await (await slow).json()).toEqual({ finished: true });
  await stopped;
  expect(streamClosed).toBe(true);
});

test('connections are closed with the last reply on them', async () => {
  const [begun, finish] = [gate(), gate()];
  const gateway = await startBareGateway({
    routes: (app) => {
      app.get('/slow', { config: { access: 'public' } }, async () => {
        begun.open();
        await finish.promise;
        return { finished: true };
      });
      app.get('/quick', { config: { access: 'public' } }, async () => ({ quick: true }));
    },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (path: string): Promise<string | undefined> => {
    const [reply] = await once(get(`${gateway.url}${path}`, { agent }), 'response');
    reply.resume();
    await once(reply, 'end');
    return reply.headers.connection;
  };
  expect(await ask('/quick')).toBe('keep-alive');
  const slow = ask('/slow');
  await begun.promise;
  const draining = once(gateway.app.draining, 'abort');
  const stopped = gateway.stop();
  await draining;
  finish.open();
  expect(await slow).toBe('close');
  await stopped;
  agent.destroy();
});
