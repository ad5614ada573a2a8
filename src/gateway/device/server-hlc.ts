/** The server's clock on every reply to devices, so that theirs never fall behind what they have seen. */
import type { FastifyReply } from 'fastify';
import { type Hlc, sendHlc } from '../../domain/upload/hlc.ts';
import { clockNode } from '../../store/clock-node.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';

/** Also where a reply has no body, as with 304. */
export const SERVER_HLC_HEADER = 'syncline-server-hlc';

/** The last tick, by gateway: two replies never have one clock. */
const last = new WeakMap<GatewayDeps, Hlc>();

export async function serverHlc(deps: GatewayDeps): Promise<Hlc> {
  const node = await clockNode(deps.store.pool);
  const hlc = sendHlc({ last: last.get(deps) ?? null, nowMs: deps.now(), node });
  last.set(deps, hlc);
  return hlc;
}

/** @returns the clock, which the reply's header has as well. */
export async function stampReply(deps: GatewayDeps, reply: FastifyReply): Promise<Hlc> {
  const hlc = await serverHlc(deps);
  reply.header(SERVER_HLC_HEADER, hlc);
  return hlc;
}

/** Errors too: a device whose clock is wrong learns it from whatever it is told. */
export function stampDeviceReplies(app: GatewayApp, deps: GatewayDeps): void {
  app.addHook('onSend', async (request, reply) => {
    const { access } = request.routeOptions.config;
    if (reply.hasHeader(SERVER_HLC_HEADER) || !Array.isArray(access) || !access.includes('device')) return;
    // Without the store there is no clock, and the error that says so shall get through.
    await stampReply(deps, reply).catch(() => undefined);
  });
}
