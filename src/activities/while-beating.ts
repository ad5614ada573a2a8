/**
 * Heartbeats for work that moves no rows: a table that is altered, an index, a walk over keys. Every session of source
 * and store is watched for silence and ends as a lost connection when its server is gone, so a beat is never owed to
 * a dead peer. Work that moves rows beats by what it moves (keep-alive.ts).
 */
import type { ActivityContext } from './deps.ts';

const BEAT_MS = 2_000;

export async function whileBeating<T>(context: ActivityContext, work: () => Promise<T>): Promise<T> {
  context.heartbeat();
  const beating = setInterval(() => context.heartbeat(), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beating);
  }
}
