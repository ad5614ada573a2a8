/** The webhook: the notification as JSON, signed. What a receiver may rely on is in docs/notifications.md. */
import type { Notification } from '../domain/approval/notification.ts';
import type { WebhookSettings } from '../domain/config.ts';
import { webhookSignature } from '../domain/webhook-signature.ts';
import type { Channel } from './channel.ts';
import { headerSafe } from './clean-text.ts';
import { openHttpChannel } from './http-channel.ts';

/** Counts up when a receiver has to read bodies in another way; members that are added do not count. */
const FORMAT = 1;

export function openWebhook({ url, secret, timeoutMs }: WebhookSettings): Channel {
  return openHttpChannel({
    name: 'webhook',
    url,
    timeoutMs,
    requestFor: (notification) => {
      const body = bodyOf(notification);
      return {
        body,
        headers: {
          'Syncline-Id': headerSafe(notification.id),
          'Syncline-Signature': webhookSignature({ secret, body, atMs: Date.now() }),
        },
      };
    },
  });
}

function bodyOf(notification: Notification): string {
  const { id, about, title, conflictId, entity, row, round, to, requester, text, links } = notification;
  return JSON.stringify({
    format: FORMAT,
    ...{ id, about, title, conflictId, entity, row, round, to, requester, text, links },
  });
}
