/**
 * COPY's text format: a line per row, values separated by tabs, `\N` for NULL, and backslash escapes. Newlines inside
 * values are escaped, so a newline byte always ends a row; UTF-8 never hides one in a longer character.
 */
import { type ByteSink, reserve } from './byte-sink.ts';
import { decodeUtf8 } from './utf8.ts';

export type TextRow = (string | null)[];

const NEWLINE = 0x0a;

/** Cuts a stream of bytes behind its last newline; what is left waits for more. */
export type LineSplitter = {
  /** @returns whole lines, newlines included, possibly none (empty). */
  push(chunk: Uint8Array): Buffer;
  /** Bytes that no newline has ended. */
  tail(): Buffer;
};

/** The parts of a long line are joined once, when its end has come: joining at each chunk would be quadratic. */
export function createLineSplitter(): LineSplitter {
  let parts: Uint8Array[] = [];
  return {
    push(chunk) {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        if (chunk.length > 0) parts.push(chunk);
        return Buffer.alloc(0);
      }
      const head = chunk.subarray(0, end);
      const lines = parts.length === 0 ? viewOf(head) : Buffer.concat([...parts, head]);
      parts = end < chunk.length ? [chunk.subarray(end)] : [];
      return lines;
    },
    tail: () => Buffer.concat(parts),
  };
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The rows of whole lines (the last newline may be missing). Bytes that are not UTF-8 become lone surrogates, which
 * no text of PostgreSQL holds: shaping sets such a row aside instead of loading something else.
 */
export function parseTextRows(lines: Uint8Array): TextRow[] {
  const text = decodeUtf8(lines);
  const rows: TextRow[] = [];
  let at = 0;
  // Where the next of each is: looked for again only when it has been passed, so the text is searched once.
  let backslash = nextIndex(text, '\\', 0);
  let tab = nextIndex(text, '\t', 0);
  while (at < text.length) {
    const end = nextIndex(text, '\n', at);
    const row: TextRow = [];
    for (;;) {
      const stop = Math.min(tab, end);
      const value = text.substring(at, stop);
      if (backslash >= stop) {
        row.push(value);
      } else {
        row.push(unescapeValue(value));
        backslash = nextIndex(text, '\\', stop);
      }
      at = stop + 1;
      if (stop === end) break;
      tab = nextIndex(text, '\t', at);
    }
    rows.push(row);
  }
  return rows;
}

function nextIndex(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found === -1 ? text.length : found;
}

const UNESCAPED: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unescapeValue(value: string): string | null {
  if (value === '\\N') return null;
  return value.replace(/\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|[\s\S])/g, (_, code: string) => unescaped(code));
}

/** COPY TO writes the letters of UNESCAPED and the backslash only; octal and hex forms are for files that others made. */
function unescaped(code: string): string {
  const first = code.charCodeAt(0);
  if (first >= 0x30 && first <= 0x37) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
  if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return UNESCAPED[code] ?? code;
}

/** One line of COPY text. The values hold no NUL and no lone surrogate: see `isStorable`. */
export function writeTextRow(sink: ByteSink, row: readonly (string | null)[]): void {
  for (let i = 0; i < row.length; i++) {
    const value = row[i] as string | null;
    // Every character takes two bytes when escaped, three at most in UTF-8; then a tab or a newline.
    reserve(sink, value === null ? 3 : value.length * 3 + 1);
    const { bytes } = sink;
    if (value === null) {
      bytes[sink.length++] = 0x5c;
      bytes[sink.length++] = 0x4e;
    } else {
      sink.length = writeValue(bytes, sink.length, value);
    }
    bytes[sink.length++] = 0x09;
  }
  if (row.length === 0) reserve(sink, ++sink.length);
  sink.bytes[sink.length - 1] = NEWLINE;
}

/** Up to here a loop over characters beats a call into the runtime. */
const LOOP_CHARS = 64;

function writeValue(bytes: Buffer, from: number, value: string): number {
  const { length } = value;
  if (length > LOOP_CHARS) return writeLong(bytes, from, value);
  let at = from;
  for (let i = 0; i < length; i++) {
    const char = value.charCodeAt(i);
    if (char > 0x7f) return writeLong(bytes, from, value);
    const letter = char > 0x0d && char !== 0x5c ? 0 : escapeLetter(char);
    if (letter !== 0) {
      bytes[at++] = 0x5c;
      bytes[at++] = letter;
    } else bytes[at++] = char;
  }
  return at;
}

/** The letter behind the backslash; 0: the character stands for itself. */
function escapeLetter(char: number): number {
  if (char === 0x5c) return 0x5c;
  if (char === 0x0a) return 0x6e;
  if (char === 0x0d) return 0x72;
  return char === 0x09 ? 0x74 : 0;
}

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function writeLong(bytes: Buffer, at: number, value: string): number {
  const escaped = /[\\\n\r\t]/.test(value)
    ? value.replace(/[\\\n\r\t]/g, (char) => ESCAPED[char] as string)
    : value;
  return at + bytes.write(escaped, at, 'utf8');
}

/** Can PostgreSQL hold the text? It holds no NUL, and UTF-8 has no lone surrogates. */
export function isStorable(value: string): boolean {
  const { length } = value;
  if (length > LOOP_CHARS) return isStorableLong(value);
  for (let i = 0; i < length; i++) {
    const char = value.charCodeAt(i);
    if (char === 0 || (char & 0xf800) === 0xd800) return isStorableLong(value);
  }
  return true;
}

function isStorableLong(value: string): boolean {
  // Part of ES2024, and of Node 20, but not of the library that is compiled against.
  return !value.includes('\0') && (value as string & { isWellFormed(): boolean }).isWellFormed();
}
