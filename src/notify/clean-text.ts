/** Texts of a notification come from rows, devices and people: nothing in them may act as anything but text. */
import type { Notification } from '../domain/approval/notification.ts';

const MAX_TITLE = 250;
const MAX_TEXT = 50_000;
const MAX_LINKS = 10;

/** Line breaks would end a header. */
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** Marks that turn the direction of what follows: a text could show as another one. */
const TURNS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
/** NUL and its like, but no line break or tab. */
const CONTROLS = /[^\P{Cc}\n\t]/gu;

/** The notification as every channel may use it: texts well-formed and bounded, links of http and https only. */
export function cleanNotification(given: Notification): Notification {
  return {
    ...given,
    title: oneLine(given.title, MAX_TITLE),
    text: shortened(wellFormed(given.text.replace(/\r\n?/g, '\n')).replace(CONTROLS, ''), MAX_TEXT),
    links: given.links.slice(0, MAX_LINKS).flatMap(({ label, url }) => {
      const href = hrefOf(url);
      return href === null ? [] : [{ label: oneLine(label, MAX_TITLE) || href, url: href }];
    }),
  };
}

/** As one line of at most so many characters. */
export function oneLine(text: string, maxLength: number): string {
  return shortened(wellFormed(text).replace(BREAKS, ' ').replace(/ {2,}/g, ' ').trim(), maxLength);
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD').replace(TURNS, '');
}

/** By code points: half a surrogate pair is no text. */
export function shortened(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const characters = Array.from(text);
  return characters.length <= maxLength ? text : `${characters.slice(0, maxLength - 1).join('')}…`;
}

function hrefOf(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const parsed = new URL(url);
  return /^https?:$/.test(parsed.protocol) ? parsed.href : null;
}

/** As it is where a header can carry it, else percent-encoded. */
export function headerSafe(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id.replace(/\p{Surrogate}/gu, '\uFFFD'));
}
