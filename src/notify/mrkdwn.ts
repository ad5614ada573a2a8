/** A page in Slack's own markup. Whatever stands in the page stays text: no mention, no link, no end of a block of code. */
import { type Block, parsePage, type Span } from './page.ts';

/** Slack takes 3,000 characters; the rest is for the fences of a block of code. */
const MAX_SECTION = 2_900;
const GROUP_MENTION = /@(?=(?:channel|here|everyone|all|group)\b)/gi;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Text that stays text. What calls everybody is split by a space without width: some receivers look for the bare word. */
export function escapeMrkdwn(text: string): string {
  return text
    .replace(/[&<>]/g, (character) => ENTITIES[character] as string)
    .replace(GROUP_MENTION, '@\u200b');
}

/** Sections of mrkdwn, each short enough for a block of its own. */
export function mrkdwnSections(markdown: string): string[] {
  return parsePage(markdown).flatMap(sectionsOf);
}

function sectionsOf(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
      return packed([...pieces(spansText(block.spans))].map((text) => `*${text.replaceAll('*', '∗')}*`));
    case 'paragraph':
      return packed(spanPieces(block.spans, ''));
    case 'list':
      return packed(block.items.flatMap((item) => spanPieces(item, '• ')));
    case 'code':
      return packed(block.text.split('\n').flatMap((line) => pieces(line.replaceAll('`', 'ˋ')))).map(
        (text) => `\`\`\`${text}\`\`\``,
      );
  }
}

/** A line as it is marked up; one that is too long loses its marks and is cut. */
function spanPieces(spans: readonly Span[], bullet: string): string[] {
  const line = `${bullet}${spans.map(marked).join('')}`;
  return line.length <= MAX_SECTION ? [line] : pieces(`${bullet}${spansText(spans)}`);
}

function marked({ kind, text }: Span): string {
  if (kind === 'code') return `\`${escapeMrkdwn(text.replaceAll('`', 'ˋ'))}\``;
  return kind === 'bold' ? `*${escapeMrkdwn(text.replaceAll('*', '∗'))}*` : escapeMrkdwn(text);
}

function spansText(spans: readonly Span[]): string {
  return spans.map(({ text }) => text).join('');
}

/** Cut before it is escaped, so that no entity is cut; a character becomes five at most, and some are two long. */
function pieces(text: string): string[] {
  const characters = Array.from(text);
  const length = Math.floor(MAX_SECTION / 5) - 2;
  const count = Math.max(1, Math.ceil(characters.length / length));
  return Array.from({ length: count }, (_, i) =>
    escapeMrkdwn(characters.slice(i * length, (i + 1) * length).join('')),
  );
}

/** As many lines in one section as it takes. */
function packed(lines: readonly string[]): string[] {
  const sections: string[] = [];
  for (const line of lines) {
    const last = sections.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= MAX_SECTION) {
      sections[sections.length - 1] = `${last}\n${line}`;
    } else {
      sections.push(line);
    }
  }
  return sections.filter((section) => section.trim() !== '');
}
