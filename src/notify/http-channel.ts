/** What webhooks have in common: one receiver, told by one POST. */
import type { Delivery, Notification } from '../domain/approval/notification.ts';
import { formatDuration } from '../domain/duration.ts';
import { type Channel, type ChannelName, STOPPED, type Told } from './channel.ts';
import { connectTo } from './connect.ts';
import { type Answer, postJson } from './http-post.ts';

type HttpChannel = {
  readonly name: ChannelName;
  readonly url: string;
  readonly timeoutMs: number;
  readonly requestFor: (notification: Notification) => {
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
  };
  /** What an answer that is no success says, if it may be repeated. */
  readonly saying?: (text: string) => string | null;
};

/** 2xx: delivered. 4xx but 408 and 429: refused. Anything else: failed. */
export function openHttpChannel(channel: HttpChannel): Channel {
  const { name, url, timeoutMs, requestFor } = channel;
  // The address may hold a secret beyond its host.
  const { host } = new URL(url);
  const told = (outcome: Delivery['outcome'], why: string | null, retryAfterMs: number | null): Told => ({
    deliveries: [{ channel: name, to: null, outcome, why }],
    retryAfterMs,
  });
  const whyNot = (error: unknown, deadline: AbortSignal): string => {
    const why = deadline.aborted
      ? `did not answer within ${formatDuration(timeoutMs)}`
      : `could not be reached (${codeOf(error)})`;
    return `${host} ${why}`;
  };
  return {
    name,
    at: host,
    probe: async (signal) => {
      const deadline = AbortSignal.timeout(timeoutMs);
      return connectTo(url, AbortSignal.any([signal, deadline])).then(
        () => null,
        (error: unknown) => (signal.aborted ? STOPPED : whyNot(error, deadline)),
      );
    },
    tell: async (notification, { signal, settled }) => {
      if (settled.some((one) => one.channel === name)) return { deliveries: [], retryAfterMs: null };
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        const answer = await postJson({
          url,
          ...requestFor(notification),
          signal: AbortSignal.any([signal, deadline]),
        });
        if (answer.status >= 200 && answer.status < 300) return told('delivered', null, null);
        return told(outcomeOf(answer), whyOf(host, answer, channel.saying), answer.retryAfterMs);
      } catch (error) {
        if (signal.aborted) return told('failed', STOPPED, null);
        return told('failed', whyNot(error, deadline), null);
      }
    },
  };
}

function outcomeOf({ status }: Answer): 'refused' | 'failed' {
  return status >= 400 && status < 500 && status !== 408 && status !== 429 ? 'refused' : 'failed';
}

function whyOf(host: string, { status, text }: Answer, saying: HttpChannel['saying']): string {
  if (status >= 300 && status < 400) {
    return `${host} answered ${status}, a redirect, which is not followed: configure the address that it leads to`;
  }
  const said = saying?.(text) ?? null;
  return said === null ? `${host} answered ${status}` : `${host} answered ${status} (${said})`;
}

/** Codes only: messages of TLS and DNS repeat what a foreign server says. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'no reason given';
}
