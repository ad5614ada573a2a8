/**
 * Business workflow ids: `sync/hr/full`. Parts are encoded, so that two lists of parts never give one id (C22). Workflow
 * code calls this too, so it uses no Node built-in.
 */

/** Temporal allows 1,000 bytes; lists, URLs and search attributes stay readable below this. */
const MAX_LENGTH = 200;

/**
 * Letters, digits and `._-` of a part stay as they are; anything else, `/` and `%` too, is percent-encoded. An id over
 * 200 characters keeps its beginning and ends in `~` and a hash of the whole.
 */
export function workflowId(...parts: string[]): string {
  const id = parts.map(encodePart).join('/');
  if (id.length <= MAX_LENGTH) return id;
  const tail = `~${fnv128(id)}`;
  return id.slice(0, MAX_LENGTH - tail.length) + tail;
}

/** encodeURIComponent leaves `!'()*~` alone (`~` marks a shortened id) and throws on lone surrogates. */
function encodePart(part: string): string {
  if (part === '') return '%';
  return part.replace(/[^A-Za-z0-9._-]/gu, (char) => {
    if (/\p{Surrogate}/u.test(char)) return `%u${hex(char.charCodeAt(0))}`;
    const encoded = encodeURIComponent(char);
    return encoded === char ? `%${hex(char.charCodeAt(0))}` : encoded;
  });
}

const hex = (code: number): string => code.toString(16).toUpperCase();

const FNV_OFFSET = 0x6c62272e07bb014262b821756295c58dn;
const FNV_PRIME = 0x0000000001000000000000000000013bn;

/** FNV-1a, 128 bits: names are chosen by the owner of the configuration, so only accidents matter. ASCII only. */
function fnv128(text: string): string {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(128, (hash ^ BigInt(text.charCodeAt(i))) * FNV_PRIME);
  }
  return hash.toString(16).padStart(32, '0');
}
