/** Who speaks over HTTP, as the token says, and what that lets them see and change. */

/** What a route asks for. `admin` may call every route. Other roles of a token decide conflicts (`resolvers`). */
export const API_ROLES = ['device', 'approver', 'operator', 'admin'] as const;
export type ApiRole = (typeof API_ROLES)[number];

export type Principal = {
  readonly user: string;
  /** From the token, never from a body; null for people without a device. */
  readonly device: string | null;
  /** All roles of the token: those of the API, and those that `resolvers` name. */
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** Values as the token has them, by the name of the partition: groups are not expanded yet. */
  readonly partitions: Readonly<Record<string, readonly string[]>>;
};

/** What is kept with an upload, so that its changes are checked again when they are applied and decided (C13). */
export type Grants = Pick<Principal, 'user' | 'roles' | 'permissions' | 'partitions'>;
