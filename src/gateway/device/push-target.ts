/** Entities as devices push to them. */
import type { Principal } from '../../domain/access/principal.ts';
import type { EntitySpec } from '../../domain/entity.ts';
import { isSyncError, SyncError } from '../../domain/errors.ts';
import type { PushedEntity } from '../../domain/upload/pushed-row.ts';
import type { GatewayDeps } from '../deps.ts';
import { openReading, type Reading } from './feed-reading.ts';

export type PushTarget = Reading & { readonly pushed: PushedEntity };

/** A principal that speaks for a device. */
export type DevicePrincipal = Principal & { readonly device: string };

/** @throws DEVICE_UNKNOWN when the token names no device */
export function deviceOf(principal: Principal): DevicePrincipal {
  const { device } = principal;
  if (device !== null) return { ...principal, device };
  throw new SyncError('DEVICE_UNKNOWN', { message: 'The token names no device' });
}

/** @throws NOT_FOUND, ENTITY_NOT_READY */
export async function pushTarget(deps: GatewayDeps, principal: Principal, name: string): Promise<PushTarget> {
  const reading = await openReading(deps, principal, name);
  return { ...reading, pushed: pushedEntity(reading) };
}

/** Of all entities that rows name: those that are not served are left out. */
export async function pushTargets(
  deps: GatewayDeps,
  principal: Principal,
  names: readonly string[],
): Promise<ReadonlyMap<string, PushTarget>> {
  const targets = new Map<string, PushTarget>();
  for (const name of new Set(names)) {
    try {
      targets.set(name, await pushTarget(deps, principal, name));
    } catch (error) {
      if (!isSyncError(error, 'NOT_FOUND')) throw error;
    }
  }
  return targets;
}

function pushedEntity({ entity, scope }: Reading): PushedEntity {
  const { spec, columns, keyColumns } = entity;
  const withheld = new Set([...scope.hidden, ...scope.readOnly]);
  return {
    entity: spec.entity,
    types: new Map(columns.map(({ name, type }) => [name, type])),
    keyColumns,
    writable: new Set(writableColumns(spec).filter((name) => !withheld.has(name))),
    hidden: new Set(scope.hidden),
    givesKeys: spec.upload?.writeBack.to === 'source' && spec.upload.writeBack.keySequence !== undefined,
  };
}

/** By somebody who may write everything that can be written. */
function writableColumns({ upload, localColumns }: EntitySpec): string[] {
  return upload === null ? [] : [...upload.writable, ...localColumns.map(({ name }) => name)];
}
