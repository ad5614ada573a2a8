/** Devices that tokens name: registered, not revoked, of this user, with an app that is new enough. */
import { LRUCache } from 'lru-cache';
import { isOlderThan } from '../../domain/access/app-version.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { SyncError } from '../../domain/errors.ts';
import { type KnownDevice, readDevice } from '../../store/registrations.ts';
import type { GatewayDeps } from '../deps.ts';

const MAX_DEVICES = 10_000;
/** A device that was revoked at another gateway, or on the command line, is heard here so long. */
const KEPT_MS = 3_000;

export type KnownDevices = {
  /** @throws SyncError DEVICE_REVOKED; FORBIDDEN when it is somebody else's. */
  requireOwn(principal: Principal): Promise<KnownDevice | null>;
  /** @throws SyncError DEVICE_UNKNOWN, APP_TOO_OLD, and what `requireOwn` throws. */
  requireRegistered(principal: Principal): Promise<void>;
  forget(device: string): void;
};

export function knownDevices({ store, settings }: Pick<GatewayDeps, 'store' | 'settings'>): KnownDevices {
  const kept = new LRUCache<string, KnownDevice>({ max: MAX_DEVICES, ttl: KEPT_MS });
  const look = async (id: string): Promise<KnownDevice | null> => {
    const known = kept.get(id);
    if (known !== undefined) return known;
    const found = await readDevice(store.pool, id);
    // One that is not there may be registered in the next moment, at another gateway.
    if (found?.node != null) kept.set(id, found);
    return found;
  };
  const requireOwn = async ({ device, user }: Principal): Promise<KnownDevice | null> => {
    if (device === null) return null;
    const found = await look(device);
    if (found?.isRevoked) throw revoked(device);
    if (found !== null && found.user !== null && found.user !== user) throw notYours();
    return found;
  };
  return {
    requireOwn,
    requireRegistered: async (principal) => {
      const found = await requireOwn(principal);
      if (found?.node == null) {
        const message =
          principal.device === null ? 'The token names no device' : 'The device has not registered';
        throw new SyncError('DEVICE_UNKNOWN', { message });
      }
      requireNewEnough(found.appVersion, settings.minAppVersion);
    },
    forget: (device) => {
      kept.delete(device);
    },
  };
}

/** @throws SyncError APP_TOO_OLD */
export function requireNewEnough(appVersion: string | null, wanted: string | null): void {
  if (wanted === null || !isOlderThan(appVersion, wanted)) return;
  throw new SyncError('APP_TOO_OLD', {
    message: `The app has to be of version ${wanted} or newer`,
    details: { minAppVersion: wanted },
  });
}

export const revoked = (device: string): SyncError =>
  new SyncError('DEVICE_REVOKED', { message: `Device ${device} may not call any more` });

/** Whose it is stays untold. */
export const notYours = (): SyncError =>
  new SyncError('FORBIDDEN', {
    message: 'The device is registered by another user',
    remedy: 'Register under another device id: one for each user of an installation.',
  });
