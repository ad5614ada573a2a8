/**
 * The Markdown that `describeConflict` writes, taken apart: headings, lists, blocks of code and paragraphs of plain, bold
 * and code text. Anything else in it stays the text that it is.
 */

export type Span = { readonly kind: 'text' | 'bold' | 'code'; readonly text: string };

export type Block =
  | { readonly kind: 'heading' | 'paragraph'; readonly spans: readonly Span[] }
  | { readonly kind: 'list'; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: 'code'; readonly text: string };

/** Longer lines are none of ours; looking for the ends of their spans would take long. */
const MAX_LINE = 4_000;

export function parsePage(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] as string;
    if (line.startsWith('```')) {
      const end = endOfCode(lines, at + 1);
      blocks.push({ kind: 'code', text: lines.slice(at + 1, end).join('\n') });
      at = end + 1;
      continue;
    }
    const count = line.startsWith('- ') ? runLength(lines, at, (next) => next.startsWith('- ')) : 1;
    if (line.startsWith('- ')) {
      blocks.push({ kind: 'list', items: lines.slice(at, at + count).map((item) => spansOf(item.slice(2))) });
    } else if (line.trim() !== '') {
      const heading = /^#{1,6} +(.*)$/.exec(line)?.[1];
      const kind = heading === undefined ? 'paragraph' : 'heading';
      blocks.push({ kind, spans: spansOf(heading ?? line) });
    }
    at += count;
  }
  return blocks;
}

function endOfCode(lines: readonly string[], from: number): number {
  const end = lines.indexOf('```', from);
  return end === -1 ? lines.length : end;
}

function runLength(lines: readonly string[], from: number, belongs: (line: string) => boolean): number {
  const length = lines.slice(from).findIndex((line) => !belongs(line));
  return length === -1 ? lines.length - from : length;
}

function spansOf(line: string): Span[] {
  if (line.length > MAX_LINE) return [{ kind: 'text', text: line }];
  const spans: Span[] = [];
  let plain = '';
  for (let at = 0; at < line.length; ) {
    const found = spanAt(line, at);
    if (found.span === null) {
      plain += found.text;
    } else {
      if (plain !== '') spans.push({ kind: 'text', text: plain });
      plain = '';
      spans.push(found.span);
    }
    at = found.end;
  }
  return plain === '' ? spans : [...spans, { kind: 'text', text: plain }];
}

type Found = { readonly span: Span | null; readonly text: string; readonly end: number };

function spanAt(line: string, at: number): Found {
  const character = line[at] as string;
  const next = line[at + 1];
  if (character === '\\' && next !== undefined && /[\\`*_[\]<>#|]/.test(next)) {
    return { span: null, text: next, end: at + 2 };
  }
  if (character === '`') return codeAt(line, at);
  const end = line.startsWith('**', at) ? line.indexOf('**', at + 2) : -1;
  if (end > at + 2) {
    return { span: { kind: 'bold', text: line.slice(at + 2, end) }, text: '', end: end + 2 };
  }
  return { span: null, text: character, end: at + 1 };
}

/** A span of code ends with as many ticks as it begins with. */
function codeAt(line: string, at: number): Found {
  const ticks = /^`+/.exec(line.slice(at))?.[0] ?? '`';
  const from = at + ticks.length;
  for (let end = line.indexOf(ticks, from); end !== -1; end = line.indexOf(ticks, end)) {
    const run = /^`+/.exec(line.slice(end))?.[0].length ?? 0;
    if (run === ticks.length) {
      const inside = line.slice(from, end);
      const text = /^ .*[^ ].* $/.test(inside) ? inside.slice(1, -1) : inside;
      return { span: { kind: 'code', text }, text: '', end: end + run };
    }
    end += run;
  }
  return { span: null, text: ticks, end: from };
}
