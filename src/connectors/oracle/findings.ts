/** What the source lets our login do, asked once and remembered for a while: a grant may come later. */
import type { OracleSource } from './session.ts';

const REMEMBERED_MS = 10 * 60_000;

export async function remember<T>(source: OracleSource, name: string, find: () => Promise<T>): Promise<T> {
  const before = known(source, name);
  if (before !== undefined) return before as T;
  const value = await find();
  note(source, name, value);
  return value;
}

/** undefined: not found out, or too long ago. */
export function known({ findings }: OracleSource, name: string): unknown {
  const found = findings.get(name);
  return found !== undefined && found.until > performance.now() ? found.value : undefined;
}

export function note({ findings }: OracleSource, name: string, value: unknown): void {
  findings.set(name, { value, until: performance.now() + REMEMBERED_MS });
}
