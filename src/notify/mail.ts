/** A notification as a mail. */
import { createHash } from 'node:crypto';
import type { SendMailOptions } from 'nodemailer';
import type { Notification } from '../domain/approval/notification.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { headerSafe } from './clean-text.ts';
import { htmlOf } from './page-html.ts';
import { addressedTo, headline } from './words.ts';

/**
 * The same at every attempt, Message-ID included, so that a mail that arrives twice is known to be one. Mails about one
 * conflict are one thread.
 */
export function mailOf(notification: Notification, from: Mailbox): SendMailOptions {
  const title = headline(notification);
  const { id, conflictId, text, links } = notification;
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  const thread = `<conflict.${digest(conflictId)}@${domain}>`;
  const listed = links.map(({ label, url }) => `${label}: ${url}`);
  return {
    from: from.name === null ? from.address : { name: from.name, address: from.address },
    subject: title,
    messageId: `<notification.${digest(id)}@${domain}>`,
    inReplyTo: thread,
    references: [thread],
    headers: { 'Auto-Submitted': 'auto-generated', 'Syncline-Id': headerSafe(id) },
    text: `${[addressedTo(notification), listed.join('\n'), text].filter((part) => part !== '').join('\n\n')}\n`,
    html: htmlOf({ title, addressedTo: addressedTo(notification), text, links }),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
