/** Who speaks, from the claims of the issuer's token. */
import type { JWTPayload } from 'jose';
import type { PartitionSpec } from '../../domain/access/feed-spec.ts';
import type { AuthSettings } from '../../domain/access/gateway-settings.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { SyncError } from '../../domain/errors.ts';

/** Names of people and devices are kept, and stand in lists, headers of columns and workflow ids. */
const MAX_NAME_LENGTH = 200;

/** @throws SyncError UNAUTHENTICATED when the token names no user, or nobody that could be one. */
export function principalOf(
  payload: JWTPayload,
  { claims }: AuthSettings,
  partitions: Readonly<Record<string, PartitionSpec>>,
): Principal {
  const user = nameOf(payload[claims.user]);
  if (user === null) throw new SyncError('UNAUTHENTICATED', { message: 'The token names no user' });
  const device = nameOf(payload[claims.device]);
  if (device === null && (payload[claims.device] ?? null) !== null) {
    throw new SyncError('UNAUTHENTICATED', { message: 'The token names no device that could be one' });
  }
  return {
    user,
    device,
    roles: textsOf(payload[claims.roles]),
    permissions: textsOf(payload[claims.permissions]),
    partitions: Object.fromEntries(
      Object.entries(partitions).flatMap(([name, partition]) =>
        partition.kind === 'membership' ? [] : [[name, textsOf(payload[partition.claim])]],
      ),
    ),
  };
}

function nameOf(claim: unknown): string | null {
  return isName(claim) ? claim : null;
}

/** What a person or a device can be called: PostgreSQL keeps it, and a list shows it. */
export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_NAME_LENGTH &&
    !/[\p{Cc}\p{Surrogate}]/u.test(value)
  );
}

/** A list of texts or numbers, or one text with spaces between, as `scope` has it. */
function textsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  if (typeof claim === 'number') return [String(claim)];
  if (!Array.isArray(claim)) return [];
  return claim.flatMap((item) =>
    typeof item === 'string' || typeof item === 'number' ? [String(item)] : [],
  );
}
