/** What all of write-back shares: the source, and its limits. */
import type { OracleSource } from './session.ts';
import type { WriteSessionOptions } from './write-back-session.ts';

export type Target = { readonly source: OracleSource; readonly callTimeoutMs: number };

export function within({ callTimeoutMs }: Target, signal: AbortSignal): WriteSessionOptions {
  return { signal, callTimeoutMs };
}
