/** Whom a mail goes to. Only addresses of the configuration: whoever may assign a conflict may not write to anybody. */
import type { Recipient } from '../domain/approval/approval.ts';
import type { Notification } from '../domain/approval/notification.ts';
import type { MailRecipients } from '../domain/config.ts';

/** Each address once, in order. */
export function addressesFor(
  { to, requester }: Pick<Notification, 'to' | 'requester'>,
  known: MailRecipients,
): string[] {
  const { author, deviceUser } = requester;
  const person = (name: string | null): readonly string[] | null => found(known.people, name);
  const role = (name: string): readonly string[] => found(known.roles, name) ?? known.default;
  const of = (recipient: Recipient): readonly string[] => {
    switch (recipient.kind) {
      case 'person':
        return person(recipient.name) ?? known.default;
      case 'role':
        return role(recipient.role);
      case 'requester':
        // Others who decide have no use for what goes to one who made a change.
        return person(author) ?? person(deviceUser) ?? [];
      case 'resolvers':
        if (typeof recipient.resolvers === 'object') return role(recipient.resolvers.role);
        if (recipient.resolvers === 'anyone') return known.default;
        return person(recipient.resolvers === 'author' ? author : deviceUser) ?? known.default;
    }
  };
  return [...new Set(to.flatMap(of))];
}

/** Names come from people: they may be those of parts that every object has. */
function found(
  addresses: Readonly<Record<string, readonly string[]>>,
  name: string | null,
): readonly string[] | null {
  return name !== null && Object.hasOwn(addresses, name) ? (addresses[name] ?? null) : null;
}
