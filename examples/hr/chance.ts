/** What stands in for chance, and what is made of it. */

export const DAY_S = 86_400;

/** 0 … 2³¹−1, the same for the same arguments. */
export function chance(n: number, salt: number): number {
  let bits = Math.imul(n ^ (salt * 0x9e3779b1), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  bits = Math.imul(bits ^ (bits >>> 16) ^ salt, 0x27d4eb2f);
  return (bits ^ (bits >>> 15)) & 0x7fffffff;
}

/** One of the words, the same for the same `n` and `salt`. */
export function pick(words: readonly string[], n: number, salt: number): string {
  return words[chance(n, salt) % words.length] as string;
}

/** Letters and digits that a mail address may have. */
export function ascii(name: string): string {
  return name
    .normalize('NFD')
    .replace(/ł/gi, 'l')
    .replace(/[^a-z]/gi, '')
    .toLowerCase();
}

/** `YYYY-MM-DD`, so many days after `from`. */
export function day(from: string, days: number): string {
  return new Date(Date.parse(`${from}T00:00:00Z`) + days * DAY_S * 1_000).toISOString().slice(0, 10);
}

/** `YYYY-MM-DD HH:MM:SS`, so many seconds after `from`. */
export function moment(from: string, seconds: number): string {
  const at = Date.parse(`${from.replace(' ', 'T')}Z`) + seconds * 1_000;
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}
