/** `check`'s part about the channels of notifications: the way to each, or a test message on each. */
import { hostname } from 'node:os';
import type { Delivery } from '../domain/approval/notification.ts';
import type { NotificationSettings } from '../domain/config.ts';
import { ERRORS, isSyncError } from '../domain/errors.ts';
import type { Finding } from '../domain/finding.ts';
import { type Notifier, openNotifier } from '../notify/notifier.ts';
import { testMessage } from '../notify/test-message.ts';
import { tried } from './findings.ts';
import { userName } from './who.ts';

/** @param options.send 'nothing': nobody is told anything. */
export async function checkNotifications(
  settings: NotificationSettings,
  { send }: { readonly send: 'nothing' | 'test message' },
): Promise<Finding[]> {
  if (Object.values(settings).every((channel) => channel === null)) return [];
  const notifier = openNotifier(settings, { warn: () => undefined });
  try {
    return await tried('notifications', () => (send === 'nothing' ? probed(notifier) : told(notifier)));
  } finally {
    await notifier.close();
  }
}

async function probed(notifier: Notifier): Promise<Finding[]> {
  const states = await notifier.probe(new AbortController().signal);
  return states.map(({ channel, at, problem }) =>
    problem === null
      ? {
          subject: `notifications by ${channel}`,
          level: 'ok',
          message: `${at} can be reached${channel === 'smtp' ? ' and lets us in' : ''}; nothing was sent`,
        }
      : problemWith(channel, problem),
  );
}

function problemWith(channel: Delivery['channel'], message: string): Finding {
  return {
    ...{ subject: `notifications by ${channel}`, level: 'error', code: 'NOTIFY_FAILED', message },
    remedy:
      'Compare `notifications` in the configuration with the receiver’s settings; conflicts wait in the store all the same.',
  };
}

async function told(notifier: Notifier): Promise<Finding[]> {
  const message = testMessage(`${userName()} on ${hostname()}`);
  const deliveries = await notifier
    .send(message, new AbortController().signal)
    .catch((error: unknown): Delivery[] => {
      if (!isSyncError(error, 'NOTIFY_FAILED')) throw error;
      const { settled, failed } = error.details as { settled: Delivery[]; failed: Delivery[] };
      return [...settled, ...failed];
    });
  return deliveries.map(findingOf);
}

function findingOf({ channel, to, outcome, why }: Delivery): Finding {
  const whom = to === null ? '' : `${to}: `;
  if (outcome !== 'delivered') return problemWith(channel, `${whom}${why ?? ERRORS.NOTIFY_FAILED.remedy}`);
  return {
    ...{ subject: `notifications by ${channel}`, level: 'ok' },
    message: `${whom}the test message was taken`,
  };
}
