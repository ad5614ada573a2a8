/** Devices that may not send changes any more. */
import { SyncError } from '../domain/errors.ts';
import { revokeDevice as revokeInStore } from '../store/devices.ts';
import type { Store } from '../store/open.ts';

/** @returns whose it was. @throws SyncError CONFIG_UNKNOWN when there is no such device. */
export async function revokeDevice(
  { pool: db }: Pick<Store, 'pool'>,
  device: { readonly id: string; readonly by: string },
): Promise<{ readonly user: string | null }> {
  const revoked = await revokeInStore(db, device);
  if (revoked !== null) return revoked;
  throw new SyncError('CONFIG_UNKNOWN', {
    message: `There is no device ${device.id}`,
    remedy: '`syncline devices list` shows all there are.',
  });
}
