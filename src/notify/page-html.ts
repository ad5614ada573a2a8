/** A page as HTML of the plainest sort, for mail. */
import type { NotificationLink } from '../domain/approval/notification.ts';
import { type Block, parsePage, type Span } from './page.ts';

const FONT = 'font-family:sans-serif;font-size:14px;line-height:1.5;color:#111';
const CODE = 'background:#f4f4f4;padding:8px;white-space:pre-wrap;overflow-wrap:anywhere';

export type HtmlMail = {
  readonly title: string;
  readonly addressedTo: string;
  /** Markdown. */
  readonly text: string;
  readonly links: readonly NotificationLink[];
};

export function htmlOf({ title, addressedTo, text, links }: HtmlMail): string {
  const anchors = links.map(({ label, url }) => `<li><a href="${escaped(url)}">${escaped(label)}</a></li>`);
  const parts = [
    `<h1 style="font-size:18px">${escaped(title)}</h1>`,
    `<p>${escaped(addressedTo)}</p>`,
    ...(anchors.length === 0 ? [] : [`<ul>${anchors.join('')}</ul>`]),
    ...parsePage(text).map(blockHtml),
  ];
  return `<!doctype html>\n<html><head><meta charset="utf-8"></head><body style="${FONT}">\n${parts.join('\n')}\n</body></html>\n`;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2 style="font-size:16px">${spansHtml(block.spans)}</h2>`;
    case 'paragraph':
      return `<p>${spansHtml(block.spans)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${spansHtml(item)}</li>`).join('')}</ul>`;
    case 'code':
      return `<pre style="${CODE}">${escaped(block.text)}</pre>`;
  }
}

const TAGS = { text: null, bold: 'b', code: 'code' } as const;

function spansHtml(spans: readonly Span[]): string {
  return spans
    .map(({ kind, text }) => {
      const tag = TAGS[kind];
      return tag === null ? escaped(text) : `<${tag}>${escaped(text)}</${tag}>`;
    })
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
