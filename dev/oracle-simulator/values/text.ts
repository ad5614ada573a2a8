/** Characters on the wire: UTF-8 in the database's character set (form 1), UTF-16 in the national one (form 2). */

export const CHARSET_FORM = { none: 0, database: 1, national: 2 } as const;
export type CharsetForm = 0 | 1 | 2;

/** Oracle's numbers of AL32UTF8 and AL16UTF16. */
export const CHARSET_ID = { utf8: 873, utf16: 2000 } as const;

export function encodeText(text: string, form: CharsetForm): Buffer {
  return form === CHARSET_FORM.national ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, 'utf8');
}

export function decodeText(bytes: Buffer, form: CharsetForm): string {
  if (form !== CHARSET_FORM.national) return bytes.toString('utf8');
  // Half a character at the end is no character; swap16 wants pairs, and works in place.
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}

export function charsetId(form: CharsetForm): number {
  if (form === CHARSET_FORM.none) return 0;
  return form === CHARSET_FORM.national ? CHARSET_ID.utf16 : CHARSET_ID.utf8;
}
