/** Values as people read them. */

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 row`, `2,000 rows` */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const UNITS = [
  { seconds: 86_400, name: 'd' },
  { seconds: 3_600, name: 'h' },
  { seconds: 60, name: 'min' },
] as const;

/** `12 s`, `5 min`, `3 h`, `2 d`: the largest unit that there are two of, so nobody reads `1 h` for 119 minutes. */
export function duration(seconds: number): string {
  for (const unit of UNITS) {
    const whole = Math.floor(seconds / unit.seconds);
    if (whole >= 2) return `${count(whole)} ${unit.name}`;
  }
  return `${Math.round(seconds)} s`;
}

/** A UTC instant to the second: `2026-01-31 08:00:00`. Anything else stays as it is. */
export function moment(instant: string): string {
  const parts = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})/.exec(instant);
  return parts === null ? instant : `${parts[1]} ${parts[2]}`;
}

/** One line of at most `length` characters. */
export function shortened(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = [...line];
  return characters.length <= length ? line : `${characters.slice(0, length - 1).join('')}…`;
}

/** Control characters and those that turn the direction of text, all but line feeds. */
const UNSEEN = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Values of rows may hold anything: what would steer the terminal is shown instead of obeyed. */
export function harmless(text: string): string {
  return text.replace(UNSEEN, (character) => (character === '\n' ? character : escaped(character)));
}

export function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
