/** What `syncline check --notify` sends: like a notification in all but that it is about nothing. */
import { randomUUID } from 'node:crypto';
import type { Notification } from '../domain/approval/notification.ts';

export function testMessage(sender: string): Notification {
  return {
    id: `test/${randomUUID()}`,
    about: 'test',
    title: 'conflicts that wait for a decision will be told here',
    conflictId: 'test',
    entity: 'none',
    row: 'none',
    round: 1,
    to: [{ kind: 'resolvers', resolvers: 'anyone' }],
    requester: { device: null, deviceUser: null, author: null },
    text: `## A test message of Syncline\n\n${sender} tried the channels of \`notifications\` by \`syncline check --notify\`. There is nothing to do.\n`,
    links: [],
  };
}
