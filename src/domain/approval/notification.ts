/**
 * What people are told of a conflict. It leaves by mail and webhooks and stays in workflow history, so it holds names and
 * keys, never values of rows.
 */
import { z } from 'zod';
import type { Occurrence, Recipient, Requester } from './approval.ts';

export type NotificationLink = { readonly label: string; readonly url: string };

export type Notification = {
  /** The same at every attempt and of no other notification: by it a receiver knows what it has already. */
  readonly id: string;
  /** 'test': of no conflict, sent to try the channels. */
  readonly about: Occurrence | 'test';
  /** One line: `titleOfConflict`. */
  readonly title: string;
  readonly conflictId: string;
  readonly entity: string;
  /** Key of the row. */
  readonly row: string;
  readonly round: number;
  readonly to: readonly Recipient[];
  /** Whose change it is, to find the address of a recipient `requester`. */
  readonly requester: Requester;
  /** A page of Markdown: `describeConflict`. */
  readonly text: string;
  /** Only those of http and https are shown. */
  readonly links: readonly NotificationLink[];
};

const delivery = z.strictObject({
  channel: z.enum(['webhook', 'slack', 'smtp']),
  /** A mail's address; null for a channel with one receiver, or a mail that has none. */
  to: z.string().nullable(),
  /**
   * `refused`: it would be again, so it is not tried again. `failed`: it may work later. `unaddressed`: the
   * configuration has no address for those it is for.
   */
  outcome: z.enum(['delivered', 'refused', 'failed', 'unaddressed']),
  /** Why not; null when it was delivered. */
  why: z.string().nullable(),
});

/** What became of a notification on one channel. */
export type Delivery = Readonly<z.output<typeof delivery>>;

/** Everything but failures: what a later attempt leaves alone. */
export function isSettled({ outcome }: Delivery): boolean {
  return outcome !== 'failed';
}

/**
 * What earlier attempts have settled, from the details of a NOTIFY_FAILED or of an activity's heartbeat, whatever they
 * are: what cannot be read is told again.
 */
export function settledOf(details: unknown): Delivery[] {
  const parsed = z.object({ settled: z.array(delivery) }).safeParse(details);
  return parsed.success ? parsed.data.settled.filter(isSettled) : [];
}
