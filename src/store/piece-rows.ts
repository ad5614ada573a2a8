/** The rows of a shaped piece one by one: needed only when one of them is bad. */
import type { ShapedPiece } from '../domain/entity.ts';

export function splitRows(piece: Pick<ShapedPiece, 'format' | 'data'>): Buffer[] {
  const data = Buffer.from(piece.data.buffer, piece.data.byteOffset, piece.data.byteLength);
  return piece.format === 'text' ? splitLines(data) : splitTuples(data);
}

/** COPY text escapes newlines in values, so every newline ends a row. */
function splitLines(data: Buffer): Buffer[] {
  const rows: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const end = data.indexOf(0x0a, at);
    const next = end === -1 ? data.length : end + 1;
    rows.push(data.subarray(at, next));
    at = next;
  }
  return rows;
}

/** A tuple: its number of fields (int16), then length (int32, -1 for NULL) and bytes of each. */
function splitTuples(data: Buffer): Buffer[] {
  const rows: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const start = at;
    const fields = data.readInt16BE(at);
    at += 2;
    for (let i = 0; i < fields; i++) {
      const length = data.readInt32BE(at);
      at += 4 + Math.max(length, 0);
    }
    rows.push(data.subarray(start, at));
  }
  return rows;
}

/** Each field as a tuple of its own, and its bytes. */
export function splitFields(tuple: Buffer): { readonly tuple: Buffer; readonly bytes: Buffer | null }[] {
  const fields: { tuple: Buffer; bytes: Buffer | null }[] = [];
  for (let at = 2; at < tuple.length; ) {
    const length = tuple.readInt32BE(at);
    const end = at + 4 + Math.max(length, 0);
    const single = Buffer.concat([Buffer.from([0, 1]), tuple.subarray(at, end)]);
    fields.push({ tuple: single, bytes: length < 0 ? null : tuple.subarray(at + 4, end) });
    at = end;
  }
  return fields;
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** The values of a line of COPY text. */
export function readLine(line: Buffer): (string | null)[] {
  const text = line.toString('utf8').replace(/\n$/, '');
  return text
    .split('\t')
    .map((field) =>
      field === '\\N'
        ? null
        : field.replace(/\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|[\s\S])/g, (_, code: string) => unescaped(code)),
    );
}

function unescaped(code: string): string {
  if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
  if (/^x[0-9a-fA-F]/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return ESCAPES[code] ?? code;
}
