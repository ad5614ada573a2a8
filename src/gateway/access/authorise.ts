/** Each request before anything else is done for it: who it is, and whether the route is for them. */
import type { FastifyRequest, RouteOptions } from 'fastify';
import type { Principal } from '../../domain/access/principal.ts';
import { SyncError } from '../../domain/errors.ts';
import type { GatewayDeps, RouteAccess } from '../deps.ts';

/** @throws when a route does not say who may call it: that would be a hole. */
export function requireAccess(route: RouteOptions): void {
  if (route.config?.access !== undefined || route.method === 'HEAD') return;
  throw new Error(`The route ${String(route.method)} ${route.url} does not say who may call it`);
}

export function authorise({ access }: Pick<GatewayDeps, 'access'>) {
  return async (request: FastifyRequest): Promise<void> => {
    if (request.is404) return;
    const wanted = request.routeOptions.config.access;
    if (wanted === 'public') return;
    request.principal = await access.authenticate(request);
    if (wanted !== undefined && mayCall(request.principal, wanted)) return;
    throw new SyncError('FORBIDDEN', { message: 'Your roles do not let you call this' });
  };
}

function mayCall(principal: Principal, wanted: Exclude<RouteAccess, 'public'>): boolean {
  return principal.roles.includes('admin') || wanted.some((role) => principal.roles.includes(role));
}
