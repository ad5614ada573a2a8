/** What routes work with. */
import type { FastifyRequest } from 'fastify';
import type { Client } from '../client.ts';
import type { GatewaySettings } from '../domain/access/gateway-settings.ts';
import type { ApiRole, Principal } from '../domain/access/principal.ts';
import type { EntityScope } from '../domain/access/scope.ts';
import type { SyncConfig } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import type { Logger } from '../logging.ts';
import type { Store } from '../store/open.ts';

export type GatewayDeps = {
  readonly config: SyncConfig;
  readonly settings: GatewaySettings;
  /** The gateway's own login, where it has one. */
  readonly store: Store;
  readonly client: Client;
  readonly access: Access;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Who may do what. */
export type Access = {
  /** @throws SyncError UNAUTHENTICATED, ISSUER_UNAVAILABLE, DEVICE_REVOKED; FORBIDDEN when the device is another user's. */
  authenticate(request: FastifyRequest): Promise<Principal>;
  /** @throws SyncError DEVICE_UNKNOWN, APP_TOO_OLD */
  requireRegistered(principal: Principal): Promise<void>;
  /** A token for the device of this principal; null where the gateway gives none, or none for this token. */
  exchange(
    principal: Principal & { readonly device: string },
    request: FastifyRequest,
  ): Promise<{ readonly token: string; readonly expiresInSeconds: number } | null>;
  /** What of an entity the caller may see and change, as it is now or was a moment ago. */
  scopeOf(principal: Principal, spec: EntitySpec): Promise<EntityScope>;
  /** Nothing that is remembered of this device or user holds any longer. */
  forget(who: { readonly device?: string; readonly user?: string }): void;
};

/** Who may call a route: anybody, or whoever has one of the roles; admins may call all. */
export type RouteAccess = 'public' | readonly ApiRole[];

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route says it: one that does not is refused when the server starts. */
    access?: RouteAccess;
    /**
     * Routes for devices alone, and tokens that name a device, need one that has registered; 'registering' is the route
     * where it does so.
     */
    device?: 'registering';
  }
  interface FastifyRequest {
    /** Of routes that are not public. */
    principal: Principal;
  }
}
