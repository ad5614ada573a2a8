/** Versions of apps: up to three numbers; what follows them, such as `-beta.1`, does not count. */

/** @param version as the app says it. One that cannot be read is older than any. */
export function isOlderThan(version: string | null, wanted: string): boolean {
  const [is, least] = [numbersOf(version ?? ''), numbersOf(wanted)];
  if (is === null || least === null) return true;
  const differing = is.findIndex((part, i) => part !== least[i]);
  return differing !== -1 && (is[differing] as number) < (least[differing] as number);
}

function numbersOf(version: string): number[] | null {
  const match = /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?![\d])/.exec(version);
  return match === null ? null : [1, 2, 3].map((i) => Number(match[i] ?? 0));
}
