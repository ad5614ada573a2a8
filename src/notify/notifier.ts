/** Tells people of a conflict on all configured channels, side by side. */
import { type Delivery, isSettled, type Notification } from '../domain/approval/notification.ts';
import type { NotificationSettings } from '../domain/config.ts';
import { SyncError } from '../domain/errors.ts';
import type { Channel, ChannelName, Told } from './channel.ts';
import { cleanNotification } from './clean-text.ts';
import { openSlack } from './slack.ts';
import { openSmtp } from './smtp.ts';
import { openWebhook } from './webhook.ts';

export type Progress = {
  /** What earlier attempts have settled: `settledOf` their details. Left alone now. */
  readonly settled?: readonly Delivery[];
  /** Called as soon as a channel is done, with everything that is settled by then: for heartbeats. */
  readonly onSettled?: (settled: readonly Delivery[]) => void;
};

export type Notifier = {
  /**
   * Resolves when nothing is left to be tried, with what became of it; refusals are among it, and logged. A receiver
   * may be told twice where an answer was lost, under the same id.
   * @throws SyncError NOTIFY_FAILED when a later attempt may tell more people; its details have what is settled,
   * `failed`, and `retryAfterMs` where a receiver asked for a pause.
   * @throws the signal's reason when it is aborted.
   */
  send(notification: Notification, signal: AbortSignal, progress?: Progress): Promise<Delivery[]>;
  /** Tries the way to each channel's receiver, side by side, without telling anybody anything. */
  probe(signal: AbortSignal): Promise<ChannelState[]>;
  /** Ends what is under way; what is sent afterwards fails. */
  close(): Promise<void>;
};

export type ChannelState = {
  readonly channel: ChannelName;
  /** Host, and port where it is not the usual one. */
  readonly at: string;
  /** Why it cannot be used; null: it can. */
  readonly problem: string | null;
};

export type NotifyLogger = {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
};

export function openNotifier(settings: NotificationSettings, logger: NotifyLogger): Notifier {
  const channels = openChannels(settings);
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  return {
    send: (notification, signal, progress = {}) => {
      const work = tellAll(channels, cleanNotification(notification), {
        ...progress,
        logger,
        cancelled: signal,
        signal: AbortSignal.any([signal, closing.signal]),
      });
      const watched = work.catch(() => undefined).finally(() => underWay.delete(watched));
      underWay.add(watched);
      return work;
    },
    probe: (signal) => probeAll(channels, AbortSignal.any([signal, closing.signal])),
    close: async () => {
      closing.abort(new Error('the notifier is closed'));
      await Promise.all(underWay);
    },
  };
}

async function probeAll(channels: readonly Channel[], signal: AbortSignal): Promise<ChannelState[]> {
  return Promise.all(
    channels.map(async ({ name, at, probe }) => ({ channel: name, at, problem: await probe(signal) })),
  );
}

function openChannels({ webhook, slack, smtp }: NotificationSettings): Channel[] {
  return [
    ...(webhook === null ? [] : [openWebhook(webhook)]),
    ...(slack === null ? [] : [openSlack(slack)]),
    ...(smtp === null ? [] : [openSmtp(smtp)]),
  ];
}

type SendWork = Progress & {
  readonly logger: NotifyLogger;
  readonly cancelled: AbortSignal;
  readonly signal: AbortSignal;
};

async function tellAll(
  channels: readonly Channel[],
  notification: Notification,
  { settled: before = [], onSettled, logger, cancelled, signal }: SendWork,
): Promise<Delivery[]> {
  cancelled.throwIfAborted();
  const settled = [...before];
  const told = await Promise.all(
    channels.map(async (channel) => {
      const result = await tell(channel, notification, { signal, settled: before });
      settled.push(...result.deliveries.filter(isSettled));
      if (result.deliveries.some(isSettled)) onSettled?.([...settled]);
      return result;
    }),
  );
  const deliveries = told.flatMap((result) => result.deliveries);
  for (const { outcome, channel, to, why } of deliveries) {
    if (outcome === 'refused') {
      logger.warn({ notification: notification.id, channel, to, why }, 'a notification was refused for good');
    }
  }
  cancelled.throwIfAborted();
  const failed = deliveries.filter((delivery) => !isSettled(delivery));
  if (failed.length === 0) return settled;
  throw notifyFailed(notification, { settled, failed, told });
}

/** A channel that throws has a defect; the others are not to suffer. */
async function tell(
  channel: Channel,
  notification: Notification,
  work: Parameters<Channel['tell']>[1],
): Promise<Told> {
  try {
    return await channel.tell(notification, work);
  } catch (error) {
    const why = `unexpected: ${error instanceof Error ? error.name : 'no error'}`;
    return { deliveries: [{ channel: channel.name, to: null, outcome: 'failed', why }], retryAfterMs: null };
  }
}

function notifyFailed(
  { id, conflictId }: Notification,
  { settled, failed, told }: { settled: Delivery[]; failed: Delivery[]; told: readonly Told[] },
): SyncError {
  const pauses = told.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const whys = [...new Set(failed.map(({ channel, why }) => `${channel}: ${why}`))];
  return new SyncError('NOTIFY_FAILED', {
    message: `Conflict ${conflictId} was not told everywhere: ${whys.join('; ')}`,
    details: {
      notification: id,
      settled,
      failed,
      ...(pauses.length > 0 && { retryAfterMs: Math.max(...pauses) }),
    },
  });
}
