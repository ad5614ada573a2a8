/** An incoming webhook of Slack, or of what understands the same JSON. */
import type { Notification, NotificationLink } from '../domain/approval/notification.ts';
import type { SlackSettings } from '../domain/config.ts';
import type { Channel } from './channel.ts';
import { shortened } from './clean-text.ts';
import { openHttpChannel } from './http-channel.ts';
import { escapeMrkdwn, mrkdwnSections } from './mrkdwn.ts';
import { addressedTo, headline } from './words.ts';

/** What Slack takes: blocks of a message, characters of a block. A message with more is refused as a whole. */
const MAX_BLOCKS = 50;
const MAX_SECTION = 3_000;
const MAX_WHOM = 300;

export function openSlack({ url, timeoutMs }: SlackSettings): Channel {
  return openHttpChannel({
    name: 'slack',
    url,
    timeoutMs,
    requestFor: (notification) => ({ body: JSON.stringify(slackMessage(notification)), headers: {} }),
    // Slack's reasons are words such as invalid_payload.
    saying: (text) => (/^[a-z_]{1,60}$/.test(text) ? text : null),
  });
}

type SlackBlock = {
  readonly type: 'section';
  /** `verbatim`: no name in it becomes a mention, no address a link. */
  readonly text: { readonly type: 'mrkdwn'; readonly text: string; readonly verbatim: true };
};

/** `text` is what is read out, listed and shown where blocks are not. */
export function slackMessage(notification: Notification): { text: string; blocks: SlackBlock[] } {
  const title = escapeMrkdwn(headline(notification));
  const whom = escapeMrkdwn(shortened(addressedTo(notification), MAX_WHOM));
  const sections = [
    `*${title.replaceAll('*', '∗')}*\n${whom}`,
    ...notification.links.map(linkText),
    ...mrkdwnSections(notification.text),
  ].filter((text) => text.length <= MAX_SECTION);
  const kept = sections.length <= MAX_BLOCKS ? sections : [...sections.slice(0, MAX_BLOCKS - 1), '…'];
  return { text: title, blocks: kept.map(section) };
}

/** What parts address and label, and what calls people, may not be in them. */
function linkText({ label, url }: NotificationLink): string {
  const address = url.replaceAll('&', '&amp;').replaceAll('|', '%7C').replaceAll('@', '%40');
  return `• <${address}|${escapeMrkdwn(label).replaceAll('|', '¦')}>`;
}

function section(text: string): SlackBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}
