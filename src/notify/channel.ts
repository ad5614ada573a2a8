/** What a way of telling people is to the notifier. */
import type { Delivery, Notification } from '../domain/approval/notification.ts';

export type ChannelName = Delivery['channel'];

/** Why something is not told that was cut off from here. */
export const STOPPED = 'this process stopped before there was an answer';

export type Told = {
  readonly deliveries: readonly Delivery[];
  /** What a receiver asked for before the next attempt; null: nothing. */
  readonly retryAfterMs: number | null;
};

export type TellWork = {
  readonly signal: AbortSignal;
  /** Of earlier attempts, on any channel: not told again. */
  readonly settled: readonly Delivery[];
};

export type Channel = {
  readonly name: ChannelName;
  /** Host and port, for people: no path, which may hold a secret. */
  readonly at: string;
  /** Tries the way there without telling anybody anything. @returns why it cannot be used; null: it can. */
  readonly probe: (signal: AbortSignal) => Promise<string | null>;
  /** What goes wrong is a delivery that says so, never an exception. */
  readonly tell: (notification: Notification, work: TellWork) => Promise<Told>;
};
