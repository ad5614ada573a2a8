/** Each request before anything else is done for it: who it is, whether the route is for them, and for their device. */
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
    const { access: wanted, device } = request.routeOptions.config;
    if (wanted === 'public') return;
    request.principal = await access.authenticate(request);
    if (wanted === undefined || !mayCall(request.principal, wanted)) {
      throw new SyncError('FORBIDDEN', { message: 'Your roles do not let you call this' });
    }
    const isOfDevices = request.principal.device !== null || (wanted.length === 1 && wanted[0] === 'device');
    if (isOfDevices && device !== 'registering') await access.requireRegistered(request.principal);
  };
}

function mayCall(principal: Principal, wanted: Exclude<RouteAccess, 'public'>): boolean {
  return principal.roles.includes('admin') || wanted.some((role) => principal.roles.includes(role));
}
