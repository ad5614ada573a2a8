/** How often somebody may come. Each gateway counts for itself, in bounded memory. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewaySettings, RateLimit } from '../domain/access/gateway-settings.ts';
import type { Principal } from '../domain/access/principal.ts';
import { SyncError } from '../domain/errors.ts';
import type { GatewayApp } from './app.ts';

/** Who came least recently is forgotten first: some megabytes at most. */
const KNOWN_CALLERS = 20_000;

/**
 * Requests of one caller at a time, streams among them. Each holds a body, or a reply that nobody may be reading: without
 * this, one device could fill the memory within its rate.
 */
const AT_A_TIME = 32;
/** One that went over it comes again after its others had time to end. */
const AT_A_TIME_RETRY_S = 1;

/** One more request of a caller. @throws RATE_LIMITED, with Retry-After in the reply */
export type Count = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

export type Limits = {
  /** Before anything is known of the caller. */
  readonly address: Count;
  /** Of a device, or of a user without one: how often, and how many at a time. Of routes that are not public. */
  readonly caller: Count;
  /** Of routes that make a source work, beside the others. */
  readonly sourceReads: Count;
};

declare module 'fastify' {
  interface FastifyInstance {
    limits: Limits;
  }
}

/** Before the routes; afterwards `app.limits` is there. */
export async function limitRates(
  app: GatewayApp,
  { limits }: Pick<GatewaySettings, 'limits'>,
): Promise<void> {
  await app.register(rateLimit, { global: false });
  const rate = counter(app, limits.device, ({ principal }) => nameOf(principal));
  const atATime = concurrency();
  app.decorate('limits', {
    address: counter(app, limits.address),
    caller: async (request, reply) => {
      atATime(request, reply);
      await rate(request, reply);
    },
    sourceReads: counter(app, limits.sourceReads, ({ principal }) => nameOf(principal)),
  });
}

function nameOf({ user, device }: Principal): string {
  return device === null ? `user ${user}` : `device ${device}`;
}

function concurrency(): (request: FastifyRequest, reply: FastifyReply) => void {
  const underWay = new Map<string, number>();
  return ({ principal }, reply) => {
    const name = nameOf(principal);
    const count = underWay.get(name) ?? 0;
    if (count >= AT_A_TIME) {
      reply.header('retry-after', AT_A_TIME_RETRY_S);
      throw new SyncError('RATE_LIMITED', { message: `There are ${AT_A_TIME} requests under way already` });
    }
    underWay.set(name, count + 1);
    reply.raw.once('close', () => {
      const left = (underWay.get(name) ?? 1) - 1;
      if (left === 0) underWay.delete(name);
      else underWay.set(name, left);
    });
  };
}

function counter(
  app: GatewayApp,
  { requests, windowMs }: RateLimit,
  keyGenerator?: (request: FastifyRequest) => string,
): Count {
  const options = {
    max: requests,
    timeWindow: windowMs,
    cache: KNOWN_CALLERS,
    // Else by address; of IPv6 by the network of 64 bits.
    ...(keyGenerator !== undefined && { keyGenerator }),
  };
  const count = app.createRateLimit(options);
  return async (request, reply) => {
    const counted = await count(request);
    if (counted.isAllowed || !counted.isExceeded) return;
    reply.header('retry-after', Math.max(1, counted.ttlInSeconds));
    throw new SyncError('RATE_LIMITED', {
      message: `There were more than ${requests} requests in ${windowMs / 1_000} seconds`,
    });
  };
}
