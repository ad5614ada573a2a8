/** How a notification is put into words, the same on every channel. */
import type { Occurrence, Recipient } from '../domain/approval/approval.ts';
import type { Notification } from '../domain/approval/notification.ts';
import { oneLine } from './clean-text.ts';

const ABOUT = {
  proposed: 'Decision needed',
  assigned: 'Assigned',
  commented: 'Comment',
  reminded: 'Reminder',
  escalated: 'Escalated',
  decided: 'Decided',
  expired: 'Expired',
  reopened: 'Open again',
  applied: 'Applied',
  withdrawn: 'Withdrawn',
  test: 'Test',
} as const satisfies Record<Occurrence | 'test', string>;

/** `Reminder: employees 42: salary (waits for a decision, round 1)` */
export function headline({ about, title }: Notification): string {
  return `${ABOUT[about]}: ${title}`;
}

/** `For anna, role cfo` */
export function addressedTo({ to }: Notification): string {
  const names = [...new Set(to.map(nameOf))];
  return names.length === 0 ? 'For whom it may concern' : `For ${names.join(', ')}`;
}

function nameOf(recipient: Recipient): string {
  switch (recipient.kind) {
    case 'person':
      return oneLine(recipient.name, 200);
    case 'role':
      return `role ${oneLine(recipient.role, 200)}`;
    case 'requester':
      return 'who made the change';
    case 'resolvers':
      return resolversName(recipient.resolvers);
  }
}

function resolversName(resolvers: Extract<Recipient, { kind: 'resolvers' }>['resolvers']): string {
  if (typeof resolvers === 'object') return `role ${oneLine(resolvers.role, 200)}`;
  return { anyone: 'everybody who decides', deviceUser: 'the device’s user', author: 'who made the change' }[
    resolvers
  ];
}
