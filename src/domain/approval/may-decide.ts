/**
 * Who may decide a conflict (C17). What comes from a bare Temporal client has only a claimed name, so it decides nothing but
 * what anyone may; with a role, who asked never decides.
 */
import type { Resolvers } from '../upload/upload-spec.ts';
import { type Refusal, type Requester, refusal, type Who } from './approval.ts';

export type DecidableConflict = Requester & {
  /** The role that it was escalated to, whose people may decide as well from then on. */
  readonly escalatedTo: string | null;
};

/** What stands in `approvedBy` for the approval of somebody from whom no role was required. */
export const ANYONE = 'anyone';

/** `approvedBy`: what a business rule may believe of this approval. */
export type Permission =
  | { readonly allowed: true; readonly approvedBy: readonly string[] }
  | { readonly allowed: false; readonly refusal: Refusal };

export function mayDecide(resolvers: Resolvers, who: Who, conflict: DecidableConflict): Permission {
  if (resolvers === 'anyone') return { allowed: true, approvedBy: approvalsOf(who, conflict) };
  const wanted = wantedOf(resolvers, conflict);
  if (isBare(who)) {
    return no(
      `Temporal does not prove who sends something, and this conflict is decided by ${wanted}: ` +
        'decide on the command line or over HTTP',
    );
  }
  const permission: Permission = { allowed: true, approvedBy: approvalsOf(who, conflict) };
  if (isMeant(resolvers, who, conflict)) return permission;
  const decidingRoles = [typeof resolvers === 'object' ? resolvers.role : null, conflict.escalatedTo];
  const role = decidingRoles.find((candidate) => candidate !== null && who.roles.includes(candidate));
  if (role === undefined) return no(`This conflict is decided by ${wanted}; ${who.name} is not among them`);
  if (!isRequester(who, conflict)) return permission;
  return no(`Who asked for a change does not approve it: somebody else with role ${role} has to decide`);
}

/**
 * Withdrawing leaves the server's side: it is up to who asked, and to those who may decide. Of a change that nobody is
 * known to have asked for, anybody who is known may: else it could hold its row for ever.
 */
export function mayWithdraw(resolvers: Resolvers, who: Who, conflict: DecidableConflict): Permission {
  const verified = who.user !== undefined || who.device !== undefined;
  const isNobodys = conflict.deviceUser === null && conflict.author === null;
  if (!isBare(who) && verified && (isNobodys || isRequester(who, conflict))) {
    return { allowed: true, approvedBy: [] };
  }
  const permission = mayDecide(resolvers, who, conflict);
  return permission.allowed ? { allowed: true, approvedBy: [] } : permission;
}

/** For people: `anyone`, `the author (anna)`, `role CFO`. */
export function wantedOf(resolvers: Resolvers, conflict: DecidableConflict): string {
  const first = FIRST[typeof resolvers === 'string' ? resolvers : 'role'](resolvers, conflict);
  if (conflict.escalatedTo === null || resolvers === 'anyone') return first;
  const also = `role ${conflict.escalatedTo}`;
  return also === first ? first : `${first} or ${also}`;
}

const FIRST = {
  anyone: () => 'anyone',
  deviceUser: (_: Resolvers, { deviceUser }: Requester) => named('the user of the device', deviceUser),
  author: (_: Resolvers, { author }: Requester) => named('who made the change', author),
  role: (resolvers: Resolvers) => `role ${typeof resolvers === 'object' ? resolvers.role : ''}`,
} as const;

function named(words: string, name: string | null): string {
  return name === null ? words : `${words} (${name})`;
}

function isMeant(resolvers: Resolvers, who: Who, { device, deviceUser, author }: Requester): boolean {
  if (resolvers === 'author') return author !== null && who.user === author;
  if (resolvers !== 'deviceUser') return false;
  return (deviceUser !== null && who.user === deviceUser) || (device !== null && who.device === device);
}

/**
 * Spelling does not make another person: `Anna@…` is `anna@…` here, where a match only ever forbids. The name counts
 * too, since over the command line it is all there is.
 */
function isRequester(who: Who, { device, deviceUser, author }: Requester): boolean {
  if (device !== null && who.device === device) return true;
  const requesters = [deviceUser, author].flatMap((name) => (name === null ? [] : [fold(name)]));
  return [who.user, who.name].some((name) => name !== undefined && requesters.includes(fold(name)));
}

function fold(name: string): string {
  return name.trim().normalize('NFKC').toLowerCase();
}

/** Roles of who asked, and claimed ones, approve nothing. */
function approvalsOf(who: Who, conflict: Requester): readonly string[] {
  const counts = !isBare(who) && who.roles.length > 0 && !isRequester(who, conflict);
  return counts ? [...new Set(who.roles)] : [ANYONE];
}

function isBare({ via }: Who): boolean {
  return via === 'signal' || via === 'update';
}

function no(message: string): Permission {
  return { allowed: false, refusal: refusal('notAllowed', message) };
}
